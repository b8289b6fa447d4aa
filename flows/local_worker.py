"""The Prefect worker of one demo: started for it, and ended after it with every process that it started.

A worker runs a flow in a process that leads a session of its own, so that ending the worker's group leaves
the flow running; and a worker asked to end waits for its flow. Both are therefore known by number and start,
also on disk: a demo that was killed leaves a record, and the next one ends what is left and tells Prefect,
which would else believe for minutes that the run goes on, and hold its deployment's only slot for it.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from flows.local_server import PrefectFault
from flows.processes import Process, last_words, launch, write_record

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

RECORD = "demo.json"


class LocalWorker:
    """A worker of type process; a context manager that ends it."""

    def __init__(self, folder: Path, pool: str, env: Mapping[str, str], project: Path) -> None:
        self.log = folder / "worker.log"
        self._record = folder / RECORD
        self._run: UUID | None = None
        self._flow: Process | None = None
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"]
        # Looking every two seconds instead of ten starts the run sooner.
        self._started = launch(command, self.log, {**env, "PREFECT_WORKER_QUERY_SECONDS": "2"}, project)
        self.process = Process.find(self._started.pid)
        self._write()

    @property
    def pid(self) -> int:
        """Of the worker."""
        return self._started.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker and its flow."""
        _end(self._flow, self.process)
        self._started.wait(timeout=30)
        self._record.unlink(missing_ok=True)

    def watch(self, run: "FlowRun") -> None:
        """Notes which process runs the flow.

        Raises:
          PrefectFault: when the worker has ended.
        """
        if self._run != run.id:
            self._run = run.id
            self._write()
        if self._flow is None and (run.infrastructure_pid or "").isdigit():
            flow = Process.find(int(run.infrastructure_pid or 0))
            # The number may be of a process on another machine, if another worker took the run.
            if flow is not None and self.process is not None and flow.is_child_of(self.process):
                self._flow = flow
                self._write()
        if (code := self._started.poll()) is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"failed ({last_words(self.log)})"
            raise PrefectFault(f"the worker {how} before the run ended (log: {self.log}); try again to go on.")

    def _write(self) -> None:
        record = {"demo": Process.find(os.getpid()), "worker": self.process, "flow": self._flow}
        values = {name: process and process._asdict() for name, process in record.items()}
        write_record(self._record, {**values, "run": self._run and str(self._run)})


def end_leftovers(folder: Path, client: "SyncPrefectClient") -> bool:
    """Ends what a killed demo left running, tells Prefect that its run is over; says whether there was one.

    Raises:
      PrefectFault: when that demo still runs.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    demo, worker, flow = (_process(record.get(name)) for name in ("demo", "worker", "flow"))
    if demo is not None and demo.alive:
        raise PrefectFault(f"another demo runs here (pid {demo.pid}); wait for its end, or stop it.")
    _end(flow, worker, patience=0.0)
    if record.get("run"):
        declare_over(client, UUID(record["run"]), "The demo that started this run was killed.")
    (folder / RECORD).unlink(missing_ok=True)
    return True


def declare_over(client: "SyncPrefectClient", run_id: UUID, why: str) -> None:
    """Declares a run crashed, which frees its deployment's slot; its processes must be gone."""
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Crashed

    try:
        run = client.read_flow_run(run_id)
    except ObjectNotFound:
        return
    if run.state is None or not run.state.is_final():
        client.set_flow_run_state(run_id, Crashed(message=why), force=True)


def _end(flow: Process | None, worker: Process | None, patience: float = 5.0) -> None:
    """Ends both; the flow gets some seconds, since it sends its last lines after its last state."""
    if flow is not None and not flow.ends_within(patience):
        flow.end_group()
    if worker is not None:
        worker.end_group()


def _process(values: dict[str, Any] | None) -> Process | None:
    return Process(**values) if values else None
