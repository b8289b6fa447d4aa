"""How every stage runs: skip what is done, keep others out while it works, commit the manifest last."""

import contextlib
import dataclasses
import datetime
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from model.contract import places
from model.contract.errors import OutputError
from model.contract.fingerprint import fingerprint, source_hash
from model.contract.manifest import (
    OutputFile,
    StageManifest,
    StageOutput,
    check_outputs,
    commit_manifest,
    git_version,
    package_version,
    read_manifest,
)

Log = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Made:
    """What a stage's work hands back for its manifest."""

    outputs: Sequence[OutputFile]
    counters: Mapping[str, int] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stage's identity and address: `{root}/{name}/{fingerprint}`, or a folder of the caller's choice.

    `settings` holds only what can change the output; `modules` are those of ours that the work starts in.
    """

    name: str
    root: str
    settings: Mapping[str, JsonValue]
    modules: tuple[str, ...]
    inputs: Mapping[str, str]
    folder: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """See `model.contract.fingerprint`."""
        return fingerprint(self.name, self.settings, source_hash(*self.modules), self.inputs)

    @property
    def directory(self) -> str:
        """Where the stage's files go."""
        return self.folder or places.join(self.root, self.name, self.fingerprint)

    def run(self, work: Callable[[str], Made], runner: str = "python", log: Log = logging.info) -> StageOutput:
        """Does the work unless it is done already.

        Args:
          work: writes the stage's files into the directory that it is given, and describes them.
          runner: what did the work, for the manifest.
          log: takes one line when the stage is skipped, starts and ends.

        Raises:
          OutputError: when the stage is done but its files are not as its manifest says.
        """
        if (done := self._finished(log)) is not None:
            return done
        with _sole_maker(self.directory, log):
            if (done := self._finished(log)) is not None:
                return done
            log(f"{self.name}: started, into {self.directory}")
            began, started = time.monotonic(), _now()
            made = work(self.directory)
            manifest = commit_manifest(self.directory, self._manifest(made, runner, started))
            log(f"{self.name}: done in {time.monotonic() - began:.1f} s, {len(made.outputs)} files")
            return StageOutput(directory=self.directory, manifest=manifest)

    def _finished(self, log: Log) -> StageOutput | None:
        manifest = read_manifest(self.directory)
        if manifest is None:
            return None
        output = StageOutput(directory=self.directory, manifest=manifest)
        check_outputs(output, contents=False)
        log(f"{self.name}: skipped, already done in {self.directory}")
        return output

    def _manifest(self, made: Made, runner: str, started: str) -> StageManifest:
        return StageManifest(
            stage=self.name,
            fingerprint=self.fingerprint,
            settings=dict(self.settings),
            inputs=dict(self.inputs),
            sources=source_hash(*self.modules),
            outputs=tuple(sorted(made.outputs, key=lambda file: file.name)),
            counters=dict(made.counters),
            facts=to_jsonable_python(dict(made.facts)),
            package_version=package_version(),
            git_version=git_version(),
            runner=runner,
            started=started,
            finished=_now(),
        )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextlib.contextmanager
def _sole_maker(directory: str, log: Log) -> Iterator[None]:
    """Keeps a second run on this machine from making the same stage; it waits and then finds it done.

    The system gives the lock up when its holder dies, however it dies. On Cloud Storage nothing is locked: shards are
    the same bytes whoever writes them, and two trainings of one fingerprint are kept apart by the deployment's
    concurrency limit.
    """
    if places.is_gs(directory):
        yield
        return
    import fcntl

    beside = Path(directory)  # not inside: a stage that starts over empties its directory
    places.make_directory(str(beside.parent))
    with _opened(beside.parent / f".{beside.name}.lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log(f"another run is at work in {directory}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w")
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); choose a folder beside which you may write."
        ) from None
