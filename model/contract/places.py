"""Files on local disk and on Cloud Storage (gs://), by the same few functions.

What is written appears whole or not at all. A name that begins with a dot is private: lists leave it out.
Folders need not be made before something is written into them; an empty one does not exist on gs://.
"""

import base64
import contextlib
import dataclasses
import errno
import fcntl
import glob as local_glob
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import google_crc32c

from model.contract.errors import InputError, KnownError, OutputError, SettingError

_GS = "gs://"
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_CHUNK = 1 << 20
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclasses.dataclass(frozen=True, order=True)
class FileFact:
    """A file and its size; `crc32c`, 8 hex digits, only where it was asked for."""

    path: str
    bytes: int
    crc32c: str | None = None


def is_gs(place: str) -> bool:
    """Whether a place is on Cloud Storage.

    Raises:
      SettingError: when it is neither there nor on local disk ("s3://", "gs:/lab"), or names no bucket.
    """
    if place.startswith(_GS):
        if place[len(_GS) :].startswith("/") or place == _GS:
            raise SettingError(f"{place} names no bucket; write gs://BUCKET/FOLDER.")
        return True
    if _OTHER_SCHEME.match(place):
        raise SettingError(f"{place} is neither a local path nor on Cloud Storage; write a path or gs://BUCKET/FOLDER.")
    return False


def join(place: str, *names: str) -> str:
    """A place with names below it: "gs://lab/run", "clean" and "a.parquet" make gs://lab/run/clean/a.parquet."""
    return "/".join([place.rstrip("/"), *names] if place else names)


def exists(path: str) -> bool:
    """Whether there is such a file, or a folder (on gs:// one that holds something)."""
    if not is_gs(path):
        return os.path.exists(path)
    with _cloud(path, InputError) as cloud:
        return cloud.find(path) is not None or cloud.holds_something(path)


def size(path: str) -> int | None:
    """A file's size in bytes; None where there is no such file."""
    if not is_gs(path):
        return os.path.getsize(path) if os.path.isfile(path) else None
    with _cloud(path, InputError) as cloud:
        return int(blob.size) if (blob := cloud.find(path)) is not None else None


def checksum(path: str) -> FileFact:
    """A file's size and CRC-32C; on gs:// from what the service keeps, without a download.

    Raises:
      InputError: when there is no such file.
    """
    if is_gs(path):
        with _cloud(path, InputError) as cloud:
            blob = _present(path, cloud.find(path))
            return FileFact(path, int(blob.size), _crc32c(blob))
    with _disk(path, InputError), open(path, "rb") as file:
        digest, length = google_crc32c.Checksum(), 0
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
        return FileFact(path, length, digest.digest().hex())


def read_bytes(path: str) -> bytes:
    """All of a file, as it is stored.

    Raises:
      InputError: when it is missing or may not be read.
    """
    if is_gs(path):
        with _cloud(path, InputError) as cloud:
            return bytes(cloud.download(_present(path, cloud.find(path))))
    with _disk(path, InputError), open(path, "rb") as file:
        return file.read()


def open_read(path: str) -> BinaryIO:
    """Opens a file to be read piece by piece, from any byte on.

    Raises:
      InputError: when it is missing or may not be read.
    """
    if is_gs(path):
        with _cloud(path, InputError) as cloud:
            return cast(BinaryIO, cloud.open_read(_present(path, cloud.find(path))))
    with _disk(path, InputError):
        return open(path, "rb")


def read_range(path: str, start: int, end: int) -> bytes:
    """The bytes [start, end) of a file as it is stored; fewer where it ends earlier.

    Raises:
      InputError: when it is missing or may not be read.
    """
    if is_gs(path):
        with _cloud(path, InputError) as cloud:
            return bytes(_present(path, cloud.download_range(path, start, end)))
    with _disk(path, InputError), open(path, "rb") as file:
        file.seek(start)
        return file.read(end - start)


def replace_bytes(path: str, data: bytes) -> None:
    """Writes a file whole, in place of one that may be there.

    Raises:
      OutputError: when it cannot be written.
    """
    if is_gs(path):
        with _cloud(path, OutputError) as cloud:
            cloud.replace(path, data)
    else:
        with _disk(path, OutputError), _private_file(path, lambda file: file.write(data)) as temporary:
            os.replace(temporary, path)


def create_bytes(path: str, data: bytes) -> bool:
    """Writes a file whole unless there is one; of any number of racing writers exactly one gets True.

    Raises:
      OutputError: when it cannot be written.
    """
    if is_gs(path):
        with _cloud(path, OutputError) as cloud:
            return bool(cloud.create(path, data))
    with _disk(path, OutputError), _private_file(path, lambda file: file.write(data)) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            return _rename_unless_there(temporary, path)
        return True


def copy_in(local_file: str, path: str) -> None:
    """Copies a finished local file to a place, where it appears whole.

    Raises:
      InputError: when the local file cannot be read.
      OutputError: when the copy cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with _disk(local_file, InputError):
            source = stack.enter_context(open(local_file, "rb"))
        if is_gs(path):
            cloud = stack.enter_context(_cloud(path, OutputError))
            cloud.upload(path, source)
        else:
            stack.enter_context(_disk(path, OutputError))
            copied = _private_file(path, lambda file: shutil.copyfileobj(source, file, _CHUNK))
            os.replace(stack.enter_context(copied), path)


def list_files(directory: str) -> list[FileFact]:
    """Every file below a folder, in order of path; none where the folder does not exist."""
    if is_gs(directory):
        with _cloud(directory, InputError) as cloud:
            found = [FileFact(cloud.address(blob), int(blob.size)) for blob in cloud.below(directory)]
        return sorted(file for file in found if "/." not in file.path[len(directory.rstrip("/")) :])
    with _disk(directory, InputError):
        return sorted(_walk(directory)) if os.path.isdir(directory) else []


def glob(pattern: str) -> list[str]:
    """The paths of the files that match, in order; patterns as for `find`."""
    return [file.path for file in find(pattern)]


def find(pattern: str) -> list[FileFact]:
    """The files whose paths match, in order: `*` and `?` within a name, `[abc]`, `**` for any folders.

    On gs:// their checksums come with them, all in the one request that lists them.
    """
    if is_gs(pattern):
        with _cloud(pattern, InputError) as cloud:
            return sorted(
                FileFact(cloud.address(blob), int(blob.size), _crc32c(blob)) for blob in cloud.matching(pattern)
            )
    found = set(local_glob.glob(pattern, recursive=True))  # "**/**" gives a path once for every way to it
    with _disk(pattern, InputError):
        return sorted(FileFact(path, os.path.getsize(path)) for path in found if os.path.isfile(path))


def make_directory(directory: str) -> None:
    """Makes a local folder and those above it."""
    if not is_gs(directory):
        with _disk(directory, OutputError):
            os.makedirs(directory, exist_ok=True)


def remove(path: str) -> None:
    """Removes a file if it is there."""
    if is_gs(path):
        with _cloud(path, OutputError) as cloud:
            cloud.delete_path(path)
    else:
        with _disk(path, OutputError), contextlib.suppress(FileNotFoundError):
            os.remove(path)


def remove_tree(directory: str) -> None:
    """Removes a folder, if it is there, with all it holds, private files included.

    Raises:
      OutputError: when something in it cannot be removed, or it is a whole bucket or disk.
    """
    whole = directory.rstrip("/").count("/") < 3 if is_gs(directory) else os.path.abspath(directory) == os.sep
    if whole:
        raise OutputError(f"{directory} is a whole bucket or disk, which is never removed; name a folder in it.")
    if is_gs(directory):
        with _cloud(directory, OutputError) as cloud:
            cloud.delete_below(directory)
    elif os.path.lexists(directory):
        with _disk(directory, OutputError):
            shutil.rmtree(directory)


@contextlib.contextmanager
def _cloud(path: str, kind: type[KnownError]) -> Iterator[Any]:
    """The gs:// functions, imported only now; what the service refuses becomes a sentence."""
    from model.contract import cloud_storage

    try:
        yield cloud_storage
    except KnownError:
        raise
    except Exception as error:
        if (sentence := cloud_storage.sentence(path, error)) is None:
            raise
        raise kind(sentence) from error


@contextlib.contextmanager
def _disk(path: str, kind: type[KnownError]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise kind(f"{path}: {reason}; check the path, its rights and the space on its disk.") from error


def _present(path: str, blob: Any) -> Any:
    if blob is None:
        raise InputError(f"{path} does not exist; check the path, or run the stage that makes it.")
    return blob


def _crc32c(blob: Any) -> str:
    return base64.b64decode(blob.crc32c).hex()


@contextlib.contextmanager
def _private_file(path: str, write: Callable[[BinaryIO], object]) -> Iterator[str]:
    """A finished file beside `path` under a private name; gone afterwards unless it was renamed."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
        _flush_folder(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _flush_folder(folder: str) -> None:
    """After a power cut too, a manifest must not be there without the shards that were renamed before it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that flush no folders
            raise
    finally:
        os.close(descriptor)


def _rename_unless_there(temporary: str, path: str) -> bool:
    """For file systems without hard links; the folder's lock is given up even when its holder is killed."""
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.lexists(path):
            return False
        os.replace(temporary, path)
        return True
    finally:
        os.close(descriptor)


def _walk(directory: str) -> Iterator[FileFact]:
    for folder, folders, names in os.walk(directory, onerror=_fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = os.path.join(folder, name)
                yield FileFact(path, os.path.getsize(path))


def _fail(error: OSError) -> None:
    raise error
