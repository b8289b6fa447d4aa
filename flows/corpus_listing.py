"""What a preset's sources hold, without writing anything: estimated from a look, or counted."""

import collections
import itertools
from typing import Any

from beam_jobs.config import ReadConfig
from beam_jobs.read_crawl_index import pieces_of_index
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_estimate import estimate_sources
from beam_jobs.read_plan import find_sources, plan_pieces
from flows.tables import Row


def estimate_corpus(config: ReadConfig) -> list[Row]:
    """A row for each source: files, bytes, pieces, about how many documents, and the paths."""
    found = find_sources(config.sources)
    return [dict(estimate._asdict()) for estimate in estimate_sources(found, config)]


def count_corpus(config: ReadConfig) -> list[Row]:
    """The same after reading everything: how many documents, and how many records of each other fate."""
    found = find_sources(config.sources)
    counts: dict[str, collections.Counter[str]] = {source.config.name: collections.Counter() for source in found}
    settings = {source.config.name: source.config for source in found}
    indexed = (pieces_of_index(each.config, [file.path for file in each.files]) for each in found if each.is_index)
    for piece in itertools.chain(plan_pieces(found, config), *indexed):
        reading = PieceReading(piece, settings[piece.source], dead_letters=0)
        for _ in reading.documents():
            pass
        counts[piece.source] += reading.counts
    return [_counted(row, counts[row["source"]]) for row in estimate_corpus(config)]


def _counted(row: dict[str, Any], counts: collections.Counter[str]) -> Row:
    others = [f"{name} {count:,}" for name, count in sorted(counts.items()) if name != "documents"]
    return row | {"documents": counts["documents"], "others": others}
