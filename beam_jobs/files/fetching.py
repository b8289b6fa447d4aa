"""What reading from other people's servers has in common: which failures pass, and how long to wait for that."""

import random
from collections.abc import Callable
from time import sleep
from typing import TypeVar

from model.contract.errors import InputError

_Result = TypeVar("_Result")
_FIRST_WAIT = 1.0  # seconds
_LONGEST_WAIT = 120.0


class PassingFailure(Exception):
    """What may go well if it is tried again: a lost connection, a busy server."""

    def __init__(self, detail: str, wait: float = 0.0):
        """`wait` is what the server asked for, in seconds (Retry-After)."""
        super().__init__(detail)
        self.wait = wait


class MissingFile(InputError):
    """A file that is not there or may not be read, while others may be."""


class Backoff:
    """Waits between tries: each time twice as long, less a random part so that many workers do not return at once."""

    def __init__(self, path: str, retries: int):
        self._path, self._retries = path, retries
        self._failures = 0

    def wait(self, failure: PassingFailure) -> None:
        """Waits after a failure.

        Raises:
          InputError: when there were as many retries as there may be.
        """
        if self._failures >= self._retries:
            raise InputError(
                f"{self._path} could not be read, tried {self._retries + 1} times ({failure}); "
                "check that this machine reaches it, or try again later."
            ) from failure
        wait = _FIRST_WAIT * 2**self._failures * random.uniform(0.5, 1.0)
        self._failures += 1
        sleep(min(max(wait, failure.wait), _LONGEST_WAIT))

    def succeeded(self) -> None:
        """Something came: what fails next fails for the first time."""
        self._failures = 0


def retried(path: str, retries: int, work: Callable[[], _Result]) -> _Result:
    """What `work` returns, tried again after each PassingFailure; errors as of `Backoff.wait`."""
    backoff = Backoff(path, retries)
    while True:
        try:
            return work()
        except PassingFailure as failure:
            backoff.wait(failure)


def first_line(error: Exception) -> str:
    """What an error says, short enough for a sentence."""
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:200]
