"""Which worker reads what: raw files cut and put together into pieces of like size."""

import hashlib
import json
import pickle
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.files.find_files import find_files
from beam_jobs.files.raw_files import RawFile, identity
from beam_jobs.files.stretch import Cut, Piece, Stretch
from beam_jobs.sources.formats import cut_file, format_of
from model.contract.errors import SettingError

_MEGABYTE = 1_000_000
_INDEX = "crawl_index"


class SourceFiles(NamedTuple):
    """A source and the raw files to read of it."""

    config: SourceConfig
    files: tuple[RawFile, ...]

    @property
    def is_index(self) -> bool:
        """Whether its files tell which records of other files to read; then ReadDocs itself plans the pieces."""
        return format_of(self.config, self.files[0].name) == _INDEX


def find_sources(sources: Sequence[SourceConfig]) -> list[SourceFiles]:
    """Finds the sources' files and their formats; errors as of `find_files` and `format_of`."""
    found = []
    for source in sources:
        files = find_files(source)
        formats = {format_of(source, file.name) for file in files}
        if _INDEX in formats and len(formats) > 1:
            raise SettingError(
                f"Source {source.name} holds a crawl's index and files of other formats "
                f"({', '.join(sorted(formats - {_INDEX}))}); make them two sources."
            )
        found.append(SourceFiles(source, tuple(files)))
    return found


def plan_pieces(found: Sequence[SourceFiles], config: ReadConfig) -> list[Piece]:
    """Cuts and packs each source's files, in order; the same files and settings give the same pieces.

    A crawl's index gives none here: see `beam_jobs.read_crawl_index`.
    """
    pieces: list[Piece] = []
    for source in found:
        if source.is_index:
            continue
        cuts = [cut for file in source.files for cut in _cuts(file, source.config, config)]
        packed = _pack(cuts, config.piece_megabytes * _MEGABYTE)
        pieces.extend(
            Piece(source.config.name, number, len(packed), stretches) for number, stretches in enumerate(packed)
        )
    return pieces


def packed(pieces: Sequence[Piece]) -> bytes:
    """Pieces as few bytes: those of a month's 90,000 archives exceed the 10 MB that Dataflow takes as a job's graph."""
    return zlib.compress(pickle.dumps(list(pieces)))


def unpacked(pieces: bytes) -> list[Piece]:
    """What `packed` was given."""
    return list(pickle.loads(zlib.decompress(pieces)))


def identities(found: Sequence[SourceFiles], config: ReadConfig) -> dict[str, str]:
    """What the stage reads, by names and contents, never by places; the files of a path list together.

    The plan is part of it: what each written file holds depends on the order of the paths, and on a dump's index.
    """
    known = {"plan": _digest(plan_pieces(found, config))}
    for source in found:
        for file in source.files:
            name = f"{file.listed_in} {file.version}" if file.listed_in else file.name
            key = f"{source.config.name}/{format_of(source.config, file.name)}/{name}"
            if key not in known:
                known[key] = identity(file)
    return known


def _digest(pieces: Sequence[Piece]) -> str:
    """Of pieces, without the places where their files lie."""
    digest = hashlib.sha256()
    for piece in pieces:
        stretches = [tuple(stretch)[1:] for stretch in piece.stretches]
        digest.update(json.dumps([piece.source, stretches], ensure_ascii=False).encode())
    return digest.hexdigest()[:16]


def _cuts(file: RawFile, source: SourceConfig, config: ReadConfig) -> list[Cut]:
    stretch = Stretch(file.path, file.name, format_of(source, file.name))
    target = config.piece_megabytes * _MEGABYTE
    if not file.bytes:  # of unknown size: a piece of its own, and nothing to cut it by
        return [Cut(stretch, target)]
    return cut_file(file, source, stretch, target)


def _pack(cuts: Sequence[Cut], target: int) -> list[tuple[Stretch, ...]]:
    """Neighbours together until the next would not fit; a single one may exceed the target."""
    packed: list[list[Stretch]] = []
    room = 0
    for cut in cuts:
        if not packed or cut.bytes > room:
            packed.append([])
            room = target
        packed[-1].append(cut.stretch)
        room -= cut.bytes
    return [tuple(stretches) for stretches in packed]
