"""The emulator is only worth testing against where it refuses what Cloud Storage refuses."""

from typing import Any

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from google.cloud.storage.exceptions import InvalidResponse

from tests.conftest import Gcs

pytestmark = pytest.mark.gcs

STALE = 12_345


@pytest.fixture
def blob(gcs: Gcs, request: pytest.FixtureRequest) -> Any:
    blob = storage.Client(project="tests").bucket(gcs.bucket).blob(f"{request.node.name}/있음 #1")
    blob.upload_from_string(b"first")
    return blob


def test_a_delete_under_a_stale_generation_is_refused(blob: Any) -> None:
    with pytest.raises(PreconditionFailed):
        blob.delete(if_generation_match=STALE)

    assert blob.exists()
    blob.delete(if_generation_match=blob.generation)
    assert not blob.exists()


def test_a_rewrite_onto_an_object_that_must_not_exist_is_refused(blob: Any) -> None:
    other = blob.bucket.blob(blob.name + "-copy")
    other.upload_from_string(b"other")

    with pytest.raises(PreconditionFailed):
        blob.rewrite(other, if_generation_match=0)

    assert blob.download_as_bytes() == b"first"


def test_a_resumable_upload_onto_an_object_that_must_not_exist_is_refused(blob: Any) -> None:
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string(b"x" * (9 << 20), if_generation_match=0)

    assert blob.download_as_bytes() == b"first"


def test_a_resumable_upload_is_refused_when_the_object_appears_before_its_end(blob: Any) -> None:
    late = blob.bucket.blob(blob.name + "-late", chunk_size=256 << 10)

    sink = late.open("wb", if_generation_match=0)
    sink.write(b"x" * (600 << 10))
    blob.bucket.blob(late.name).upload_from_string(b"first")

    with pytest.raises(InvalidResponse, match="412"):
        sink.close()
    assert late.download_as_bytes() == b"first"


def test_a_batch_of_deletes_removes_every_object(blob: Any) -> None:
    names = [f"{blob.name}-{index}" for index in range(5)]
    for name in names:
        blob.bucket.blob(name).upload_from_string(b"")

    with blob.client.batch():
        for name in names:
            blob.bucket.blob(name).delete()

    assert [found.name for found in blob.bucket.list_blobs(prefix=blob.name)] == [blob.name]
