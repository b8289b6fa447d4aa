"""PagesOfIndex: a crawl's index to pieces of work, each the pages of some of its archives."""

import dataclasses
import itertools
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from beam_jobs.config import SourceConfig
from beam_jobs.files.raw_files import open_raw
from beam_jobs.files.stretch import Piece, Stretch
from beam_jobs.sources.crawl.crawl_index import Location, count_row_groups, select_pages
from beam_jobs.storage import GroupShards
from model.contract import places

log = logging.getLogger("kobigbird")


@dataclasses.dataclass
class PagesOfIndex(beam.PTransform):
    """Selects pages by an index and groups them by archive: a piece for each bucket, those without a page included."""

    source: SourceConfig
    paths: Sequence[str]
    """Of the index's files."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pbegin: beam.pvalue.PBegin) -> Any:
        """From the start of a pipeline to Pieces."""
        return (
            pbegin
            | "IndexFiles" >> beam.Create(self.paths, reshuffle=False)
            | "SpreadFiles" >> beam.Reshuffle()
            | "RowGroups" >> beam.FlatMap(_row_groups)
            | "SpreadRowGroups" >> beam.Reshuffle()
            | "Select" >> beam.ParDo(SelectPagesFn(self.source))
            | "ByArchive" >> GroupShards(self.source.buckets)
            | "ToPiece" >> beam.Map(piece_of, self.source)
        )


class SelectPagesFn(beam.DoFn):
    """The selected pages of a row group, by bucket."""

    def __init__(self, source: SourceConfig):
        self.source = source

    def process(self, element: tuple[str, int]) -> Iterator[tuple[int, list[Location]]]:
        """Yields a bucket's pages together: one by one, they would cost more to pass on than to select."""
        path, group = element
        with open_raw(path) as file:
            selected = select_pages(file, path, group, self.source)
        self._count("index_rows", selected.rows)
        self._count("index_bytes", selected.bytes)
        self._count("selected_rows", len(selected.locations))
        self._count("selected_bytes", selected.selected_bytes)
        by_bucket: dict[int, list[Location]] = {}
        for location in selected.locations:
            bucket = zlib.crc32(location.archive.encode()) % self.source.buckets
            by_bucket.setdefault(bucket, []).append(location)
        yield from by_bucket.items()

    def _count(self, name: str, value: int) -> None:
        Metrics.counter("read_docs", f"{self.source.name}/{name}").inc(value)


def piece_of(bucket_and_pages: tuple[int, Iterable[Iterable[Location]]], source: SourceConfig) -> Piece:
    """A bucket's pages, each once, in the order in which they lie in their archives."""
    bucket, groups = bucket_and_pages
    locations = sorted(set(itertools.chain.from_iterable(groups)))
    paths = {archive: places.join(source.base, archive) for archive, _, _ in locations}
    stretches = (
        Stretch(paths[archive], f"{archive}:{offset}", "crawl_index", offset, offset + length)
        for archive, offset, length in locations
    )
    return Piece(source.name, bucket, source.buckets, tuple(stretches))


def pieces_of_index(source: SourceConfig, paths: Sequence[str]) -> Iterator[Piece]:
    """The pieces that PagesOfIndex makes, without a job."""
    select = SelectPagesFn(source)
    pages: dict[int, list[list[Location]]] = {bucket: [] for bucket in range(source.buckets)}
    for element in itertools.chain.from_iterable(map(_row_groups, paths)):
        for bucket, locations in select.process(element):
            pages[bucket].append(locations)
    return (piece_of(bucket_and_pages, source) for bucket_and_pages in pages.items())


def log_shares(counters: Mapping[str, int], sources: Iterable[str]) -> None:
    """Says which share of a crawl was selected by its index."""
    for source in sources:
        rows, chosen, size, chosen_size = (
            counters.get(f"read_docs/{source}/{name}", 0)
            for name in ("index_rows", "selected_rows", "index_bytes", "selected_bytes")
        )
        log.info(
            f"read: {source}: the index named {chosen:,} of {rows:,} records, {chosen_size / 1e6:,.1f} of "
            f"{size / 1e6:,.1f} MB ({chosen_size / max(size, 1):.2%})"
        )


def _row_groups(path: str) -> Iterator[tuple[str, int]]:
    with open_raw(path) as file:
        groups = count_row_groups(file, path)
    return ((path, group) for group in range(groups))
