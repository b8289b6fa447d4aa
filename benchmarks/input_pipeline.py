"""Training records to masked batches: as fast as a TPU v3-8 takes them? Beside reading KoBigBird's padded records.

A step of 32 sequences of 4,096 tokens is estimated at 0.4 s on a v3-8, so its host has to deliver 327,680 tokens a
second, masking included.
"""

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import records_job
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.harness import Findings, Options, Ratio, Work, alternate, run_benchmark
from benchmarks.repeated_corpus import FILES, of_bytes, repeated_with_edits, write_files
from model.config import PretrainConfig
from model.contract.manifest import StageOutput, open_stage

if TYPE_CHECKING:
    import tensorflow as tf

STEP_SECONDS = 0.4
CONFIG = PretrainConfig()
STEP_TOKENS = CONFIG.batch_size * CONFIG.sequence_length
NEEDED = STEP_TOKENS / STEP_SECONDS
OURS, PADDED, STORED = "ours, masked anew", "KoBigBird's, masked anew", "KoBigBird's, read as its trainer does"
_TOKENS_KEY, _NEEDED_KEY = "input_pipeline_tokens_per_s", "needed_tokens_per_s"


def measure(options: Options) -> Findings:
    """Makes records of both kinds and reads each in turn."""
    texts = cleaned_texts(options.data, at_most=1_000_000 if options.short else None)
    some = of_bytes(repeated_with_edits(texts), 1_000_000 if options.short else 20_000_000)
    with tempfile.TemporaryDirectory() as folder:
        documents, vocabulary = Path(folder, "documents"), corpus_config(None).vocabulary.path
        write_files([[(f"{number:07d}", text) for number, text in enumerate(some)]], documents)
        ours = open_stage(records_job.run(documents, str(vocabulary), Path(folder, "ours")).directory)
        padded = _padded_copy(ours, Path(folder, "padded"), str(vocabulary))
        works = {
            name: _reading(batches, options.short)
            for name, batches in ((OURS, _batches(ours)), (PADDED, _batches(padded)), (STORED, _stored_batches(padded)))
        }
        for work in works.values():
            work()
        seconds = alternate(works, rounds=2 if options.short else 7)
    return _findings(seconds, _steps(options.short) * STEP_TOKENS)


def measure_records(directory: str, short: bool) -> dict[str, float]:
    """The rate at which a records directory is read and masked, in tokens (positions) a second; the median of three."""
    work = _reading(_batches(open_stage(directory)), short)
    work()
    times = alternate({OURS: work}, rounds=1 if short else 3)[OURS]
    return {_TOKENS_KEY: round(_steps(short) * STEP_TOKENS / float(np.median(times)))}


def _findings(seconds: Mapping[str, list[float]], tokens: int) -> Findings:
    rates = {name: tokens / float(np.median(times)) for name, times in seconds.items()}
    ratios = {name: Ratio.of(seconds[OURS], times) for name, times in seconds.items() if name != OURS}
    rows = [
        {
            "records": name,
            "tokens/s": round(rate),
            f"times what is needed ({NEEDED:,.0f})": rate / NEEDED,
            "ours is faster by (range over rounds)": str(ratios.get(name, "")),
        }
        for name, rate in rates.items()
    ]
    figures = {
        "benchmark": "input_pipeline",
        _TOKENS_KEY: round(rates[OURS]),
        _NEEDED_KEY: round(NEEDED),
        "ratios": {"over_padded": ratios[PADDED].median, "over_stored": ratios[STORED].median},
    }
    return Findings(
        rows,
        figures,
        [
            "Positions are counted, padding included, as the accelerator sees them. The last row parses fixed lengths "
            "and casts them, and draws no masks: those that were stored are all it gets."
        ],
    )


def _steps(short: bool) -> int:
    return 8 if short else 200


def _reading(batches: Callable[[], "tf.data.Dataset"], short: bool) -> Work:
    """A work that reads so many steps' batches, from the first on, with nothing read ahead."""

    def read() -> None:
        for _ in batches().take(_steps(short)):
            pass

    return read


def _batches(records: StageOutput, rows: int | None = None) -> Callable[[], "tf.data.Dataset"]:
    """As the trainer gets them, from the first step on; `rows` at a time."""
    from model.input_pipeline import training_batches
    from model.masking import PieceTable
    from model.record_files import open_records
    from model.vocabulary_files import read_pieces

    shards = open_records(records, "train")
    table = PieceTable.from_vocabulary(read_pieces(records), shards.format.special_ids)
    return lambda: training_batches(shards, table, CONFIG, 0, rows)


def _stored_batches(padded: StageOutput) -> Callable[[], "tf.data.Dataset"]:
    """What KoBigBird's run_pretraining.py does to a record, and batches of it; without its buffer to shuffle in."""
    import tensorflow as tf

    from model.record_files import open_records

    lengths = {"input_ids": CONFIG.sequence_length, "segment_ids": CONFIG.sequence_length, "next_sentence_labels": 1}
    lengths |= dict.fromkeys(("masked_lm_positions", "masked_lm_ids"), CONFIG.masking.max_predictions)
    fields = {name: tf.io.FixedLenFeature([length], tf.int64) for name, length in lengths.items()}
    fields["masked_lm_weights"] = tf.io.FixedLenFeature([CONFIG.masking.max_predictions], tf.float32)
    paths = list(open_records(padded, "train").paths)

    def parsed(raw: tf.Tensor) -> dict[str, tf.Tensor]:
        found = tf.io.parse_single_example(raw, fields)
        return {name: tf.cast(found[name], tf.int32) if name in lengths else found[name] for name in found}

    def batches() -> tf.data.Dataset:
        files = tf.data.Dataset.from_tensor_slices(paths)
        records = files.interleave(tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)
        rows = records.map(parsed, num_parallel_calls=tf.data.AUTOTUNE).repeat()
        return rows.batch(CONFIG.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    return batches


def _padded_copy(ours: StageOutput, folder: Path, vocabulary: str) -> StageOutput:
    """The same sequences as KoBigBird's script stores them: padded, and with the masks of our first epoch in place."""
    import tensorflow as tf

    from model.kobigbird_records import adopt

    folder.mkdir()
    total = sum(file.records or 0 for file in ours.files(prefix="train-"))
    with contextlib.ExitStack() as opened:
        paths = [str(folder / f"pretrain_data.tfrecord-{number}-of-{FILES}") for number in range(FILES)]
        writers = [opened.enter_context(tf.io.TFRecordWriter(path)) for path in paths]
        for number, row in enumerate(_batches(ours, rows=1)().take(total).as_numpy_iterator()):
            writers[number % FILES].write(_padded_example(row))
    adopt(str(folder), vocabulary)
    return open_stage(str(folder))


def _padded_example(row: Mapping[str, Any]) -> bytes:
    import tensorflow as tf

    integers = {
        "input_ids": row["input_ids"][0],
        "segment_ids": row["segment_ids"][0],
        "masked_lm_positions": row["positions"][0],
        "masked_lm_ids": row["labels"][0],
        "next_sentence_labels": [0],
    }
    features = {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=values)) for name, values in integers.items()
    }
    features["masked_lm_weights"] = tf.train.Feature(float_list=tf.train.FloatList(value=row["weights"][0]))
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
