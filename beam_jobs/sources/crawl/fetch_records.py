"""Fetches single records out of archives: by exact ranges, a few at a time, politely, handed on in order."""

import collections
import functools
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import TypeAlias

from beam_jobs.config import FetchConfig
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.raw_files import read_range
from beam_jobs.files.stretch import Stretch

_AT_ONCE = 8_000_000
"""Bytes of neighbouring records that one request asks for."""
_Run: TypeAlias = list[Stretch]
"""Records of one archive, each beginning where the one before ends."""


def fetch_records(stretches: Sequence[Stretch], fetch: FetchConfig) -> Iterator[tuple[Stretch, bytes | MissingFile]]:
    """Yields each record's bytes, in the order given, or why its archive cannot be read.

    No more than twice as many answers as may be fetched at once wait in memory.

    Raises:
      InputError: when a server does not answer in spite of the retries.
    """
    waiting: collections.deque[tuple[_Run, Future[bytes | MissingFile]]] = collections.deque()
    pool = ThreadPoolExecutor(fetch.concurrency, thread_name_prefix="fetch")
    try:
        for run in touching(stretches):
            waiting.append((run, pool.submit(_fetched, run, fetch)))
            if len(waiting) >= 2 * fetch.concurrency:
                yield from _divided(*waiting.popleft())
        while waiting:
            yield from _divided(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def touching(stretches: Sequence[Stretch], most: int = _AT_ONCE) -> Iterator[_Run]:
    """Puts records together that touch, up to so many bytes."""
    run: _Run = []
    for stretch in stretches:
        if run and (
            (stretch.path, stretch.start) != (run[-1].path, run[-1].end) or _end(stretch) - run[0].start > most
        ):
            yield run
            run = []
        run.append(stretch)
    if run:
        yield run


class _Gate:
    """Lets so many requests in at once, and so many a second."""

    def __init__(self, at_once: int, per_second: float):
        self.places = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._interval = 1 / per_second
        self._next = 0.0

    def wait_for_turn(self) -> None:
        with self._lock:
            now = monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        sleep(turn - now)


@functools.cache
def _gate(_process: int, at_once: int, per_second: float) -> _Gate:
    """One for all threads of a worker process, which may read several pieces at the same time."""
    return _Gate(at_once, per_second)


def _fetched(run: _Run, fetch: FetchConfig) -> bytes | MissingFile:
    gate = _gate(os.getpid(), fetch.concurrency, fetch.requests_per_second)
    with gate.places:
        try:
            return read_range(run[0].path, run[0].start, _end(run[-1]), fetch, gate.wait_for_turn)
        except MissingFile as error:
            return error


def _divided(run: _Run, future: Future[bytes | MissingFile]) -> Iterator[tuple[Stretch, bytes | MissingFile]]:
    data = future.result()
    for stretch in run:
        if isinstance(data, MissingFile):
            yield stretch, data
        else:
            yield stretch, data[stretch.start - run[0].start : _end(stretch) - run[0].start]


def _end(stretch: Stretch) -> int:
    assert stretch.end is not None
    return stretch.end
