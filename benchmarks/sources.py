"""Raw sources to Documents: how fast each format is read, beside the bare libraries, and how well pages are extracted.

The table reads every source of a folder (`--data`; the sample if left out) by the job that the `read` stage runs, in
one process and in two, repeating small sources until they take some seconds. The ratios compare the job in one process
with a loop over the bare libraries, both from raw files to Parquet, in turn, by CPU time.
"""

import itertools
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from beam_jobs.config import ReadConfig, RunnerConfig, SourceConfig
from beam_jobs.read_docs import read_documents
from beam_jobs.read_plan import find_sources
from beam_jobs.sources.formats import format_of
from benchmarks.bare_libraries import Row as BareRow
from benchmarks.bare_libraries import bare_nikl, bare_warc, bare_wiki, write_rows
from benchmarks.extraction import measure_extraction
from benchmarks.harness import Findings, Options, Ratio, alternate, run_benchmark
from benchmarks.raw_corpus import plain_bytes, sources_in
from flows.config import load_run_config
from flows.tables import Row
from model.contract.stage import Made

ENOUGH_SECONDS = 12.0
ENOUGH_SECONDS_IN_SHORT = 4.0
"""What a source is repeated to take, so that starting a job matters little."""
SMALL_PIECES = 4
"""Megabytes: pieces for two processes to share even of little."""
MOST_COPIES = 200
Bare = Callable[[Sequence[str]], Iterator[BareRow]]
BARE: dict[str, tuple[str, Bare]] = {
    "warc_ratio": ("warc", bare_warc),
    "wiki_ratio": ("mediawiki", bare_wiki),
    "nikl_ratio": ("nikl", bare_nikl),
}
WHAT = {
    "warc_ratio": "fastwarc and resiliparse",
    "wiki_ratio": "ElementTree and mwparserfromhell",
    "nikl_ratio": "json",
}


def measure(options: Options) -> Findings:
    """The table of the folder's sources, the ratios, and extraction's precision and recall."""
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder), options.short)
        sources = _sources(options)
        rows = [bench.row(source) for source in sources]
        ratios = {name: bench.ratio(sources, *BARE[name]) for name in BARE}
    quality = measure_extraction()
    beside = [
        {"format": format_name, "beside": WHAT[name], "ours is as fast by (range over rounds)": str(ratios[name] or "")}
        for name, (format_name, _) in BARE.items()
    ]
    figures = {name: ratio.median if ratio else None for name, ratio in ratios.items()}
    return Findings(
        rows,
        {"benchmark": "sources", **figures, **quality.figures},
        [
            "MB: raw bytes, decompressed, over the wall time of a whole job, its start included: starting two "
            "processes takes seconds. Dropped: the share of records that gave no document, by reason. Ratios: the job "
            "in one process beside a loop over the libraries, both from the same files to Parquet; CPU time."
        ],
        {"Beside the bare libraries": beside, "Main content of annotated pages": quality.rows},
    )


class _Bench:
    """Runs reading jobs in folders of their own."""

    def __init__(self, folder: Path, short: bool):
        self._folder, self._short = folder, short
        self._made = itertools.count()

    def row(self, source: SourceConfig) -> Row:
        """A source's line in the table; it is repeated until it takes some seconds."""
        once = self.read(source, processes=1)
        began = time.process_time()
        self.read(source, processes=1)  # what is loaded but once is loaded by now
        copies = 1 if self._short else self._copies(time.process_time() - began)
        repeated = self.repeated(source, copies)
        megabytes = sum(map(plain_bytes, source.paths)) / 1e6
        return {
            "source": source.name,
            "format": _format(source) or "within " + "".join(Path(source.paths[0]).suffixes),
            "files": len(source.paths),
            "documents": once.counters[f"read_docs/{source.name}/documents"],
            "MB stored": sum(os.path.getsize(path) for path in source.paths) / 1e6,
            "MB": megabytes,
            "copies": copies,
            "MB/s, one core": megabytes * copies / self._seconds(repeated, 1),
            "MB/s per core, two": megabytes * copies / self._seconds(repeated, 2) / 2 if not self._short else "",
            "dropped": _dropped(once) or "none",
        }

    def _seconds(self, source: SourceConfig, processes: int) -> float:
        began = time.perf_counter()
        self.read(source, processes, SMALL_PIECES)
        return time.perf_counter() - began

    def ratio(self, sources: Sequence[SourceConfig], format_name: str, bare: Bare) -> Ratio | None:
        """Our speed over the bare library's on all sources of a format; None where there is none."""
        paths = [path for source in sources if _format(source) == format_name for path in source.paths]
        if not paths:
            return None
        kind = next(source.kind for source in sources if _format(source) == format_name)
        output = str(self._new_folder())
        write_rows(bare(paths), output)
        began = time.process_time()
        write_rows(bare(paths), output)  # what is loaded but once is loaded by now
        copies = self._copies(time.process_time() - began)
        both = self.repeated(SourceConfig(kind=kind, format=format_name, paths=tuple(paths)), copies)
        works = {"ours": lambda: self.read(both, processes=1), "bare": lambda: write_rows(bare(both.paths), output)}
        seconds = alternate(works, rounds=1 if self._short else 3, clock=time.process_time)
        return Ratio.of(seconds["ours"], seconds["bare"])

    def read(self, source: SourceConfig, processes: int, piece_megabytes: int = 64) -> Made:
        """The reading job."""
        config = ReadConfig(sources=(source,), max_bad_share=1.0, piece_megabytes=piece_megabytes)
        found = find_sources(config.sources)
        return read_documents(found, config, str(self._new_folder()), RunnerConfig(processes=processes))

    def repeated(self, source: SourceConfig, copies: int) -> SourceConfig:
        """The source with each file so often, under other names."""
        if copies == 1:
            return source
        folder = self._new_folder()
        folder.mkdir()
        links = [folder / f"{copy:03d}-{Path(path).name}" for copy in range(copies) for path in source.paths]
        for link, path in zip(links, source.paths * copies, strict=True):
            link.symlink_to(Path(path).resolve())
        return source.model_copy(update={"paths": tuple(map(str, links))})

    def _copies(self, seconds: float) -> int:
        enough = ENOUGH_SECONDS_IN_SHORT if self._short else ENOUGH_SECONDS
        return min(MOST_COPIES, math.ceil(enough / max(seconds, 1e-3)))

    def _new_folder(self) -> Path:
        return self._folder / str(next(self._made))


def _sources(options: Options) -> list[SourceConfig]:
    if options.data is not None:
        return [SourceConfig.model_validate(source) for source in sources_in(options.data)]
    sources = load_run_config("tiny").corpus.read.sources
    return [
        source.model_copy(update={"paths": tuple(file.path for file in found.files)})
        for source, found in zip(sources, find_sources(sources), strict=True)
    ]


def _format(source: SourceConfig) -> str:
    return format_of(source, Path(source.paths[0]).name)


def _dropped(made: Made) -> str:
    counts = {name.rpartition("/")[2]: value for name, value in made.counters.items()}
    records = {name: value for name, value in counts.items() if name.startswith(("documents", "skipped_", "bad_"))}
    all_records = sum(records.values())
    others = sorted(((value, name) for name, value in records.items() if name != "documents"), reverse=True)
    return ", ".join(f"{name.partition('_')[2]} {value / all_records:.1%}" for value, name in others)


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
