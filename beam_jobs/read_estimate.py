"""How much there is to read: files and bytes as they are listed, documents from a look at the beginnings of a few."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO, NamedTuple, cast

from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import SourceFiles, plan_pieces
from beam_jobs.sources.formats import format_of
from beam_jobs.sources.raw_files import RawFile, open_raw
from beam_jobs.sources.stretch import Piece, Stretch

FILES_LOOKED_AT = 3
DOCUMENTS_LOOKED_AT = 200
"""Of each file looked at, unless it has fewer."""


class SourceEstimate(NamedTuple):
    """What reading a source would mean."""

    source: str
    kind: str
    formats: tuple[str, ...]
    files: int
    bytes: int
    """As stored; of files whose size is not known beforehand, none."""
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
            bytes=sum(file.bytes or 0 for file in files),
            pieces=sum(piece.source == config_of.name for piece in pieces),
            documents=_documents(source),
            paths=tuple(file.path for file in files),
        )


def _documents(source: SourceFiles) -> int:
    config, files = source
    looked_at = {files[0], files[len(files) // 2], files[-1]}
    looks = [_look(file, config) for file in sorted(looked_at)[:FILES_LOOKED_AT]]
    seen, read = (sum(column) for column in zip(*looks, strict=True))
    known = sum(file.bytes or 0 for file in files)
    about = int(seen / max(read, 1) * known + 0.5)
    return about if config.limits.max_documents is None else min(about, config.limits.max_documents)


def _look(file: RawFile, config: SourceConfig) -> tuple[int, int]:
    """Documents at the beginning of a file, and how many of its bytes they took."""
    unlimited = config.model_copy(update={"limits": config.limits.model_copy(update={"max_documents": None})})
    stretch = Stretch(file.path, file.name, format_of(config, file.name))
    counted = _CountedFile(open_raw(file.path))
    reading = PieceReading(
        Piece(config.name, 0, 1, (stretch,)), unlimited, dead_letters=0, open_file=lambda _: cast(BinaryIO, counted)
    )
    documents = reading.documents()
    with closing(counted):
        seen = sum(1 for _ in itertools.islice(documents, DOCUMENTS_LOOKED_AT))
        whole = next(documents, None) is None
    return (seen, file.bytes or counted.bytes_read) if whole else (seen, counted.bytes_read)


class _CountedFile:
    """A raw file that counts the bytes that are read from it."""

    def __init__(self, file: BinaryIO):
        self.bytes_read = 0
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.bytes_read += len(data)
        return data

    def __enter__(self) -> "_CountedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        for line in self._file:
            self.bytes_read += len(line)
            yield line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
