"""Reads stretches of raw files, each by its format's reader, wherever they lie."""

import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord
from beam_jobs.files.fetching import MissingFile
from beam_jobs.files.raw_files import open_raw
from beam_jobs.files.stretch import Piece, Stretch
from beam_jobs.sources.crawl.fetch_records import fetch_records
from beam_jobs.sources.formats import FORMATS, read_stretch
from beam_jobs.sources.outcome import Outcome
from model.contract.errors import InputError

_MISSING = "missing_archive"


Opener = Callable[[str], BinaryIO]


def read_stretches(
    stretches: Sequence[Stretch], source: SourceConfig, open_file: Opener = open_raw
) -> Iterator[Outcome]:
    """Yields an outcome for each record, in order; a file that is not there, or closed to us, is one bad record.

    Files are opened with `open_file`, but for an index's pages, which are fetched.

    Raises:
      InputError: when a file that is there cannot be read in spite of retries: the work is to be done again later.
    """
    for format_name, same in itertools.groupby(stretches, key=lambda stretch: stretch.format):
        if format_name == "crawl_index":
            yield from _read_pages(list(same), source)
        else:
            yield from _read_files(same, source, open_file)


def refuse_missing_archives(counters: Mapping[str, int], pieces: Sequence[Piece], limit: float) -> None:
    """Looks at how many of each source's stretches could not be opened.

    Each counts as one bad record, and holds thousands: among all records they would never exceed a limit.

    Raises:
      InputError: when they are more than `limit` of them.
    """
    for source, own in itertools.groupby(pieces, key=lambda piece: piece.source):
        missing = counters.get(f"read_docs/{source}/bad_{_MISSING}", 0)
        stretches = sum(len(piece.stretches) for piece in own)
        if missing > limit * stretches:
            raise InputError(
                f"{missing:,} of {stretches:,} archives of source {source} are missing or closed to this machine, more "
                f"than read.max_bad_share {limit} allows; correct the source's paths or base, or raise it."
            )


def _read_files(stretches: Iterable[Stretch], source: SourceConfig, open_file: Opener) -> Iterator[Outcome]:
    for stretch in stretches:
        try:
            with open_file(stretch.path) as file:
                yield from read_stretch(file, source, stretch)
        except MissingFile as error:
            yield _missing(stretch, source, error)


def _read_pages(stretches: Sequence[Stretch], source: SourceConfig) -> Iterator[Outcome]:
    """Single records out of many archives, named by an index."""
    for stretch, data in fetch_records(stretches, source.fetch):
        if isinstance(data, MissingFile):
            yield _missing(stretch, source, data)
        else:
            here = stretch._replace(start=0, end=len(data))
            yield from FORMATS[stretch.format].read(io.BytesIO(data), source, here)


def _missing(stretch: Stretch, source: SourceConfig, error: MissingFile) -> BadRecord:
    return BadRecord(source.name, stretch.name, "", _MISSING, str(error))
