import concurrent.futures
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contract import places
from model.contract.errors import InputError, OutputError
from model.contract.glob_pattern import matches
from model.contract.places import FileFact
from tests.child_process import run_python
from tests.conftest import Gcs
from tests.emulators.http_relay import Answer, QuietServer, RelayHandler

PARTS = ["a", "ab", ".a", "b.txt", "가"]
PATTERNS = ["*", "**", "a*", "?", ".*", "[ab]*", "*.txt", "a", "[!a]*"]


@given(
    files=st.sets(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map(tuple), max_size=8),
    pattern=st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3),
)
def test_patterns_match_on_gs_what_they_match_on_disk(files: set[tuple[str, ...]], pattern: list[str]):
    leaves = [f for f in files if not any(other[: len(f)] == f and other != f for other in files)]
    with tempfile.TemporaryDirectory() as root:
        for parts in leaves:
            path = Path(root, *parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

        on_disk = places.glob(places.join(root, *pattern))

        assert on_disk == sorted(places.join(root, *f) for f in leaves if matches(f, pattern))


@pytest.mark.gcs
def test_a_kill_in_the_middle_of_an_upload_leaves_what_was_there(gs_folder: str, gcs: Gcs):
    places.replace_bytes(places.join(gs_folder, "old"), b"old")

    ended = run_python(
        "import http.client, os; from model.contract import places; send = http.client.HTTPConnection.send\n"
        "def cut(self, data):\n"
        "    send(self, data[:50_000] if isinstance(data, bytes) else data)\n"
        "    if isinstance(data, bytes) and len(data) > 50_000: os.kill(os.getpid(), 9)\n"
        "http.client.HTTPConnection.send = cut\n"
        f"places.replace_bytes({places.join(gs_folder, 'old')!r}, b'x' * 500_000)",
        gcs.environment,
    )

    assert ended.returncode == -9
    assert places.list_files(gs_folder) == [FileFact(places.join(gs_folder, "old"), 3)]
    assert places.read_bytes(places.join(gs_folder, "old")) == b"old"


READERS: list[Callable[[str], object]] = [
    places.exists, places.size, places.read_bytes, places.checksum, places.list_files, places.find,
]  # fmt: skip
WRITERS: list[Callable[[str], object]] = [
    lambda path: places.replace_bytes(path, b""),
    lambda path: places.create_bytes(path, b""),
    lambda path: places.copy_in(__file__, path),
    places.remove_tree,
]


@pytest.mark.gcs
@pytest.mark.timeout(20)
def test_a_missing_bucket_is_named_in_one_sentence(gcs: Gcs):
    for function, kind in [(f, InputError) for f in READERS] + [(f, OutputError) for f in WRITERS]:
        with pytest.raises(kind, match=r"^gs://no-such-bucket does not exist; create the bucket or correct .*\.$"):
            function("gs://no-such-bucket/run/a")


@pytest.mark.timeout(60)
def test_missing_credentials_are_named_in_one_sentence(tmp_path: Path):
    nobody = {"HOME": str(tmp_path), "NO_GCE_CHECK": "true", "PATH": os.environ["PATH"]}

    ended = run_python(
        "from model.contract import places\n"
        "from model.contract.errors import OutputError\n"
        "try: places.replace_bytes('gs://lab/a', b'')\n"
        "except OutputError as error: print(error)",
        nobody,
        bare=True,
    )

    assert ended.stdout.startswith("gs://lab/a needs Google credentials and none were found; run `gcloud auth")
    assert ended.stdout.count("\n") == 1


@pytest.mark.gcs
def test_a_forked_process_makes_connections_of_its_own(gs_folder: str):
    path = places.join(gs_folder, "a")
    places.replace_bytes(path, b"before the fork")

    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        read = list(pool.map(places.read_bytes, [path] * 20))

    assert read == [b"before the fork"] * 20


class LosesAnswers(RelayHandler):
    """Passes requests on, but answers the first of each kind with a passing failure."""

    seen: set[str]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = self.forward(method, path, headers, body)
        if method in self.seen:
            return answer
        self.seen.add(method)
        return Answer({"GET": 429, "POST": 503, "DELETE": 500}[method], [], b"")


@pytest.fixture
def losing_host(gcs: Gcs) -> Iterator[str]:
    relay = QuietServer(type("Losing", (LosesAnswers,), {"seen": set(), "upstream_port": int(gcs.host.split(":")[-1])}))
    threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{relay.port}"
    relay.shutdown()
    relay.server_close()


@pytest.mark.gcs
def test_after_a_lost_answer_the_retry_knows_its_own_file(gs_folder: str, losing_host: str):
    path = places.join(gs_folder, "manifest.json")

    ended = run_python(
        "from model.contract import places\n"
        f"path = {path!r}\n"
        "print(places.create_bytes(path, b'first'), places.create_bytes(path, b'second'))\n"
        "print(places.read_bytes(path))\n"
        "places.remove(path); print(places.exists(path))",
        {"STORAGE_EMULATOR_HOST": losing_host},
    )

    assert ended.stdout.splitlines() == ["True False", "b'first'", "False"], ended.stderr
