"""Files on s3://, part by part, and lists of them; boto3 finds credentials, region and AWS_ENDPOINT_URL."""

import functools
import os
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    TokenRetrievalError,
)
from urllib3.exceptions import HTTPError

from beam_jobs.files.fetching import MissingFile, PassingFailure, first_line, retried
from beam_jobs.files.ranged_file import Part, extent
from model.contract.errors import InputError
from model.contract.glob_pattern import literal_start, name_matches

_SCHEME = "s3://"
_CONNECTIONS = 64
_CONNECT_SECONDS = 20.0
_BUSY = {408, 429}
_LIST_TIMEOUT = 60.0
_LIST_RETRIES = 4


def open_range(path: str, start: int, end: int, timeout: float) -> Part:
    """Asks for the bytes [start, end) of an object; a RangeOpener.

    Raises:
      MissingFile: when the bucket has no such object, or keeps it closed.
      InputError: when there are no credentials, or it refuses otherwise.
    """
    bucket, name = split(path)
    try:
        answer = _client(os.getpid(), timeout).get_object(Bucket=bucket, Key=name, Range=f"bytes={start}-{end - 1}")
    except Exception as error:
        if isinstance(error, ClientError) and _status(error) == 416:
            return _beyond(path, start, timeout)
        raise _failure(path, error) from error
    first, last, total = extent(answer.get("ContentRange", ""))
    return Part(answer["Body"], first, last, total, answer["ETag"], (BotoCoreError, HTTPError, OSError))


def list_objects(pattern: str) -> Iterator[tuple[str, int, str]]:
    """Path, size and ETag of the objects that match a glob, in order; the bucket lists them a thousand a request.

    Raises:
      InputError: when there are no credentials, or the bucket is missing or closed.
    """
    bucket, name = split(pattern)
    following: dict[str, str] | None = {}
    while following is not None:
        asked = {"Bucket": bucket, "Prefix": literal_start(name), **following}
        page = retried(pattern, _LIST_RETRIES, functools.partial(_listed, pattern, asked))
        for item in page.get("Contents", ()):
            if name_matches(item["Key"], name):
                yield f"{_SCHEME}{bucket}/{item['Key']}", int(item["Size"]), item["ETag"]
        token = page.get("NextContinuationToken")
        following = {"ContinuationToken": token} if token else None


def split(path: str) -> tuple[str, str]:
    """Bucket and object name of an s3:// path.

    Raises:
      InputError: when it names none.
    """
    bucket, _, name = path.removeprefix(_SCHEME).partition("/")
    if not bucket or not name:
        raise InputError(f"{path} names no object; write s3://BUCKET/NAME.")
    return bucket, name


def _listed(pattern: str, asked: dict[str, str]) -> Any:
    try:
        return _client(os.getpid(), _LIST_TIMEOUT).list_objects_v2(**asked)
    except Exception as error:
        raise _failure(pattern, error) from error


def _beyond(path: str, start: int, timeout: float) -> Part:
    """An empty part for what begins after the object's end; only its metadata tell where that is."""
    bucket, name = split(path)
    try:
        answer = _client(os.getpid(), timeout).head_object(Bucket=bucket, Key=name)
    except Exception as error:
        raise _failure(path, error) from error
    return Part(_NOTHING, start, start, int(answer["ContentLength"]), answer["ETag"], ())


class _Nothing:
    def read(self, _size: int, /) -> bytes:
        return b""

    def close(self) -> None:
        """There is nothing to close."""


_NOTHING = _Nothing()


def _failure(path: str, error: Exception) -> Exception:
    """What a failure means; the error itself where it is none of the service's."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return InputError(
                f"{path} needs AWS credentials and none were found; run `aws configure` or set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY."
            )
        case CredentialRetrievalError() | TokenRetrievalError():
            return InputError(f"{path} needs other AWS credentials than those found ({first_line(error)}); renew them.")
        case ParamValidationError():
            return InputError(f"{path} is no S3 path ({first_line(error)}); write s3://BUCKET/NAME.")
        case ClientError():
            return _refusal(path, error)
        case ConnectionError() | HTTPClientError():
            return PassingFailure(first_line(error))
        case BotoCoreError():
            return InputError(f"{path} cannot be asked for ({first_line(error)}); correct AWS's settings here.")
    return error


def _refusal(path: str, error: ClientError) -> Exception:
    status, code = _status(error), error.response["Error"]["Code"]
    bucket = f"{_SCHEME}{split(path)[0]}"
    if code == "NoSuchBucket":
        return InputError(f"{bucket} does not exist; correct {path}.")
    if status == 404:
        return MissingFile(f"{path} does not exist; correct the path.")
    if status in (401, 403):
        return MissingFile(f"{path} is closed to the credentials found here ({code}); ask for rights on {bucket}.")
    if status in _BUSY or status >= 500:
        return PassingFailure(f"{code}, HTTP {status}")
    return InputError(f"{path} was refused by S3 ({first_line(error)}); correct the path.")


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@functools.cache
def _client(_process: int, timeout: float) -> Any:
    """Connections do not survive a fork, so a forked process makes a client of its own; retries are the caller's."""
    return boto3.session.Session().client(
        "s3",
        config=Config(
            connect_timeout=min(timeout, _CONNECT_SECONDS),
            read_timeout=timeout,
            retries={"total_max_attempts": 1},
            max_pool_connections=_CONNECTIONS,
        ),
    )
