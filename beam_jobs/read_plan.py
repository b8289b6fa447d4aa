"""Which worker reads what: raw files cut and put together into pieces of like size."""

from collections.abc import Sequence
from typing import NamedTuple

from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.sources.formats import FORMATS, format_of
from beam_jobs.sources.raw_files import RawFile, find_files, identity
from beam_jobs.sources.stretch import Cut, Piece, Stretch

_MEGABYTE = 1_000_000


class SourceFiles(NamedTuple):
    """A source and the raw files to read of it."""

    config: SourceConfig
    files: tuple[RawFile, ...]


def find_sources(sources: Sequence[SourceConfig]) -> list[SourceFiles]:
    """Finds the sources' files and their formats; errors as of `find_files` and `format_of`."""
    found = []
    for source in sources:
        files = find_files(source.name, source.paths)[: source.limits.max_files]
        for file in files:
            format_of(source, file.name)
        found.append(SourceFiles(source, tuple(files)))
    return found


def plan_pieces(found: Sequence[SourceFiles], config: ReadConfig) -> list[Piece]:
    """Cuts and packs each source's files, in order; the same files and settings give the same pieces."""
    pieces: list[Piece] = []
    for source in found:
        cuts = [cut for file in source.files for cut in _cuts(file, source.config, config)]
        packed = _pack(cuts, config.piece_megabytes * _MEGABYTE)
        pieces.extend(
            Piece(source.config.name, number, len(packed), stretches) for number, stretches in enumerate(packed)
        )
    return pieces


def identities(found: Sequence[SourceFiles]) -> dict[str, str]:
    """What the stage reads, by names and contents, never by places."""
    return {
        f"{source.config.name}/{format_of(source.config, file.name)}/{file.name}": identity(file.path)
        for source in found
        for file in source.files
    }


def _cuts(file: RawFile, source: SourceConfig, config: ReadConfig) -> list[Cut]:
    format_name = format_of(source, file.name)
    stretch = Stretch(file.path, file.name, format_name)
    return FORMATS[format_name].cut(file, source, stretch, config.piece_megabytes * _MEGABYTE)


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
