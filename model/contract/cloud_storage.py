"""The gs:// half of `model.contract.places`: objects, uploads, and what the service's refusals mean.

An upload appears whole when it ends, so nothing here needs temporary names. The library finds credentials and
STORAGE_EMULATOR_HOST, and retries on 429, 5xx and lost connections.
"""

import contextlib
import functools
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from google.api_core import exceptions as refusals
from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from model.contract.glob_pattern import literal_start, name_matches

_BINARY = "application/octet-stream"
_DELETES_AT_ONCE = 8
_READ_AHEAD = 8 << 20  # bytes
_WRITER = "writer"  # metadata that tells our own lost answer from another writer's file


def split(path: str) -> tuple[str, str]:
    """Bucket and object name of a gs:// path; the name is empty for a whole bucket."""
    bucket, _, name = path.removeprefix("gs://").partition("/")
    return bucket, name


def find(path: str) -> Any:
    """The object's metadata, or None where the bucket has no such object."""
    bucket, name = split(path)
    blob = _client().bucket(bucket).get_blob(name, retry=DEFAULT_RETRY) if name else None
    if blob is None:
        holds_something(path)  # "not found" is said of missing buckets too; only listing tells them apart
    return blob


def holds_something(directory: str) -> bool:
    """Whether there is an object below a folder."""
    return any(True for _ in below(directory, most=2))  # one may be the folder's own place-holder


def below(directory: str, most: int | None = None) -> Iterator[Any]:
    """The objects below a folder, in order of name, without the place-holders of folders themselves."""
    bucket, name = split(directory.rstrip("/") + "/")
    blobs = _client().list_blobs(bucket, prefix=name, max_results=most, retry=DEFAULT_RETRY)
    return (blob for blob in blobs if not blob.name.endswith("/"))


def matching(pattern: str) -> Iterator[Any]:
    """The objects that match, by the rules of `glob.glob(pattern, recursive=True)` for files."""
    bucket, name = split(pattern)
    blobs = _client().list_blobs(bucket, prefix=literal_start(name), retry=DEFAULT_RETRY)
    return (blob for blob in blobs if name_matches(blob.name, name))


def address(blob: Any) -> str:
    """An object's gs:// path."""
    return f"gs://{blob.bucket.name}/{blob.name}"


def download(blob: Any) -> bytes:
    """All of an object as it is stored; the library compares its checksum."""
    return bytes(blob.download_as_bytes(raw_download=True, retry=DEFAULT_RETRY))


def download_range(path: str, start: int, end: int) -> bytes | None:
    """The bytes [start, end) of an object as it is stored, fewer where it ends earlier; None where there is none."""
    try:
        # A part has no checksum of its own.
        data = _object(path).download_as_bytes(
            start=start, end=end - 1, raw_download=True, checksum=None, retry=DEFAULT_RETRY
        )
    except refusals.RequestRangeNotSatisfiable:
        return b""
    except refusals.NotFound:
        if find(path) is None:
            return None
        raise
    return bytes(data)


def open_read(blob: Any) -> Any:
    """An object as a file that can be read from any byte on; it is fetched as it is stored, in parts."""
    return blob.open("rb", chunk_size=_READ_AHEAD, raw_download=True, retry=DEFAULT_RETRY)


def upload(path: str, source: BinaryIO) -> None:
    """Writes an object from a file open at its beginning; the service compares its checksum."""
    length = os.fstat(source.fileno()).st_size
    _object(path).upload_from_file(source, size=length, content_type=_BINARY, retry=DEFAULT_RETRY)


def replace(path: str, data: bytes) -> None:
    """Writes an object, whatever is there."""
    _object(path).upload_from_string(data, _BINARY, retry=DEFAULT_RETRY)


def create(path: str, data: bytes) -> bool:
    """Writes an object unless there is one; says whether it did."""
    blob = _object(path)
    blob.metadata = {_WRITER: uuid.uuid4().hex}
    mine = blob.metadata[_WRITER]
    try:
        blob.upload_from_string(data, _BINARY, if_generation_match=0, retry=DEFAULT_RETRY)
    except refusals.PreconditionFailed:
        # A retry after a lost answer meets what the first try wrote.
        standing = find(path)
        return standing is not None and (standing.metadata or {}).get(_WRITER) == mine
    return True


def delete(blob: Any) -> None:
    """Removes an object if it is there."""
    with contextlib.suppress(refusals.NotFound):
        blob.delete(retry=DEFAULT_RETRY)


def delete_path(path: str) -> None:
    """Removes the object of that path if it is there."""
    delete(_object(path))


def delete_below(directory: str) -> None:
    """Removes every object of a folder, its place-holder included."""
    bucket, name = split(directory.rstrip("/") + "/")
    with ThreadPoolExecutor(_DELETES_AT_ONCE) as pool:
        list(pool.map(delete, _client().list_blobs(bucket, prefix=name, retry=DEFAULT_RETRY)))


def sentence(path: str, error: Exception) -> str | None:
    """What a failure on a path means for a user; None where it is none of Cloud Storage's."""
    bucket = f"gs://{split(path)[0]}"
    match error:
        case auth.DefaultCredentialsError():
            return (
                f"{path} needs Google credentials and none were found; "
                "run `gcloud auth application-default login` or set GOOGLE_APPLICATION_CREDENTIALS."
            )
        case auth.GoogleAuthError():
            return f"{path} needs other Google credentials than those found here ({_line(error)}); renew them."
        case refusals.NotFound():
            return f"{bucket} does not exist; create the bucket or correct {path}."
        case refusals.Forbidden() | refusals.Unauthorized():
            return f"{path} is closed to the credentials found here; ask for storage.objects rights on {bucket}."
        case refusals.RetryError() | RequestException():
            return f"{path} got no answer from Cloud Storage in time ({_line(error)}); try again later."
        case refusals.GoogleAPICallError():
            return f"{path} was refused by Cloud Storage ({_line(error)}); correct the path or try again later."
        case ValueError():  # the library's own check of bucket names
            return f"{path} is no Cloud Storage path ({_line(error)}); write gs://BUCKET/NAME."
    return None


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:200]


def _object(path: str) -> Any:
    bucket, name = split(path)
    return _client().bucket(bucket).blob(name)


def _client() -> Any:
    return _client_of_process(os.getpid())


@functools.cache
def _client_of_process(_process: int) -> Any:
    """Connections do not survive a fork, so a forked process makes a client of its own."""
    return storage.Client(project=None)  # objects need no project; credentials often name none
