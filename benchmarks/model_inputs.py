"""The weights and batches that all ways of `benchmarks.model` start from, and the loss that each has to have."""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from beam_jobs.vocabularies.given import read_vocabulary, special_ids
from beam_jobs.wordpiece import WordPiece
from benchmarks.corpus_text import cleaned_texts, corpus_config
from benchmarks.model_ours import new_trainer
from benchmarks.model_timing import batch_path, load_batch
from model.config import MaskingConfig
from model.contract.errors import InputError
from model.export import export_model
from model.masking import PieceTable, mask_tokens

Batch = dict[str, np.ndarray]


def main() -> None:
    """Leaves weights and batches in a folder; prints the loss at each length, dropout off."""
    request = json.loads(sys.stdin.read())
    folder, lengths = request["folder"], request["lengths"]
    ids = _sample_ids(request["data"], max(lengths))
    for length in lengths:
        np.savez(batch_path(folder, length), **_masked_batch(ids, length, length * 640 // 4_096))
    trainer = new_trainer({**request, "length": min(lengths)})
    export_model(trainer.model, str(_vocabulary().parent), folder)
    compared = [length for length in lengths if length <= request["encoder"]["max_positions"]]
    batches = {length: tf.data.Dataset.from_tensors(load_batch({**request, "length": length})) for length in compared}
    print(json.dumps({"losses": {length: trainer.validate(batch).loss for length, batch in batches.items()}}))


def _masked_batch(ids: list[int], length: int, predictions: int) -> Batch:
    """One sequence full of text, with the predictions that pretraining would ask for."""
    pieces = read_vocabulary(str(_vocabulary()))
    special = special_ids(pieces)
    sequence = np.array([special.cls, *ids[: length - 2], special.sep], np.int32)
    table = PieceTable.from_vocabulary(pieces, special)
    masked = mask_tokens(tf.constant(sequence), table, MaskingConfig(max_predictions=predictions), tf.constant([0, 0]))
    return {
        "segment_ids": np.zeros((1, length), np.int32),
        "attention_mask": np.ones((1, length), bool),
        **{name: values.numpy()[None] for name, values in masked._asdict().items()},
    }


def _sample_ids(data: str | None, enough: int) -> list[int]:
    """Ids of the documents one after the other."""
    texts = cleaned_texts(Path(data) if data else None, at_most=20 * enough)
    found = WordPiece(read_vocabulary(str(_vocabulary()))).tokenize(texts)
    ids = list(itertools.chain.from_iterable(array.tolist() for array in found))
    if len(ids) < enough:
        raise InputError(f"--data holds {len(ids):,} tokens of Korean text; give at least {enough:,}.")
    return ids


def _vocabulary() -> Path:
    return Path(corpus_config(None).vocabulary.path)
