"""Korean documents to WordPiece ids: ours beside Hugging Face's `tokenizers` and transformers' BertTokenizer.

All tokenize the same documents in the batches that the pipeline makes; the ids are compared first, and must be equal.
"""

import os
import statistics
from collections.abc import Callable, Sequence

from beam_jobs.tokenize_docs import TokenizeFn
from beam_jobs.vocabulary import read_vocabulary
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config, megabytes
from benchmarks.harness import Findings, Options, Ratio, UnequalError, alternate, run_benchmark

OURS = "ours"
ONE_THREAD, ALL_CORES, TRANSFORMERS = "tokenizers, one thread", "tokenizers, all cores", "transformers, one thread"

Ids = Sequence[Sequence[int]]
Tokenize = Callable[[Sequence[str]], Ids]


def measure(options: Options) -> Findings:
    """Checks that all give the same ids, then times them in turn."""
    texts = cleaned_texts(options.data, at_most=300_000 if options.short else None)
    batches = [texts[first : first + TokenizeFn.BATCH] for first in range(0, len(texts), TokenizeFn.BATCH)]
    tokenizers = {OURS: _ours(), **_theirs()}
    tokens = _refuse_unequal_ids(tokenizers, batches)
    seconds = alternate(
        {
            name: lambda tokenize=tokenize: [tokenize(batch) for batch in batches]
            for name, tokenize in tokenizers.items()
        },
        rounds=2 if options.short else 9,
    )
    ratios = {name: Ratio.of(seconds[OURS], seconds[name]) for name in tokenizers if name != OURS}
    size = megabytes(texts)
    rows = [
        {
            "tokenizer": name,
            "MB/s": size / statistics.median(seconds[name]),
            "ours is faster by (range over rounds)": str(ratios.get(name, "")),
        }
        for name in tokenizers
    ]
    return Findings(
        rows,
        {"benchmark": "tokenizing", "ratios": {_key(name): ratio.median for name, ratio in ratios.items()}},
        [
            f"{len(texts):,} documents, {size:.1f} MB of UTF-8, {tokens:,} ids, the same from all. MB/s are medians of "
            f"rounds; ours runs on one thread. Cores here: {os.cpu_count()}."
        ],
    )


def _ours() -> Tokenize:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return WordPiece(read_vocabulary(_vocabulary())).tokenize


def _theirs() -> dict[str, Tokenize]:
    from transformers import BertTokenizer

    # Text must not be able to name a special token: "[MASK]" in a document is five characters, to all of them.
    original = BertTokenizer.from_pretrained(os.path.dirname(_vocabulary()), split_special_tokens=True)
    fast = original.backend_tokenizer
    fast.encode_special_tokens = True

    def encode(texts: Sequence[str]) -> Ids:
        return [encoding.ids for encoding in fast.encode_batch_fast(texts, add_special_tokens=False)]

    def call(texts: Sequence[str]) -> Ids:
        found = original(
            texts, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
        )
        return found["input_ids"]

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


def _refuse_unequal_ids(tokenizers: dict[str, Tokenize], batches: list[list[str]]) -> int:
    """Compares every document's ids, batch by batch; gives the number of ids."""
    tokens = 0
    for batch in batches:
        ours = [list(ids) for ids in tokenizers[OURS](batch)]
        for name, tokenize in tokenizers.items():
            for text, own, other in zip(batch, ours, tokenize(batch), strict=True):
                if own != list(other):
                    raise UnequalError(f"{OURS} and {name} give other ids for the document that begins {text[:40]!r}.")
        tokens += sum(map(len, ours))
    return tokens


def _vocabulary() -> str:
    return corpus_config(None).vocabulary.path


def _key(name: str) -> str:
    return "over_" + name.replace(",", "").replace(" ", "_")


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
