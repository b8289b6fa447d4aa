import concurrent.futures
import io
import multiprocessing
import os
import random
import tempfile
import time
import zipfile
from email.utils import formatdate

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.config import FetchConfig
from beam_jobs.files import fetching
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.raw_files import open_raw, read_range
from model.contract.errors import InputError
from tests.emulators.range_server import RangeServer, running_range_server

DATA = random.Random(0).randbytes(3_000_000)
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def served(server: RangeServer) -> None:
    server.files["/data"] = DATA


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries, without waiting."""
    asked: list[float] = []
    monkeypatch.setattr(fetching, "_FIRST_WAIT", 1.0)
    monkeypatch.setattr(fetching, "sleep", asked.append)
    return asked


def ranges(server: RangeServer) -> list[tuple[int | None, int | None]]:
    return [(asked.first, asked.last) for asked in server.asked]


def test_reading_in_order_takes_few_requests_each_larger_than_the_one_before(server: RangeServer):
    with open_raw(f"{server.address}/data") as file:
        read = b"".join(iter(lambda: file.read(1 << 16), b""))

    assert read == DATA
    assert ranges(server) == [(0, MEBIBYTE - 1), (MEBIBYTE, len(DATA) - 1)]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["start", "here", "end"]), st.integers(-3_000, 3_000), st.integers(0, 2_000)),
        max_size=12,
    ),
    faults=st.lists(st.sampled_from(["busy", "dropped", "short", "hung_up", "other_part"]), max_size=5),
)
def test_any_walk_through_a_remote_file_reads_what_it_reads_in_memory_whatever_fails(steps, faults):
    data = DATA[:2_500]
    with running_range_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "_FIRST_WAIT", 0.0)
        patch.setenv("no_proxy", "127.0.0.1")
        server.files["/data"], server.faults = data, type(server.faults)(faults)
        here, there = io.BytesIO(data), open_raw(f"{server.address}/data")
        for whence, offset, size in steps:
            base = {"start": 0, "here": here.tell(), "end": len(data)}[whence]
            here.seek(max(0, base + offset))
            there.seek(max(0, base + offset) if whence != "end" else max(-len(data), offset), 2 * (whence == "end"))

            assert there.tell() == here.tell()
            assert there.read(size) == here.read(size)
        there.close()


@pytest.mark.parametrize("fault", ["dropped", "short"])
def test_a_lost_connection_is_taken_up_again_at_the_byte_that_was_reached(server: RangeServer, fault):
    server.faults.extend([fault, fault])

    with open_raw(f"{server.address}/data") as file:
        assert file.read() == DATA

    starts = [first for first, _ in ranges(server)]
    assert starts == sorted(set(starts))
    assert starts[1] == MEBIBYTE // 2
    assert server.bytes_sent == len(DATA)


def test_an_exact_range_is_fetched_and_not_a_byte_more(server: RangeServer):
    assert read_range(f"{server.address}/data", 1_000, 4_000) == DATA[1_000:4_000]

    assert ranges(server) == [(1_000, 3_999)]
    assert server.bytes_sent == 3_000


@pytest.mark.parametrize(("start", "end"), [(len(DATA) - 5, len(DATA) + 5), (len(DATA), len(DATA) + 1)])
def test_a_range_beyond_the_end_gives_what_there_is(server: RangeServer, start, end):
    assert read_range(f"{server.address}/data", start, end) == DATA[start:end]


def test_a_server_that_stays_busy_is_given_up_after_the_retries_each_after_about_twice_the_wait(server, waits):
    server.faults.extend(["busy"] * 10)

    with pytest.raises(InputError, match=r"/data could not be read, tried 5 times \(HTTP 503\); check that"):
        read_range(f"{server.address}/data", 0, 1, FetchConfig(retries=4))

    assert len(server.asked) == 5
    for wait, longest in zip(waits, [1, 2, 4, 8], strict=True):
        assert longest / 2 <= wait <= longest


def test_progress_makes_the_count_of_failures_begin_anew(server: RangeServer):
    server.faults.extend(["dropped"] * 9)

    assert read_range(f"{server.address}/data", 0, len(DATA), FetchConfig(retries=1)) == DATA


def test_a_server_that_names_a_time_to_wait_is_given_it(server: RangeServer, waits: list[float]):
    server.faults.extend(["busy", "busy"])
    server.retry_after = "50"
    read_range(f"{server.address}/data", 0, 1)
    server.faults.append("busy")
    server.retry_after = formatdate(time.time() + 90, usegmt=True)
    read_range(f"{server.address}/data", 0, 1)

    assert waits[:2] == [50, 50]
    assert 80 < waits[2] <= 90


def test_a_wait_of_a_day_is_cut_short(server: RangeServer, waits: list[float]):
    server.faults.append("busy")
    server.retry_after = "86400"

    read_range(f"{server.address}/data", 0, 1)

    assert waits == [120]


def test_a_file_that_changes_while_it_is_read_is_noticed(server: RangeServer):
    with open_raw(f"{server.address}/data") as file:
        file.read(10)
        server.files["/data"] = DATA[::-1]

        with pytest.raises(InputError, match="was changed while it was read"):
            file.read()


def test_a_file_that_grows_is_noticed_without_an_etag(server: RangeServer):
    server.tells_version = False
    with open_raw(f"{server.address}/data") as file:
        file.read(10)
        server.files["/data"] = DATA + b"more"

        with pytest.raises(InputError, match="was changed while it was read"):
            file.read()


def test_a_server_that_ignores_ranges_serves_reading_from_the_beginning_and_nothing_else(server: RangeServer):
    server.whole_only = True

    with open_raw(f"{server.address}/data") as file:
        assert file.read() == DATA
    with pytest.raises(InputError, match="its server sends whole files only, no parts of them; download it"):
        read_range(f"{server.address}/data", 5, 9)


def test_what_is_missing_or_closed_is_said_at_once(server: RangeServer):
    server.closed.add("/data")

    with pytest.raises(MissingFile, match=r"/nothing does not exist \(HTTP 404\)"):
        read_range(f"{server.address}/nothing", 0, 1)
    with pytest.raises(MissingFile, match=r"/data is closed to this machine \(HTTP 403\)"):
        open_raw(f"{server.address}/data").read()
    assert len(server.asked) == 2


def test_a_machine_that_does_not_answer_is_named_in_one_sentence(server: RangeServer):
    with pytest.raises(
        InputError, match=r"^http://127.0.0.1:1/data could not be read, tried 2 times \(.* Connection refused\)"
    ):
        read_range("http://127.0.0.1:1/data", 0, 1, FetchConfig(retries=1))


def test_a_zip_s_directory_and_a_member_take_few_requests(server: RangeServer):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(300):
            archive.writestr(f"{number}.bin", DATA[number * 9_000 : number * 9_000 + 9_000])
    server.files["/data.zip"] = packed.getvalue()

    with zipfile.ZipFile(open_raw(f"{server.address}/data.zip")) as archive:
        assert archive.read("7.bin") == DATA[63_000:72_000]

    assert len(server.asked) <= 5
    assert server.bytes_sent < len(packed.getvalue()) / 2


def test_one_column_of_a_parquet_file_is_read_without_the_others(server: RangeServer):
    table = pa.table({"wide": [DATA[n * 1_000 : n * 1_000 + 1_000] for n in range(3_000)], "narrow": range(3_000)})
    with tempfile.TemporaryFile() as file:
        pq.write_table(table, file, row_group_size=1_000, use_dictionary=False)
        file.seek(0)
        server.files["/data.parquet"] = file.read()

    with open_raw(f"{server.address}/data.parquet") as remote:
        read = pq.ParquetFile(remote).read_row_group(1, columns=["narrow"])

    assert read.column("narrow").to_pylist() == list(range(1_000, 2_000))
    assert server.bytes_sent < 1.2 * MEBIBYTE


def test_a_forked_process_makes_connections_of_its_own(server: RangeServer):
    address = f"{server.address}/data"
    read_range(address, 0, 9)

    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        read = list(pool.map(_first_bytes, [address] * 20))

    assert {data for data, _ in read} == {DATA[:9]}
    assert os.getpid() not in {process for _, process in read}


def _first_bytes(address: str) -> tuple[bytes, int]:
    return read_range(address, 0, 9), os.getpid()
