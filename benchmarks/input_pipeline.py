"""Training records to masked batches: as fast as a TPU v3-8 takes them? Beside reading KoBigBird's padded records.

A step of 32 sequences of 4,096 tokens is estimated at 0.4 s on a v3-8, so its host has to deliver 327,680 tokens a
second, masking included.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import records_job
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.harness import Findings, Options, Ratio, alternate, run_benchmark
from benchmarks.repeated_corpus import of_bytes, repeated_with_edits, write_files
from model.config import PretrainConfig
from model.contract.manifest import StageOutput, open_stage

STEP_SECONDS = 0.4
CONFIG = PretrainConfig()
STEP_TOKENS = CONFIG.batch_size * CONFIG.sequence_length
NEEDED = STEP_TOKENS / STEP_SECONDS
OURS, PADDED, UNMASKED = "ours, masked anew", "KoBigBird's, masked anew", "KoBigBird's, its stored masks"
_TOKENS_KEY, _NEEDED_KEY = "input_pipeline_tokens_per_s", "needed_tokens_per_s"


def measure(options: Options) -> Findings:
    """Makes records of both kinds and reads each in turn."""
    texts = cleaned_texts(options.data, at_most=1_000_000 if options.short else None)
    some = list(of_bytes(repeated_with_edits(texts), 1_000_000 if options.short else 20_000_000))
    with tempfile.TemporaryDirectory() as folder:
        documents, vocabulary = Path(folder, "documents"), corpus_config(None).vocabulary.path
        write_files([[(f"{number:07d}", text) for number, text in enumerate(some)]], documents)
        ours = open_stage(records_job.run(documents, str(vocabulary), Path(folder, "ours")).directory)
        padded = _padded_copy(ours, Path(folder, "padded"), str(vocabulary))
        works = {
            OURS: _reading(ours, CONFIG, options.short),
            PADDED: _reading(padded, CONFIG, options.short),
            UNMASKED: _reading(padded, _stored(CONFIG), options.short),
        }
        for work in works.values():
            work()
        seconds = alternate(works, rounds=2 if options.short else 7)
    tokens = _steps(options.short) * STEP_TOKENS
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
        "ratios": {"over_padded": ratios[PADDED].median, "over_stored": ratios[UNMASKED].median},
    }
    return Findings(rows, figures, ["Positions are counted, padding included, as the accelerator sees them."])


def measure_records(directory: str, short: bool) -> dict[str, float]:
    """The rate at which a records directory is read and masked, in tokens (positions) a second; the median of three."""
    work = _reading(open_stage(directory), CONFIG, short)
    work()
    times = alternate({OURS: work}, rounds=1 if short else 3)[OURS]
    return {_TOKENS_KEY: round(_steps(short) * STEP_TOKENS / float(np.median(times)))}


def _steps(short: bool) -> int:
    return 8 if short else 200


def _reading(records: StageOutput, config: PretrainConfig, short: bool) -> Callable[[], None]:
    """A work that reads so many steps' batches, from the first on, with nothing read ahead."""
    from model.input_pipeline import training_batches
    from model.masking import PieceTable
    from model.record_files import open_records

    shards = open_records(records, "train")
    pieces = Path(records.directory, "vocab.txt").read_text().splitlines()
    table = PieceTable.from_vocabulary(pieces, shards.format.special_ids)

    def read() -> None:
        for _ in training_batches(shards, table, config, 0).take(_steps(short)):
            pass

    return read


def _stored(config: PretrainConfig) -> PretrainConfig:
    return config.model_copy(update={"masking": config.masking.model_copy(update={"stored": True})})


def _padded_copy(ours: StageOutput, folder: Path, vocabulary: str) -> StageOutput:
    """The same sequences as KoBigBird's script would store them: padded, with 614 masks of single tokens."""
    import tensorflow as tf

    from model.kobigbird_records import adopt

    folder.mkdir()
    generator = np.random.default_rng(42)
    for number, path in enumerate(ours.paths(prefix="train-")):
        with tf.io.TFRecordWriter(str(folder / f"pretrain_data.tfrecord-{number}-of-8")) as writer:
            for ids in _sequences(path):
                writer.write(_padded(ids, generator))
    adopt(str(folder), vocabulary)
    return open_stage(str(folder))


def _sequences(path: str) -> Iterator[np.ndarray]:
    import tensorflow as tf

    for raw in tf.data.TFRecordDataset(path).as_numpy_iterator():
        yield np.array(tf.train.Example.FromString(raw).features.feature["input_ids"].int64_list.value)


def _padded(ids: np.ndarray, generator: np.random.Generator) -> bytes:
    import tensorflow as tf

    text = np.flatnonzero(ids > 6)
    hidden = np.sort(generator.choice(text, min(round(0.15 * len(ids)), len(text)), replace=False))
    shown = ids.copy()
    shown[hidden] = 4

    def filled(values: Sequence[int] | np.ndarray, length: int) -> Any:
        return tf.train.Int64List(value=[*map(int, values), *[0] * (length - len(values))])

    length, predictions = CONFIG.sequence_length, CONFIG.masking.max_predictions
    lists = {
        "input_ids": filled(shown, length),
        "segment_ids": filled([], length),
        "masked_lm_positions": filled(hidden, predictions),
        "masked_lm_ids": filled(ids[hidden], predictions),
        "next_sentence_labels": filled([], 1),
    }
    features = {name: tf.train.Feature(int64_list=values) for name, values in lists.items()}
    weights = [1.0] * len(hidden) + [0.0] * (predictions - len(hidden))
    features["masked_lm_weights"] = tf.train.Feature(float_list=tf.train.FloatList(value=weights))
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
