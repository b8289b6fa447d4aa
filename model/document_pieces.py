"""Whether documents can be put together again from their records: nothing lost between two pieces, nothing doubled.

A piece is 64 bytes here. They are kept in memory up to a limit and then in temporary files, parted by document, so that
a corpus of any size can be looked through.
"""

import array
import hashlib
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

_COLUMNS = ("document", "held_aside", "offset", "tokens", "file", "record", "start", "source")
_PIECE = np.dtype([(name, "<i8") for name in _COLUMNS])
IN_MEMORY = 1_000_000
"""Pieces, 64 MB."""
_PARTS = 64


class RecordPlace(NamedTuple):
    """Where a record is: its file by number, its own number there, and the byte at which it begins."""

    file: int
    record: int
    start: int


class Times(NamedTuple):
    """How often each piece of a document stands in its split."""

    least: int
    most: float


ONCE = Times(1, 1)


class DocumentFault(NamedTuple):
    """Something wrong with a document."""

    key: int
    """See `document_key`."""
    reason: str
    """The rest of a sentence that begins with the document."""
    places: tuple[RecordPlace, ...]
    """The records in which it is seen."""


class DocumentPieces:
    """Gathers the pieces of all documents.

    Args:
      times: how often a training piece stands there, by number of source; `ONCE` for those left out, and for all that
        is held aside.
      in_memory: pieces after which they go to temporary files.
    """

    def __init__(self, times: Mapping[int, Times], in_memory: int = IN_MEMORY):
        self._times, self._in_memory = times, in_memory
        self._rows = array.array("q")
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.documents = 0
        """How many different ones there are; known once `faults` is through."""

    def close(self) -> None:
        """Removes its temporary files."""
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, document: bytes, offset: int, tokens: int, place: RecordPlace, source: int, held_aside: bool) -> None:
        """Takes a piece: `tokens` of a document from its token `offset` on."""
        self._rows.extend((document_key(document), held_aside, offset, tokens, *place, source))
        if len(self._rows) >= self._in_memory * len(_COLUMNS):
            self._spill()

    def faults(self) -> Iterator[DocumentFault]:
        """Looks at every document, in an order that depends on the documents alone."""
        for part in self._parts():
            if not len(part):
                continue
            pieces = part[np.lexsort([part[name] for name in reversed(_COLUMNS)])]
            firsts = np.flatnonzero(np.diff(pieces["document"], prepend=~pieces["document"][0]))
            self.documents += len(firsts)
            ends = [*firsts[1:].tolist(), len(pieces)]
            for first, end, doubtful in zip(firsts.tolist(), ends, self._doubtful(pieces, firsts), strict=True):
                if doubtful:
                    yield from self._faults_of(pieces[first:end])

    def _doubtful(self, pieces: np.ndarray, firsts: np.ndarray) -> list[bool]:
        """Of each document, whether it takes a closer look: not for one whole copy of a piece after another."""
        follows = np.zeros(len(pieces), bool)
        ends = pieces["offset"] + pieces["tokens"]
        follows[1:] = (pieces["offset"][1:] == ends[:-1]) & (pieces["held_aside"][1:] == pieces["held_aside"][:-1])
        follows[firsts] = pieces["offset"][firsts] == 0
        several = [source for source, times in self._times.items() if times.least > 1]
        follows &= ~np.isin(pieces["source"], several) | (pieces["held_aside"] == 1)
        doubtful: list[bool] = (np.add.reduceat(~follows, firsts) > 0).tolist()
        return doubtful

    def _faults_of(self, pieces: np.ndarray) -> Iterator[DocumentFault]:
        splits = [pieces[pieces["held_aside"] == held_aside] for held_aside in (0, 1)]
        if all(len(split) for split in splits):
            places = tuple(_place(split[0]) for split in splits)
            yield DocumentFault(int(pieces["document"][0]), "stands in training and in validation", places)
        for held_aside, split in enumerate(splits):
            if len(split):
                times = ONCE if held_aside else self._times.get(int(split["source"][0]), ONCE)
                yield from _broken_order(split, times)

    def _parts(self) -> Iterator[np.ndarray]:
        if self._folder is None:
            yield np.frombuffer(self._rows, _PIECE)
            return
        self._spill()
        for path in sorted(Path(self._folder.name).iterdir()):
            yield np.fromfile(path, _PIECE)

    def _spill(self) -> None:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="kobigbird-verify-")
        pieces = np.frombuffer(self._rows, _PIECE)
        parts = pieces["document"] % _PARTS
        for part in range(_PARTS):
            with (Path(self._folder.name) / f"{part:02d}").open("ab") as file:
                pieces[parts == part].tofile(file)
        self._rows = array.array("q")


def document_key(document: bytes) -> int:
    """64 bits that stand for a document's id."""
    return int.from_bytes(hashlib.blake2b(document, digest_size=8).digest(), "little", signed=True)


def _broken_order(pieces: np.ndarray, times: Times) -> Iterator[DocumentFault]:
    """Of one document in one split, its pieces in order."""
    end, before, key = 0, pieces[0], int(pieces["document"][0])
    for (offset, tokens), copies in itertools.groupby(pieces, key=lambda piece: (piece["offset"], piece["tokens"])):
        same = list(copies)
        here = _place(same[0])
        if not times.least <= len(same) <= times.most:
            reason = f"has its tokens {offset:,} to {offset + tokens:,} in {len(same)} places, not in {_often(times)}"
            yield DocumentFault(key, reason, tuple(_place(piece) for piece in same[:2]))
        if offset < end:
            reason = f"has its tokens {offset:,} to {min(end, offset + tokens):,} in two pieces"
            yield DocumentFault(key, reason, (_place(before), here))
        elif offset > end and times.least:
            yield DocumentFault(key, f"has its tokens {end:,} to {offset:,} in no record", (here,))
        if offset + tokens > end:
            end, before = offset + tokens, same[0]


def _often(times: Times) -> str:
    return f"{times.least}" if times.least == times.most else f"{times.least} to {times.most:.0f}"


def _place(piece: np.void) -> RecordPlace:
    return RecordPlace(int(piece["file"]), int(piece["record"]), int(piece["start"]))
