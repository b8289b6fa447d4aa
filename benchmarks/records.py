"""Documents to training records: ours beside KoBigBird's create_pretraining_data.py, on the same text.

`--kobigbird` names a clone of monologg/KoBigBird; without it ours is measured alone. The script gets lines of .txt: it
reads its other format, ko_lm_dataformat, no faster, and given whole documents there it loses more of them.
"""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import input_pipeline, kobigbird_script, records_job
from benchmarks.corpus_text import cleaned_texts, corpus_config, megabytes
from benchmarks.harness import Findings, Options, run_benchmark
from benchmarks.kobigbird_script import KoBigBird
from benchmarks.repeated_corpus import FILES, of_bytes, repeated_with_edits, write_bytes_of, write_files
from model.config import PretrainConfig
from model.contract.manifest import open_stage
from model.contract.tfrecord import StoredRecord, TfrecordReader
from model.example_fields import example_fields
from model.packed_record import PackedRecord

OURS, THEIRS = "ours", "create_pretraining_data.py"
LENGTH = PretrainConfig().sequence_length
_DUPE_FACTOR = 3
"""As published: how often the script writes each text, with other masks."""
_BESIDE_BYTES, _SCALED_BYTES = 50_000_000, 1_000_000_000
_FEW_BYTES, _FEWEST_BYTES = 1_000_000, 300_000
_AT_ONCE = 512
"""Texts that a reference tokenizer gets at a time."""


class Written(NamedTuple):
    """What one side made of the texts."""

    seconds: float
    """The median of its rounds."""
    peak_bytes: int
    records: int
    tokens: int
    """Of text."""
    positions: int
    """Filled, special tokens included."""
    kept: float
    """Its tokens over those of the texts by a reference tokenizer."""
    bytes_per_token: float
    """Of a token of the texts."""

    @property
    def padding(self) -> float:
        """The share of positions that are empty."""
        return 1 - self.positions / (self.records * LENGTH)


def measure(options: Options) -> Findings:
    """Speed, size and what is kept on 50 MB; two processes on 1 GB; reading what was made."""
    texts = cleaned_texts(options.data, at_most=_FEW_BYTES if options.short else None)
    beside = list(of_bytes(repeated_with_edits(texts), _FEW_BYTES if options.short else _BESIDE_BYTES))
    size = megabytes(beside)
    with tempfile.TemporaryDirectory() as folder:
        directory, written = _side_by_side(beside, Path(folder), options)
        reading = input_pipeline.measure_records(directory, short=options.short)
    scaling, how = _scaling(texts, 3 * _FEW_BYTES if options.short else _SCALED_BYTES)
    figures = {**_figures(written), "two_process_scaling": _rounded(scaling), **reading}
    return Findings(
        [_row(name, found, size) for name, found in written.items()],
        {"benchmark": "records", **figures},
        [
            f"{len(beside):,} documents, {size:.1f} MB of UTF-8 (real texts, repeated with edits where they are not "
            "enough), one process each, from the first read to the last byte, imports aside. Ours reads Parquet, "
            "shuffles globally and writes its manifest within that time; the script reads lines and shuffles nothing. "
            f"Its bytes a token are those of its published dupe_factor of {_DUPE_FACTOR}, its seconds those of 1. "
            "Memory: the most that all processes of a run hold at once.",
            how,
        ],
    )


def _side_by_side(texts: Sequence[str], folder: Path, options: Options) -> tuple[str, dict[str, Written]]:
    """Both on the same texts, in turn; and the directory of our records."""
    clone = options.folders.get("kobigbird")
    documents, lines = folder / "documents", folder / "lines"
    numbered = [(f"{number:07d}", text) for number, text in enumerate(texts)]
    write_files([numbered[file::FILES] for file in range(FILES)], documents)
    _write_lines(texts, lines)
    script = KoBigBird(clone) if clone else None
    ours: list[records_job.Run] = []
    theirs: list[kobigbird_script.Run] = []
    for number in range(1 if options.short else 2):
        ours.append(records_job.run(documents, _vocabulary(), folder / f"ours-{number}-before"))
        if script:
            theirs.append(script.run(lines, folder / f"theirs-{number}"))
        if not options.short:
            ours.append(records_job.run(documents, _vocabulary(), folder / f"ours-{number}-after"))
    written = {OURS: _ours(texts, ours)}
    if script:
        written[THEIRS] = _theirs(texts, theirs, script, folder)
    return ours[-1].directory, written


def _ours(texts: Sequence[str], runs: Sequence[records_job.Run]) -> Written:
    records = [record for path in open_stage(runs[-1].directory).paths(suffix=".tfrecord") for record in _read(path)]
    text = sum(piece.tokens for record in records for piece in record.pieces)
    tokens = _tokens(texts, _reference_tokenizer(Path(_vocabulary()).parent, split_special_tokens=True))
    return Written(
        statistics.median(run.seconds for run in runs),
        max(run.peak_bytes for run in runs),
        len(records),
        text,
        sum(len(record.input_ids) for record in records),
        text / tokens,
        _size(Path(runs[-1].directory)) / tokens,
    )


def _theirs(texts: Sequence[str], runs: Sequence[kobigbird_script.Run], script: KoBigBird, folder: Path) -> Written:
    lengths = kobigbird_script.text_lengths(runs[-1].directory)
    lines = [line.strip() for text in texts for line in text.split("\n") if line.strip()]
    tokens = _tokens(lines, _reference_tokenizer(script.tokenizer))
    return Written(
        statistics.median(run.seconds for run in runs),
        max(run.peak_bytes for run in runs),
        len(lengths),
        sum(lengths),
        sum(lengths) + 2 * len(lengths),
        sum(lengths) / tokens,
        _size(runs[-1].directory) * _dupes(texts, script, folder) / tokens,
    )


def _dupes(texts: Sequence[str], script: KoBigBird, folder: Path) -> float:
    """What the published dupe_factor multiplies the script's bytes by, from a small part of the text."""
    lines = folder / "few"
    _write_lines(list(of_bytes(iter(texts), _FEWEST_BYTES)), lines)
    sizes = [_size(script.run(lines, folder / f"few-{dupes}", dupes).directory) for dupes in (1, _DUPE_FACTOR)]
    return sizes[1] / sizes[0]


def _figures(written: dict[str, Written]) -> dict[str, float | None]:
    """Those that need the script are None without it; what is kept is not rounded, so that a lost token shows."""
    ours, theirs = written[OURS], written.get(THEIRS)
    return {
        "speedup": _rounded(theirs.seconds / ours.seconds) if theirs else None,
        "bytes_per_token_ratio": _rounded(ours.bytes_per_token / theirs.bytes_per_token) if theirs else None,
        "tokens_kept": ours.kept,
        "tokens_kept_kobigbird": theirs.kept if theirs else None,
        "padding_share": _rounded(ours.padding),
    }


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.4g}")


def _row(name: str, found: Written, size: float) -> dict[str, Any]:
    return {
        "": name,
        "seconds": found.seconds,
        "MB/s": size / found.seconds,
        "tokens/s": round(found.tokens / found.seconds),
        "records": found.records,
        "tokens kept": f"{found.kept:.4%}",
        "padding": f"{found.padding:.2%}",
        "bytes a token": found.bytes_per_token,
        "GB of memory": found.peak_bytes / 1e9,
    }


def _scaling(texts: Sequence[str], size: int) -> tuple[float, str]:
    """How many times as fast two processes are as one, what the smallest corpus takes being aside; and from what."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        write_files([[(f"{file:07d}", texts[file % len(texts)])] for file in range(FILES)], small)
        write_bytes_of(texts, large, size)
        seconds = {
            (documents, processes): records_job.run(
                documents, _vocabulary(), Path(folder, f"{documents.name}-{processes}"), processes
            ).seconds
            for documents in (small, large)
            for processes in (1, 2)
        }
    one, two = (seconds[large, processes] - seconds[small, processes] for processes in (1, 2))
    return one / max(two, 1e-3), (
        f"Two processes: {size / 1e6:,.0f} MB took {seconds[large, 1]:.1f} s in one process and "
        f"{seconds[large, 2]:.1f} s in two, of which {seconds[small, 1]:.1f} s and {seconds[small, 2]:.1f} s are what "
        f"{FILES} documents take; {size / 1e6 / one:.1f} and {size / 1e6 / max(two, 1e-3):.1f} MB/s without those."
    )


def _read(path: str) -> list[PackedRecord]:
    with open(path, "rb") as file:
        found = list(TfrecordReader(file, Path(path).stat().st_size))
    return [PackedRecord.of(example_fields(record.data)) for record in found if isinstance(record, StoredRecord)]


def _write_lines(texts: Sequence[str], folder: Path) -> None:
    folder.mkdir()
    (folder / "texts.txt").write_text("\n\n".join(texts))


def _reference_tokenizer(folder: Path, **options: Any) -> Callable[[Sequence[str]], list[list[int]]]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), **options)
    return lambda texts: tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]


def _tokens(texts: Sequence[str], tokenize: Callable[[Sequence[str]], list[list[int]]]) -> int:
    parts = (texts[first : first + _AT_ONCE] for first in range(0, len(texts), _AT_ONCE))
    return sum(len(ids) for part in parts for ids in tokenize(part))


def _size(directory: Path) -> int:
    """Of the records alone."""
    return sum(path.stat().st_size for path in directory.iterdir() if ".tfrecord" in path.name)


def _vocabulary() -> str:
    path = corpus_config(None).vocabulary.path
    assert path
    return path


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure, {"kobigbird": "a clone of monologg/KoBigBird, to measure beside"})
