"""What one worker reads at a time: stretches of raw files, and pieces made of them."""

from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of a raw file: the records that begin in [start, end)."""

    path: str
    """Where the file lies; never part of an id."""
    name: str
    """What ids and dead letters call it: the same wherever it lies. A container's member adds its own name."""
    format: str
    """A format of beam_jobs.config, or "" where a container's members tell by their names."""
    start: int = 0
    """In bytes as stored, but for Parquet (row groups) and zip (members)."""
    end: int | None = None
    """None: the file's end."""


class Cut(NamedTuple):
    """A stretch, and about how many stored bytes it takes to read it."""

    stretch: Stretch
    bytes: int


class Piece(NamedTuple):
    """What becomes one Parquet file of Documents."""

    source: str
    number: int
    pieces: int
    """How many this source has."""
    stretches: tuple[Stretch, ...]

    @property
    def file_name(self) -> str:
        """For example "documents-news-00002-of-00064.parquet"."""
        return f"documents-{self.source}-{self.number:05d}-of-{self.pieces:05d}.parquet"
