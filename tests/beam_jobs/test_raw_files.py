from pathlib import Path

import pytest

from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.raw_files import RawFile, identity, open_raw, read_range
from model.contract import places
from model.contract.errors import KnownError
from tests.emulators.range_server import RangeServer

DATA = b"0123456789" * 100


@pytest.fixture(params=["disk", "https", pytest.param("gs", marks=pytest.mark.gcs)])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place of each kind that holds a file called data, and none called missing."""
    if request.param == "https":
        server: RangeServer = request.getfixturevalue("server")
        server.files["/data"] = DATA
        return server.address
    place = str(tmp_path) if request.param == "disk" else request.getfixturevalue("gs_folder")
    places.replace_bytes(places.join(place, "data"), DATA)
    return place


def test_a_file_is_read_from_any_byte_on_wherever_it_lies(folder: str):
    with open_raw(places.join(folder, "data")) as file:
        file.seek(995)
        assert file.read(2) == b"56"
        file.seek(-3, 2)
        assert file.read() == b"789"
        file.seek(0)
        assert file.read() == DATA


def test_a_range_is_read_wherever_the_file_lies(folder: str):
    assert read_range(places.join(folder, "data"), 11, 14) == b"123"
    assert read_range(places.join(folder, "data"), 998, 1_004) == b"89"
    assert read_range(places.join(folder, "data"), 1_000, 1_004) == b""


def test_a_missing_file_is_told_from_other_failures_wherever_it_would_lie(folder: str):
    with pytest.raises(MissingFile, match="missing"):
        open_raw(places.join(folder, "missing")).read()
    with pytest.raises(MissingFile, match="missing"):
        read_range(places.join(folder, "missing"), 0, 1)


def test_a_path_of_an_unknown_kind_is_refused():
    with pytest.raises(KnownError, match="neither a local path nor on Cloud Storage"):
        open_raw("ftp://a/b")


def test_the_identity_of_a_file_on_disk_is_its_content(tmp_path: Path):
    for name, data in [("a", b"one"), ("b", b"one"), ("c", b"two")]:
        (tmp_path / name).write_bytes(data)

    first, second, third = (identity(RawFile(str(tmp_path / name), name, 3)) for name in "abc")

    assert first == second != third
