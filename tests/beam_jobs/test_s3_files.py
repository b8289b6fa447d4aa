import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from beam_jobs.config import SourceConfig
from beam_jobs.files import s3_files
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.find_files import find_files
from beam_jobs.files.raw_files import identity, open_raw, read_range
from model.contract.errors import InputError
from tests.child_process import run_python
from tests.emulators.range_server import RangeServer

DATA = bytes(range(256)) * 10_000
NAMES = ["raw/2024/a.warc.gz", "raw/2024/b.warc.gz", "raw/2024/.c.warc.gz", "raw/2025/a.warc.gz", "raw/notes.txt"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    try:
        yield "http://{}:{}".format(*running.get_host_and_port())
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket called lab with some files; boto3 is told of it as users tell it of theirs."""
    settings = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    s3_files._client.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket="lab")
    for name in NAMES:
        client.put_object(Bucket="lab", Key=name, Body=DATA)
    yield client
    s3_files._client.cache_clear()


def find(*paths: str, **settings: Any):
    return find_files(SourceConfig(kind="common_crawl", name="crawl", paths=paths, **settings))


def test_a_glob_lists_its_objects_with_their_sizes():
    found = find("s3://lab/raw/*/*.warc.gz")

    assert [file.path for file in found] == [f"s3://lab/{name}" for name in NAMES if "/." not in name][:3]
    assert [file.name for file in found] == ["2024/a.warc.gz", "2024/b.warc.gz", "2025/a.warc.gz"]
    assert {file.bytes for file in found} == {len(DATA)}


def test_a_list_of_more_than_a_page_is_complete(bucket: Any, monkeypatch: pytest.MonkeyPatch):
    listed = s3_files._listed
    monkeypatch.setattr(s3_files, "_listed", lambda pattern, asked: listed(pattern, {**asked, "MaxKeys": 2}))

    assert [path for path, _, _ in s3_files.list_objects("s3://lab/raw/**")] == [
        f"s3://lab/{name}" for name in sorted(NAMES) if "/." not in name
    ]


def test_identity_changes_with_the_content(bucket: Any):
    (before,) = find("s3://lab/raw/2024/a.warc.gz")
    bucket.put_object(Bucket="lab", Key=NAMES[0], Body=DATA[::-1])
    (after,) = find("s3://lab/raw/2024/a.warc.gz")

    assert identity(before) != identity(after)
    assert before.bytes == after.bytes


def test_an_object_is_read_from_any_byte_on():
    with open_raw("s3://lab/raw/2024/a.warc.gz") as file:
        assert file.read() == DATA
        file.seek(-10, 2)
        assert file.read() == DATA[-10:]
        assert file.read() == b""
    assert read_range("s3://lab/raw/2024/a.warc.gz", 700, 900) == DATA[700:900]
    assert read_range("s3://lab/raw/2024/a.warc.gz", len(DATA), len(DATA) + 9) == b""


def test_a_path_list_s_base_may_be_a_bucket(tmp_path: Path):
    (tmp_path / "warc.paths").write_text("\n".join(NAMES[:2]))

    found = find(str(tmp_path / "warc.paths"), base="s3://lab/")

    assert [file.path for file in found] == [f"s3://lab/{name}" for name in NAMES[:2]]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("s3://lab/none/*", "no file matches s3://lab/none/"),
        ("s3://nobodys/raw/*", r"s3://nobodys does not exist; correct s3://nobodys/raw/\*"),
        ("s3://lab", "s3://lab names no object; write s3://BUCKET/NAME"),
        ("s3://a_b!/raw/*", r"s3://a_b!/raw/\* is no S3 path .*; write s3://BUCKET/NAME"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(path: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        find(path)


def test_a_missing_object_is_told_from_other_failures():
    with pytest.raises(MissingFile, match="s3://lab/gone does not exist"):
        read_range("s3://lab/gone", 0, 1)
    with pytest.raises(InputError, match="s3://nobodys does not exist") as caught:
        read_range("s3://nobodys/gone", 0, 1)
    assert not isinstance(caught.value, MissingFile)


def test_lost_connections_and_busy_servers_are_tried_again(server: RangeServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    s3_files._client.cache_clear()
    server.files["/lab/data"] = DATA
    server.faults.extend(["busy", "dropped", "hung_up", "short", "other_part"])

    with open_raw("s3://lab/data") as file:
        assert file.read() == DATA

    assert server.bytes_sent < 1.5 * len(DATA)


@pytest.mark.timeout(60)
def test_missing_credentials_are_named_in_one_sentence(tmp_path: Path):
    nobody = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "PATH": os.environ["PATH"]}

    ended = run_python(
        "from beam_jobs.files.raw_files import open_raw\n"
        "from model.contract.errors import InputError\n"
        "try: open_raw('s3://lab/a').read()\n"
        "except InputError as error: print(error)",
        nobody,
        bare=True,
    )

    assert ended.stdout == (
        "s3://lab/a needs AWS credentials and none were found; run `aws configure` or set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY.\n"
    )
