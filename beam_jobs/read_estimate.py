"""How much there is to read: files and bytes as they are listed, documents from a look at the beginnings of a few."""

import collections
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO, NamedTuple, cast

from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Piece, Stretch
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import SourceFiles, plan_pieces
from beam_jobs.sources.crawl.crawl_index import estimate_pages
from beam_jobs.sources.formats import format_of
from model.contract.errors import InputError

FILES_LOOKED_AT = 3
DOCUMENTS_LOOKED_AT = 200
"""Of each file looked at, unless it has fewer."""
BYTES_LOOKED_AT = 64 << 20
"""As stored, of each file, where documents are far between."""


class SourceEstimate(NamedTuple):
    """What reading a source would mean."""

    source: str
    kind: str
    formats: tuple[str, ...]
    files: int
    bytes: int
    """As stored; about so many where the files of a path list, whose sizes nobody asks, are among them."""
    pieces: int
    documents: int
    """About how many the source's limits and filters would keep."""
    paths: tuple[str, ...]


def estimate_sources(found: Sequence[SourceFiles], config: ReadConfig) -> Iterator[SourceEstimate]:
    """Looks at a few files of each source; nothing is written."""
    pieces = plan_pieces(found, config)
    for source in found:
        config_of, files = source
        yield SourceEstimate(
            source=config_of.name,
            kind=config_of.kind,
            formats=tuple(sorted({format_of(config_of, file.name) or "container" for file in files})),
            files=len(files),
            bytes=_size(source),
            pieces=config_of.buckets if source.is_index else sum(piece.source == config_of.name for piece in pieces),
            documents=_documents(source),
            paths=tuple(file.path for file in files),
        )


def refuse_unreadable(found: Sequence[SourceFiles]) -> None:
    """Looks for one document in a few files of each source, so that a wrong format is told before any work.

    Raises:
      InputError: when the files looked at hold broken records alone, or an index is none.
    """
    for source in found:
        if source.is_index:
            estimate_pages([source.files[0].path], source.config)
            continue
        reasons: collections.Counter[str] = collections.Counter()
        for file in _a_few(source.files):
            seen = look(file, source.config, documents=1)
            reasons += seen.bad
            if seen.documents or seen.skipped or not seen.bad or seen.bytes >= BYTES_LOOKED_AT:
                break
        else:
            worst = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(3))
            raise InputError(
                f"Source {source.config.name}: {source.files[0].path} cannot be read as "
                f"{format_of(source.config, source.files[0].name) or 'a container'} ({worst}); "
                "correct the source's kind or format, or name other files."
            )


class Look(NamedTuple):
    """What was seen of a file."""

    documents: int
    bytes: int
    """Read for it, as stored."""
    skipped: int
    """Sound records that are no documents, or that the source's filters drop."""
    bad: collections.Counter[str]
    """Broken records by reason."""


def look(file: RawFile, config: SourceConfig, documents: int) -> Look:
    """Reads a file's beginning: so many documents that the source's filters keep, or all that there are."""
    unlimited = config.model_copy(update={"limits": config.limits.model_copy(update={"max_documents": None})})
    stretch = Stretch(file.path, file.name, format_of(config, file.name))
    counted = _CountedFile(open_raw(file.path), BYTES_LOOKED_AT)
    reading = PieceReading(
        Piece(config.name, 0, 1, (stretch,)), unlimited, dead_letters=0, open_file=lambda _: cast(BinaryIO, counted)
    )
    with closing(counted):
        seen = sum(1 for _ in itertools.islice(reading.documents(), documents))
    bad = {name.removeprefix("bad_"): count for name, count in reading.counts.items() if name.startswith("bad_")}
    skipped = sum(count for name, count in reading.counts.items() if name.startswith("skipped_"))
    return Look(seen, counted.bytes_read, skipped, collections.Counter(bad))


def _documents(source: SourceFiles) -> int:
    most = source.config.limits.max_documents
    if source.is_index:
        pages = estimate_pages([file.path for file in source.files], source.config)
        about = int(pages * source.config.limits.share + 0.5)
    else:
        looks = [look(file, source.config, DOCUMENTS_LOOKED_AT) for file in _a_few(source.files)]
        seen, read = sum(each.documents for each in looks), sum(each.bytes for each in looks)
        about = int(seen / max(read, 1) * _size(source) + 0.5)
    return about if most is None else min(about, most)


def _size(source: SourceFiles) -> int:
    """Bytes as stored; files of unknown size are taken to be as large as those of them that are looked at."""
    known = sum(file.bytes for file in source.files)
    unknown = [file for file in source.files if not file.bytes]
    if not unknown:
        return known
    sizes = []
    for file in _a_few(unknown):
        with open_raw(file.path) as opened:
            sizes.append(opened.seek(0, os.SEEK_END))
    return known + sum(sizes) * len(unknown) // len(sizes)


def _a_few(files: Sequence[RawFile]) -> list[RawFile]:
    """The first, the middle and the last."""
    return sorted({files[0], files[len(files) // 2], files[-1]})[:FILES_LOOKED_AT]


class _CountedFile:
    """A raw file that counts the bytes read from it, and ends after so many."""

    def __init__(self, file: BinaryIO, most: int):
        self.bytes_read = 0
        self._file, self._most = file, most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size) if self.bytes_read < self._most else b""
        self.bytes_read += len(data)
        return data

    def __enter__(self) -> "_CountedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
