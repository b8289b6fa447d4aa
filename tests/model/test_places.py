import concurrent.futures
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from model.contract import places
from model.contract.errors import InputError, OutputError, SettingError
from model.contract.places import FileFact
from tests.child_process import run_python

REPOSITORY = Path(__file__).parents[2]
ON_GS = pytest.param("gs", marks=pytest.mark.gcs)


@pytest.fixture(params=["disk", ON_GS])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder of the test's own, on local disk and on Cloud Storage."""
    if request.param == "disk":
        return str(tmp_path / "folder")
    return places.join(request.getfixturevalue("gcs").root, tmp_path.name)


def test_a_joined_path_has_one_slash_between_its_names():
    assert places.join("gs://lab/run/", "clean", "a.parquet") == "gs://lab/run/clean/a.parquet"
    assert places.join("gs://lab", "run") == "gs://lab/run"
    assert places.join("/data", "run") == "/data/run"
    assert places.join("/", "run") == "/run"
    assert places.join("", "run", "clean") == "run/clean"


@pytest.mark.parametrize("place", ["s3://lab/run", "gs:/lab/run", "file:///run", "GS://lab", "gs://", "gs:///run"])
def test_a_place_that_is_neither_disk_nor_bucket_is_refused(place: str):
    with pytest.raises(SettingError, match="gs://BUCKET"):
        places.exists(place)


def test_what_is_written_is_read_back(folder: str):
    path = places.join(folder, "below", "a.bin")

    places.replace_bytes(path, b"old")
    places.replace_bytes(path, b"new\x00\xff")

    assert places.read_bytes(path) == b"new\x00\xff"
    assert places.size(path) == 5
    assert places.exists(path)
    assert places.exists(places.join(folder, "below"))


def test_what_is_not_there_has_no_size_and_no_bytes(folder: str):
    path = places.join(folder, "missing")

    assert not places.exists(path)
    assert not places.exists(folder)
    assert places.size(path) is None
    assert places.list_files(folder) == []
    with pytest.raises(InputError, match="missing"):
        places.read_bytes(path)
    with pytest.raises(InputError, match="missing"):
        places.checksum(path)


def test_a_file_is_created_only_once(folder: str):
    path = places.join(folder, "manifest.json")

    first, second = places.create_bytes(path, b"first"), places.create_bytes(path, b"second")

    assert (first, second) == (True, False)
    assert places.read_bytes(path) == b"first"
    assert [fact.path for fact in places.list_files(folder)] == [path]


def test_racing_threads_have_one_winner_whose_bytes_stand(folder: str):
    for round_ in range(5):
        path = places.join(folder, f"race-{round_}")

        won = race(path, 16)

        assert won.count(True) == 1
        assert places.read_bytes(path) == f"writer {won.index(True)}".encode()


def test_racing_processes_have_one_winner_a_file(folder: str):
    paths = [places.join(folder, f"race-{index:02d}") for index in range(25) for _ in range(4)]
    data = [f"writer {index}".encode() for index in range(len(paths))]

    with concurrent.futures.ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        won = list(pool.map(places.create_bytes, paths, data))

    winners = {path: text for path, text, winner in zip(paths, data, won, strict=True) if winner}
    assert sum(won) == 25
    assert {path: places.read_bytes(path) for path in winners} == winners


def test_without_hard_links_racing_threads_still_have_one_winner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    won = [race(str(tmp_path / f"race-{round_}"), 16) for round_ in range(5)]

    assert [results.count(True) for results in won] == [1] * 5
    assert sorted(os.listdir(tmp_path)) == [f"race-{round_}" for round_ in range(5)]


@pytest.mark.parametrize("step", ["replace", "link"])
def test_a_kill_before_the_file_gets_its_name_leaves_what_was_there(step: str, tmp_path: Path):
    (tmp_path / "old").write_bytes(b"old")
    write = {"replace": "replace_bytes", "link": "create_bytes"}[step]
    path = tmp_path / {"replace": "old", "link": "fresh"}[step]

    ended = run_python(
        f"import os; from model.contract import places; os.{step} = lambda *_: os.kill(os.getpid(), 9)\n"
        f"places.{write}({str(path)!r}, b'half')"
    )

    assert ended.returncode == -9
    assert [fact.path for fact in places.list_files(str(tmp_path))] == [str(tmp_path / "old")]
    assert places.glob(str(tmp_path / "*")) == [str(tmp_path / "old")]
    assert places.read_bytes(str(tmp_path / "old")) == b"old"


def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OutputError, match=r"a\.bin: no space left on device"):
        places.replace_bytes(str(tmp_path / "a.bin"), b"data")

    assert os.listdir(tmp_path) == []


def test_a_copy_equals_its_source(folder: str, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(9 << 20))  # over 8 MiB an upload is resumable

    places.copy_in(str(source), places.join(folder, "copy"))

    assert places.read_bytes(places.join(folder, "copy")) == source.read_bytes()
    with pytest.raises(InputError, match="nowhere"):
        places.copy_in(str(tmp_path / "nowhere"), places.join(folder, "copy"))


def test_checksums_are_those_of_the_standard_on_disk_and_on_gs(folder: str):
    path = places.join(folder, "digits")
    places.replace_bytes(path, b"123456789")

    fact = places.checksum(path)

    assert fact == FileFact(path, 9, "e3069283")  # the check value of CRC-32C (RFC 3720)


@pytest.mark.gcs
def test_disk_and_gs_agree_on_a_checksum(gs_folder: str, tmp_path: Path):
    local = tmp_path / "data"
    local.write_bytes(os.urandom(3_000_001))
    places.copy_in(str(local), places.join(gs_folder, "data"))

    here, there = places.checksum(str(local)), places.checksum(places.join(gs_folder, "data"))

    assert (here.bytes, here.crc32c) == (there.bytes, there.crc32c)


def test_lists_hold_files_of_every_depth_in_order_and_nothing_private(folder: str):
    for name in ["b", "a/c", "a/b/d", "a-1", ".lock", "a/.tmp", ".hidden/e"]:
        places.replace_bytes(places.join(folder, *name.split("/")), name.encode())

    listed = places.list_files(folder)

    wanted = [FileFact(places.join(folder, name), len(name)) for name in ["a-1", "a/b/d", "a/c", "b"]]
    assert listed == wanted
    assert places.list_files(folder + "/") == wanted


@pytest.mark.parametrize("name", ["위키백과 문서.jsonl", "가" * 60, "a #?%[1]*&+=.txt", "e\u0301"])
def test_any_name_is_written_listed_and_read(folder: str, name: str):
    path = places.join(folder, "한국어", name)

    created = places.create_bytes(path, name.encode())

    assert created
    assert [fact.path for fact in places.list_files(folder)] == [path]
    assert places.read_bytes(path).decode() == name
    places.remove(path)
    assert not places.exists(path)


def test_patterns_match_names_within_folders(folder: str):
    names = [
        "train-0.tfrecord",
        "train-1.tfrecord",
        "train-1.json",
        "deep/train-2.tfrecord",
        "deep/er/가.tfrecord",
    ]
    for name in [*names, ".train-3.tfrecord"]:
        places.replace_bytes(places.join(folder, *name.split("/")), b"")

    def matched(pattern: str) -> list[str]:
        return [path[len(folder) + 1 :] for path in places.glob(places.join(folder, pattern))]

    assert matched("train-*.tfrecord") == ["train-0.tfrecord", "train-1.tfrecord"]
    assert matched("*.tfrecord") == ["train-0.tfrecord", "train-1.tfrecord"]
    assert matched("train-[!0].*") == ["train-1.json", "train-1.tfrecord"]
    assert matched("*/*.tfrecord") == ["deep/train-2.tfrecord"]
    assert matched("**/*.tfrecord") == sorted(set(names) - {"train-1.json"})
    assert matched("deep/**") == ["deep/er/가.tfrecord", "deep/train-2.tfrecord"]
    assert matched("train-1.json") == ["train-1.json"]
    assert matched("deep") == []


def test_files_are_found_with_their_sizes_and_on_the_cloud_with_the_checksums_that_reading_them_gives(folder: str):
    for name, data in [("a.txt", b"four"), ("b.txt", b"")]:
        places.replace_bytes(places.join(folder, name), data)

    found = places.find(places.join(folder, "*.txt"))

    assert [(fact.path[len(folder) + 1 :], fact.bytes) for fact in found] == [("a.txt", 4), ("b.txt", 0)]
    expected = [places.checksum(fact.path).crc32c if places.is_gs(folder) else None for fact in found]
    assert [fact.crc32c for fact in found] == expected


def test_a_range_of_a_file_is_read_up_to_its_end(folder: str):
    path = places.join(folder, "a.bin")
    places.replace_bytes(path, b"0123456789")

    assert places.read_range(path, 3, 6) == b"345"
    assert places.read_range(path, 8, 12) == b"89"
    assert places.read_range(path, 10, 12) == b""
    with pytest.raises(InputError, match="missing"):
        places.read_range(places.join(folder, "missing"), 0, 1)


def test_removing_takes_what_is_there_and_bears_what_is_not(folder: str):
    for name in ["run/a", "run/.lock", "run/deep/b", "run-2/a"]:
        places.replace_bytes(places.join(folder, *name.split("/")), b"")

    places.remove_tree(places.join(folder, "run"))
    places.remove_tree(places.join(folder, "run"))
    places.remove(places.join(folder, "run", "a"))

    assert [fact.path for fact in places.list_files(folder)] == [places.join(folder, "run-2", "a")]
    assert not places.exists(places.join(folder, "run"))


@pytest.mark.parametrize("place", ["/", "gs://lab", "gs://lab/"])
def test_a_whole_bucket_or_disk_is_never_removed(place: str):
    with pytest.raises(OutputError, match="never removed"):
        places.remove_tree(place)


def test_a_made_directory_takes_files(folder: str):
    places.make_directory(places.join(folder, "made", "deep"))
    places.make_directory(places.join(folder, "made", "deep"))

    assert places.list_files(folder) == []
    places.replace_bytes(places.join(folder, "made", "deep", "a"), b"1")
    assert places.size(places.join(folder, "made", "deep", "a")) == 1


def test_a_file_in_a_folders_place_is_an_output_error(tmp_path: Path):
    (tmp_path / "run").write_bytes(b"")

    with pytest.raises(OutputError, match="run/a"):
        places.replace_bytes(str(tmp_path / "run" / "a"), b"")


def race(path: str, writers: int) -> list[bool]:
    """Starts writers of one path at the same moment; says which of them won."""
    start = threading.Barrier(writers)

    def write(index: int) -> bool:
        start.wait()
        return places.create_bytes(path, f"writer {index}".encode())

    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        return list(pool.map(write, range(writers)))
