import gzip
from pathlib import Path

import pytest

from beam_jobs.config import SourceConfig
from beam_jobs.files.find_files import find_files
from beam_jobs.files.raw_files import RawFile, identity
from model.contract import places
from model.contract.errors import InputError
from tests.emulators.range_server import RangeServer

LISTED = ["crawl/a.wet.gz", "crawl/b.wet.gz", "crawl/c.wet.gz"]


def find(*paths: object, **settings) -> list[RawFile]:
    return find_files(SourceConfig(kind="common_crawl", name="crawl", paths=tuple(map(str, paths)), **settings))


def names(files: list[RawFile]) -> list[str]:
    return [file.name for file in files]


def write(folder: Path, *file_names: str) -> None:
    for name in file_names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """A folder with the files that a list beside it names."""
    write(tmp_path, *LISTED)
    (tmp_path / "wet.paths.gz").write_bytes(gzip.compress(("\n".join(LISTED) + "\n").encode()))
    return tmp_path


def test_files_come_in_the_patterns_order_and_sorted_within_each_and_each_once(tmp_path: Path):
    write(tmp_path, "b/2.warc", "b/1.warc", "a/3.warc")

    found = find(tmp_path / "b" / "*", tmp_path / "a" / "3.warc", tmp_path / "b" / "2.warc")

    assert names(found) == ["1.warc", "2.warc", "3.warc"]
    assert [file.bytes for file in found] == [8, 8, 8]


def test_a_name_is_the_path_below_the_pattern_s_fixed_part_wherever_that_lies(tmp_path: Path, monkeypatch):
    write(tmp_path, "raw/2024/a.warc", "raw/2025/a.warc")
    monkeypatch.chdir(tmp_path)

    assert names(find(tmp_path / "raw" / "20*" / "*.warc")) == ["2024/a.warc", "2025/a.warc"]
    assert names(find("raw/20*/*.warc")) == names(find("./raw/20*/*.warc")) == ["2024/a.warc", "2025/a.warc"]
    assert names(find("raw/2024/a.warc")) == ["a.warc"]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("none-*", r"^Source crawl: no file matches .*none-\*; name a file or glob that exists, on disk, gs://"),
        ("folder", r"^Source crawl: .*folder is a folder; name its files, as in .*folder/\*\.$"),
        ("folder/empty", r"^Source crawl: .*empty is an empty source \(0 bytes\); remove it or name"),
        (
            "ftp://a/b",
            r"^Source crawl: ftp://a/b cannot be read; name files on disk, gs://, s3://, https:// or http://\.$",
        ),
        ("nothing.paths", r"^Source crawl: .*nothing.paths is a path list that names no file; remove it"),
        ("cut.paths.gz", r"^Source crawl: .*cut.paths.gz is a damaged path list \(.*\); fetch it again"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, pattern: str, sentence: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "empty").touch()
    (tmp_path / "nothing.paths").write_text("\n \n")
    (tmp_path / "cut.paths.gz").write_bytes(gzip.compress(b"a\nb\n")[:-9])

    with pytest.raises(InputError, match=sentence):
        find(pattern if "://" in pattern else tmp_path / pattern)


def test_two_files_of_one_name_are_refused_because_ids_depend_on_names(tmp_path: Path):
    write(tmp_path, "a/x.warc", "b/x.warc")

    with pytest.raises(InputError, match=r"a/x.warc and .*/b/x.warc are both called x.warc .* name both by one glob"):
        find(tmp_path / "a" / "*", tmp_path / "b" / "*")
    assert names(find(tmp_path / "*" / "x.warc")) == ["a/x.warc", "b/x.warc"]


def test_a_file_on_the_web_is_described_by_one_small_request(server: RangeServer):
    server.files["/raw/a.warc.gz?token=x"] = b"x" * 5_000

    (file,) = find(f"{server.address}/raw/a.warc.gz?token=x")

    assert (file.name, file.bytes) == ("a.warc.gz", 5_000)
    assert server.bytes_sent == 1


def test_the_identity_of_a_file_on_the_web_changes_with_its_content_and_not_with_its_place(server: RangeServer):
    server.files |= {"/a/x.warc": b"one", "/b/x.warc": b"one", "/c/x.warc": b"two"}

    first, second, third = (identity(*find(f"{server.address}/{place}/x.warc")) for place in "abc")

    assert first == second != third


def test_a_file_whose_server_sends_no_parts_has_no_size_to_cut_it_by(server: RangeServer):
    server.whole_only = True
    server.files |= {"/a.warc": b"x" * 5_000, "/empty.warc": b""}

    (file,) = find(f"{server.address}/a.warc")

    assert file.bytes == 0
    with pytest.raises(InputError, match="empty source"):
        find(f"{server.address}/empty.warc")


@pytest.mark.parametrize("address", ["https://a.kr/*.warc", "https://a.kr/[ab].warc", "https://a.kr/raw/", "https://"])
def test_the_web_has_no_globs(address: str):
    with pytest.raises(InputError, match="names no single file, and the web has no lists of them; name each file, or"):
        find(address)


def test_an_address_that_is_none_is_said_in_one_sentence(tmp_path: Path):
    (tmp_path / "warc.paths").write_text("https://[half/an/address.warc.gz\n")

    for pattern in ("https://[half/an/address.warc.gz", f"{tmp_path}/warc.paths"):
        with pytest.raises(
            InputError, match=r"https://\[half/an/address.warc.gz is no address \(.*\); write https://H"
        ):
            find(pattern)


def test_a_file_that_is_not_on_the_web_is_said_before_the_job_starts(server: RangeServer):
    with pytest.raises(InputError, match=r"^Source crawl: http.*/gone.warc does not exist \(HTTP 404\)"):
        find(f"{server.address}/gone.warc")


def test_no_more_files_are_asked_for_their_size_than_are_read(server: RangeServer):
    server.files |= {f"/{number}.warc": b"x" for number in range(9)}

    found = find(*(f"{server.address}/{number}.warc" for number in range(9)), limits={"max_files": 2})

    assert names(found) == ["0.warc", "1.warc"]
    assert len(server.asked) == 2


@pytest.mark.parametrize("list_name", ["wet.paths.gz", "wet.paths"])
def test_a_path_list_names_files_below_the_base_whose_sizes_nobody_asks(month: Path, list_name: str):
    (month / "wet.paths").write_text("\n".join(LISTED))

    found = find(month / list_name, base=f"{month}/")

    assert names(found) == LISTED
    assert [file.path for file in found] == [f"{month}/{name}" for name in LISTED]
    assert {file.bytes for file in found} == {0}
    assert {file.listed_in for file in found} == {list_name}


def test_a_path_list_and_its_files_may_lie_on_the_web_and_only_the_first_is_looked_at(server: RangeServer, month: Path):
    server.files["/wet.paths.gz"] = (month / "wet.paths.gz").read_bytes()
    server.files[f"/{LISTED[0]}"] = b"here"

    found = find(f"{server.address}/wet.paths.gz", base=server.address)

    assert [file.path for file in found] == [f"{server.address}/{name}" for name in LISTED]
    assert [asked.path for asked in server.asked] == ["/wet.paths.gz", f"/{LISTED[0]}"]


def test_a_path_list_s_absolute_paths_are_taken_as_they_are(tmp_path: Path):
    write(tmp_path, "a.wet")
    (tmp_path / "list.paths").write_text(f"{tmp_path}/a.wet\nhttps://crawl.example/b/c.wet\ngs://lab/d.wet\n")

    found = find(tmp_path / "list.paths", base="https://nobody.example")

    assert [file.path for file in found[1:]] == ["https://crawl.example/b/c.wet", "gs://lab/d.wet"]
    assert names(found) == [f"{tmp_path}/a.wet".lstrip("/"), "b/c.wet", "d.wet"]


def test_a_wrong_base_is_said_before_the_job_starts(month: Path):
    with pytest.raises(
        InputError, match=r"the first file of wet.paths.gz: .*/nowhere/crawl/a.wet.gz.*`base` may be wr"
    ):
        find(month / "wet.paths.gz", base=f"{month}/nowhere")


def test_the_first_files_of_a_path_list_are_read_where_their_number_is_limited(month: Path):
    assert names(find(month / "wet.paths.gz", base=str(month), limits={"max_files": 2})) == LISTED[:2]


def test_a_path_list_s_files_have_the_list_s_identity_and_that_is_its_content(month: Path):
    (month / "again").mkdir()
    (month / "again" / "wet.paths").write_text("\n".join(LISTED) + "\n")
    (month / "fewer.paths").write_text("\n".join(LISTED[:2]) + "\n")

    packed, plain, fewer = (
        {identity(file) for file in find(month / name, base=str(month))}
        for name in ("wet.paths.gz", "again/wet.paths", "fewer.paths")
    )

    assert packed == plain
    assert len(packed) == 1
    assert fewer != packed


def test_of_the_crawl_s_index_only_the_files_about_pages_are_read(tmp_path: Path):
    folder = "cc-index/table/cc-main/warc/crawl=CC-MAIN-2026-01"
    files = [f"{folder}/subset={subset}/part-0.parquet" for subset in ("crawldiagnostics", "robotstxt", "warc")]
    write(tmp_path, *files)
    (tmp_path / "cc-index-table.paths").write_text("\n".join(files))

    found = find(tmp_path / "cc-index-table.paths", base=str(tmp_path), limits={"max_files": 1})

    assert names(found) == [files[2]]
    with pytest.raises(InputError, match="its files only tell where others lie; .* under subset=warc/"):
        find(tmp_path / folder / "subset=robotstxt" / "*")


@pytest.mark.gcs
def test_files_on_cloud_storage_have_the_identity_of_equal_files_on_disk(gs_folder: str, tmp_path: Path):
    write(tmp_path, "a/x.warc", "b/y.warc")
    for name in ("a/x.warc", "b/y.warc"):
        places.replace_bytes(f"{gs_folder}/{name}", (tmp_path / name).read_bytes())

    here, there = find(tmp_path / "*" / "*.warc"), find(f"{gs_folder}/*/*.warc")

    assert names(here) == names(there)
    assert [identity(file) for file in here] == [identity(file) for file in there]
    assert all(file.version for file in there)


def test_a_multistream_dump_s_index_is_passed_over_where_a_glob_matches_both(tmp_path):
    for name in ("kowiki-multistream.xml.bz2", "kowiki-multistream-index.txt.bz2", "kowiki-multistream-index2.txt"):
        (tmp_path / name).write_bytes(b"something")

    files = find_files(SourceConfig(kind="wikipedia", paths=(f"{tmp_path}/*multistream*",)))

    assert [file.name for file in files] == ["kowiki-multistream.xml.bz2"]
    with pytest.raises(InputError, match="its files only tell where others lie; name dumps themselves"):
        find_files(SourceConfig(kind="wikipedia", paths=(f"{tmp_path}/*index*",)))
