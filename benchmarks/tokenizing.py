"""Korean documents to WordPiece ids: ours beside Hugging Face's `tokenizers` and transformers' BertTokenizer.

First the ids of every document are compared with BertTokenizer's, then all tokenize the same documents in turn.
`--data` takes a folder of raw files, or one of finished Documents (documents-*.parquet).
"""

import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from beam_jobs.storage import DOCUMENTS, read_parquet
from beam_jobs.vocabularies.given import read_vocabulary
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config, megabytes
from benchmarks.harness import Findings, Options, Ratio, alternate, run_benchmark

OURS, OURS_ALONE = "ours, with sentence ends", "ours, ids alone"
ONE_THREAD, ALL_CORES, TRANSFORMERS = "tokenizers, one thread", "tokenizers, all cores", "transformers, one thread"
SERVING, PLAIN = "the SavedModel's, in TensorFlow's graph", "tensorflow-text's FastBertTokenizer by itself"
EXACT = (OURS, OURS_ALONE, SERVING)
BATCH = 500
"""Documents; the others are as fast with 64."""
TIMED_BYTES = 8_000_000

Ids = Sequence[Sequence[int] | np.ndarray]
Tokenize = Callable[[Sequence[str]], Ids]


def measure(options: Options) -> Findings:
    """Compares all documents' ids, then times the tokenizers on some of them."""
    texts = _texts(options.data, at_most=300_000 if options.short else None)
    tokenizers = _ours() | _theirs()
    mismatches, tokens = _mismatches(tokenizers, texts)
    timed = _spread(texts)
    seconds = _timed(tokenizers, timed, rounds=2 if options.short else 9)
    ratios = {name: Ratio.of(seconds[OURS], seconds[name]) for name in tokenizers if name != OURS}
    speeds = {name: megabytes(timed) / statistics.median(seconds[name]) for name in tokenizers}
    rows = [
        {
            "tokenizer": name,
            "MB/s": speeds[name],
            f"{OURS}: faster by (range over rounds)": str(ratios.get(name, "")),
            "documents with other ids": mismatches[name],
        }
        for name in tokenizers
    ]
    figures = {
        "benchmark": "tokenizing",
        "ratios": {_key(name): ratios[name].median for name in (ONE_THREAD, ALL_CORES, TRANSFORMERS)},
        "documents": len(texts),
        "mismatches": sum(mismatches[name] for name in EXACT),
        "mismatches_of_fast_bert_tokenizer": mismatches[PLAIN],
        "megabytes_per_second": {name: float(f"{speed:.3g}") for name, speed in speeds.items()},
    }
    return Findings(
        rows,
        figures,
        [
            f"{len(texts):,} documents, {megabytes(texts):.1f} MB of UTF-8, {tokens:,} ids of transformers' "
            f"BertTokenizer. MB/s are medians of rounds on {megabytes(timed):.1f} MB of them; all but "
            f'"{ALL_CORES}" run on one thread. Cores here: {os.cpu_count()}.'
        ],
    )


def _texts(data: Path | None, at_most: int | None) -> list[str]:
    finished = sorted(data.glob(f"{DOCUMENTS}*.parquet")) if data else []
    if not finished:
        return cleaned_texts(data, at_most)
    return [document.text for path in finished for document in read_parquet(str(path))]


def _ours() -> dict[str, Tokenize]:
    import tensorflow as tf
    import tensorflow_text

    from model.serving import GraphTokenizer

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    pieces = read_vocabulary(_vocabulary())
    wordpiece = WordPiece(pieces)
    graph = tf.function(GraphTokenizer(pieces), input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    plain = tensorflow_text.FastBertTokenizer(vocab=pieces, token_out_type=tf.int32)

    def rows(tokenize: Callable[[tf.Tensor], tf.RaggedTensor]) -> Tokenize:
        def run(texts: Sequence[str]) -> Ids:
            ragged = tokenize(tf.constant(texts, tf.string))
            return np.split(ragged.values.numpy(), ragged.row_splits.numpy()[1:-1])

        return run

    return {
        OURS: lambda texts: [ids for ids, _ in wordpiece.tokenize_sentences(texts)],
        OURS_ALONE: wordpiece.tokenize,
        SERVING: rows(graph),
        PLAIN: rows(plain.tokenize),
    }


def _theirs() -> dict[str, Tokenize]:
    from transformers import BertTokenizer

    # Text must not be able to name a special token: "[MASK]" in a document is five characters, to all of them.
    original = BertTokenizer.from_pretrained(os.path.dirname(_vocabulary()), split_special_tokens=True)
    fast = original.backend_tokenizer
    fast.encode_special_tokens = True

    def encode(texts: Sequence[str]) -> Ids:
        return [encoding.ids for encoding in fast.encode_batch_fast(texts, add_special_tokens=False)]

    def call(texts: Sequence[str]) -> Ids:
        found: Ids = original(
            texts, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
        )["input_ids"]
        return found

    return {
        ONE_THREAD: _on_threads(encode, parallel=False),
        ALL_CORES: _on_threads(encode, parallel=True),
        TRANSFORMERS: _on_threads(call, parallel=False),
    }


def _on_threads(tokenize: Tokenize, parallel: bool) -> Tokenize:
    """The `tokenizers` library asks this variable at every call."""

    def run(texts: Sequence[str]) -> Ids:
        os.environ["TOKENIZERS_PARALLELISM"] = "true" if parallel else "false"
        return tokenize(texts)

    return run


def _mismatches(tokenizers: dict[str, Tokenize], texts: Sequence[str]) -> tuple[dict[str, int], int]:
    """In how many documents each differs from transformers' BertTokenizer, and how many ids that one gives."""
    found, tokens = dict.fromkeys(tokenizers, 0), 0
    for batch in _batches(texts):
        expected = tokenizers[TRANSFORMERS](batch)
        tokens += sum(map(len, expected))
        for name in found.keys() - {TRANSFORMERS}:
            pairs = zip(tokenizers[name](batch), expected, strict=True)
            found[name] += sum(not np.array_equal(ids, right) for ids, right in pairs)
    return found, tokens


def _timed(tokenizers: dict[str, Tokenize], texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    batches = list(_batches(texts))

    def work(tokenize: Tokenize) -> Callable[[], object]:
        return lambda: [tokenize(batch) for batch in batches]

    return alternate({name: work(tokenize) for name, tokenize in tokenizers.items()}, rounds)


def _batches(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (texts[first : first + BATCH] for first in range(0, len(texts), BATCH))


def _spread(texts: list[str]) -> list[str]:
    """Every so manyth document, so that some `TIMED_BYTES` are timed however much was compared."""
    return texts[:: max(1, round(megabytes(texts) * 1e6 / TIMED_BYTES))]


def _vocabulary() -> str:
    return corpus_config(None).vocabulary.path


def _key(name: str) -> str:
    return "over_" + name.replace(",", "").replace(" ", "_")


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
