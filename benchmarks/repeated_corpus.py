"""A corpus as large as a measurement needs: real texts, over and over with edits, as Parquet files of Documents."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from beam_jobs.document import Document
from beam_jobs.storage import write_documents
from benchmarks.planted import edit

FILES = 8
_COPY, _OTHER_TEXT = 0.05, 0.4
"""Shares of edited eojeols: that of a near copy, and that of what no longer is one."""
_COPY_EVERY = 10


def repeated_with_edits(texts: Sequence[str], seed: int = 42) -> Iterator[str]:
    """The texts as they are, and then over and over without end, edited; one in ten is a near copy."""
    generator = np.random.default_rng(seed)
    words = [word for text in texts[:200] for word in text.split()]
    yield from texts
    for repeat in itertools.count(1):
        for number, text in enumerate(texts):
            share = _OTHER_TEXT if (number + repeat) % _COPY_EVERY else _COPY
            yield edit(text, share, generator, words)


def of_bytes(texts: Iterator[str], size: int) -> Iterator[str]:
    """Texts until their UTF-8 has so many bytes; what comes after stays in `texts`."""
    written = 0
    while written < size and (text := next(texts, None)) is not None:
        written += len(text.encode())
        yield text


def write_bytes_of(texts: Sequence[str], folder: Path, size: int) -> None:
    """Files with so many bytes of text in all."""
    repeated = repeated_with_edits(texts)
    write_files([_named(number, of_bytes(repeated, size // FILES + 1)) for number in range(FILES)], folder)


def write_number_of(texts: Sequence[str], folder: Path, count: int) -> None:
    """Files with so many documents in all."""
    repeated = repeated_with_edits(texts)
    counts = [count // FILES + (number < count % FILES) for number in range(FILES)]
    write_files([_named(number, itertools.islice(repeated, own)) for number, own in enumerate(counts)], folder)


def write_files(parts: Sequence[Iterable[tuple[str, str]]], folder: Path) -> None:
    """A file of each part's (id, text) pairs, one after the other."""
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        documents = (Document(name, "benchmark", "", "", text, "", "ko", {}) for name, text in part)
        write_documents(str(folder), f"documents-{number:05d}-of-{len(parts):05d}.parquet", documents)


def _named(number: int, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for row, text in enumerate(texts):
        yield f"{number}-{row:07d}", text
