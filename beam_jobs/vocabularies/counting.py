"""CountWords: how often each word stands in the training sample, and each eojeol in what is held aside.

A worker counts a stretch of a file and writes its counts as a small table; the process that launched the job adds the
tables up. No text passes through a shuffle, and none of its words either: of a large sample there are hundreds of
millions, which the trainer needs in one place in the end.
"""

import dataclasses
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.metrics import Metrics

from beam_jobs.config import RunnerConfig
from beam_jobs.document_stretches import Stretch, read_blocks, stretches
from beam_jobs.each_file import InputFile
from beam_jobs.launch import run_job
from beam_jobs.splitting import split_key
from beam_jobs.storage import write_shard
from beam_jobs.vocabularies.sample import REPORT, TRAIN, Shares, place_of, shares_of
from beam_jobs.vocabularies.words import count_eojeols, count_words
from beam_jobs.vocabulary_config import VocabularyConfig
from model.contract import places
from model.contract.manifest import OutputFile

COUNTS = ".counts"
"""Where the tables wait, within the stage's directory; gone when they are added up."""
_SCHEMA = pa.schema([("use", pa.string()), ("source", pa.string()), ("text", pa.string()), ("count", pa.int64())])
_ADDED_AT_ONCE = 32


class Counted(NamedTuple):
    """What a job counted, in order of text, whoever counted it."""

    words: pa.Table
    """`text`, `count`: words of the training sample, of all sources."""
    eojeols: pa.Table
    """`source`, `text`, `count`: eojeols held aside."""
    counters: dict[str, int]
    """vocabulary/SOURCE/USE_documents and USE_bytes, of all text and of what each use took."""


def rows_of(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """A table's rows, which are never all in memory as Python's."""
    for batch in table.to_batches(max_chunksize=1 << 16):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@dataclasses.dataclass
class CountWords(beam.PTransform):
    """Finds out how much text each source has, and counts as much of it as is wanted."""

    config: VocabularyConfig
    weights: Mapping[str, float]
    directory: str

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, files: Any) -> Any:
        """From InputFiles of Documents to the OutputFiles written, a table for each stretch."""
        pieces = (
            files
            | "Stretches" >> beam.FlatMap(lambda file: stretches(file.number, file.path))
            | "Spread" >> beam.Reshuffle()
        )
        shares = (
            pieces
            | "Bytes" >> beam.Map(bytes_by_source)
            | "AllBytes" >> beam.CombineGlobally(_added)
            | "Shares" >> beam.Map(shares_of, self.config, self.weights)
        )
        count = CountFn(self.config.seed, self.directory)
        return pieces | "Count" >> beam.ParDo(count, beam.pvalue.AsSingleton(shares))


class CountFn(beam.DoFn):
    """A Stretch to the table of its counts, which it writes and describes."""

    def __init__(self, seed: int, directory: str):
        self._seed, self._directory = seed, directory

    def process(self, stretch: Stretch, shares: Shares) -> Iterator[OutputFile]:
        """Counts the documents that are wanted."""
        texts = chosen_texts(stretch, shares, self._seed)
        eojeols = {key: count_eojeols(some) for key, some in sorted(texts.items())}
        words: Counter[str] = Counter()
        for (use, _), found in eojeols.items():
            if use == TRAIN:
                words.update(count_words(found))
        held = {(use, source): found for (use, source), found in eojeols.items() if use == REPORT}
        data = _table_bytes({(TRAIN, ""): words} | held)
        yield write_shard(self._directory, f"{COUNTS}/{stretch.file:06d}-{stretch.first:06d}.parquet", data, 0)


def bytes_by_source(stretch: Stretch) -> dict[str, int]:
    """UTF-8 bytes of text."""
    found: dict[str, int] = {}
    for block in read_blocks(stretch):
        for row in block:
            if row.named:
                found[row.source] = found.get(row.source, 0) + len(row.text.encode())
    return found


def chosen_texts(stretch: Stretch, shares: Shares, seed: int) -> dict[tuple[str, str], list[str]]:
    """The texts of each (use, source), which are counted as they are chosen."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in (row for block in read_blocks(stretch) for row in block if row.named):
        use = shares.use_of(row.source, place_of(split_key(row.id, row.metadata), seed))
        _count_document(row.source, "all", row.text)
        if use is not None:
            _count_document(row.source, use, row.text)
            found.setdefault((use, row.source), []).append(row.text)
    return found


def count_corpus(
    files: Sequence[InputFile],
    config: VocabularyConfig,
    weights: Mapping[str, float],
    directory: str,
    runner: RunnerConfig,
) -> Counted:
    """Runs the counting job, and adds up what its workers found.

    Args:
      files: of Documents.
      config: how much is trained and reported on.
      weights: how often a source's documents stand in training, where that is not once.
      directory: the stage's, which is emptied first.
      runner: where to run.

    Raises:
      SettingError: see `shares_of`.
      OutputError: when there is no document.
    """

    def build(pipeline: beam.Pipeline) -> Any:
        every = pipeline | "Files" >> beam.Create(files, reshuffle=False)
        return every | CountWords(config, weights, directory)

    tables, counters = run_job(build, directory, runner)
    total = add_tables(places.join(directory, table.name) for table in tables)
    places.remove_tree(places.join(directory, COUNTS))
    trained = pc.equal(total["use"], TRAIN)
    words = total.filter(trained).select(["text", "count"])
    return Counted(words, total.filter(pc.invert(trained)).drop_columns("use"), counters)


def add_tables(paths: Iterable[str]) -> pa.Table:
    """The sum of tables of counts, in order of use, source and text."""
    keys = ["use", "source", "text"]
    total, waiting = _SCHEMA.empty_table(), []
    for path in [*paths, None]:
        if path is not None:
            waiting.append(pq.read_table(io.BytesIO(places.read_bytes(path)), schema=_SCHEMA))
        if path is None or len(waiting) == _ADDED_AT_ONCE:
            # A few at a time: all of them at once would be as large as the sample.
            added = pa.concat_tables([total, *waiting]).group_by(keys).aggregate([("count", "sum")])
            total, waiting = added.rename_columns([*keys, "count"]), []
    return total.sort_by([(key, "ascending") for key in keys])


def _table_bytes(counts: Mapping[tuple[str, str], Counter[str]]) -> bytes:
    rows = [(use, source, text, number) for (use, source), found in counts.items() for text, number in found.items()]
    columns = zip(*sorted(rows), strict=True) if rows else [[], [], [], []]
    sink = io.BytesIO()
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), sink, compression="zstd")
    return sink.getvalue()


def _count_document(source: str, use: str, text: str) -> None:
    Metrics.counter("vocabulary", f"{source}/{use}_documents").inc()
    Metrics.counter("vocabulary", f"{source}/{use}_bytes").inc(len(text.encode()))


def _added(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for source, number in part.items():
            total[source] = total.get(source, 0) + number
    return total
