"""Texts to arrays of one static shape, by the tokenizer that lies in a model directory."""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.contract import places
from model.contract.errors import InputError
from model.tasks.task import Example


@dataclasses.dataclass(frozen=True)
class Features:
    """Padded examples, [examples, length] each: ids and segments int32, the mask bool, False at padding."""

    input_ids: np.ndarray
    segment_ids: np.ndarray
    attention_mask: np.ndarray

    def __len__(self) -> int:
        return len(self.input_ids)

    def cut(self, length: int) -> "Features":
        """The same examples in arrays `length` wide, which must leave no token out."""
        if self.attention_mask[:, length:].any():
            raise ValueError(f"Some of these examples have more than {length} tokens.")
        return Features(self.input_ids[:, :length], self.segment_ids[:, :length], self.attention_mask[:, :length])

    @property
    def longest(self) -> int:
        """Tokens of the longest example."""
        return int(self.attention_mask.sum(axis=1).max())


def load_tokenizer(model_directory: str) -> Any:
    """The tokenizer of a directory in transformers' format, on disk or on gs://.

    Raises:
      InputError: when there is none, or none that transformers can read.
    """
    from transformers import AutoTokenizer

    # A name that is no folder would send transformers to the hub.
    if not places.exists(places.join(model_directory, "tokenizer_config.json")):
        raise InputError(f"{model_directory} holds no tokenizer_config.json; give a directory that export wrote.")
    try:
        if not places.is_gs(model_directory):
            return AutoTokenizer.from_pretrained(model_directory, local_files_only=True)
        with tempfile.TemporaryDirectory() as folder:
            for file in places.list_files(model_directory):
                if file.path.endswith((".json", ".txt")):
                    Path(folder, file.path.rsplit("/", 1)[-1]).write_bytes(places.read_bytes(file.path))
            return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{model_directory} holds no tokenizer that transformers can read: {error}") from error


def encode(tokenizer: Any, examples: Sequence[Example], max_length: int) -> Features:
    """Tokenizes to [CLS] text [SEP], or [CLS] text [SEP] pair [SEP] with segment 1 from the pair on.

    What exceeds `max_length` is cut from the end of the longer text. Special tokens that stand in a text are
    plain text: nobody writes a [SEP] into a review and so makes it a pair.

    Args:
      tokenizer: as `load_tokenizer` gives it.
      examples: all with a pair, or all without.
      max_length: width of the arrays.
    """
    texts = [example.text for example in examples]
    pairs = [example.pair for example in examples if example.pair is not None]
    encoded = tokenizer(
        texts,
        pairs or None,
        max_length=max_length,
        truncation="longest_first",
        padding="max_length",
        return_token_type_ids=True,
        split_special_tokens=True,
        return_tensors="np",
    )
    return Features(
        encoded["input_ids"].astype(np.int32),
        encoded["token_type_ids"].astype(np.int32),
        encoded["attention_mask"].astype(bool),
    )
