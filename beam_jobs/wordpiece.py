"""WordPiece, fast and exact: the very ids that transformers' BertTokenizer gives, at many times its speed.

TensorFlow Text's FastBertTokenizer does nearly everything. It counts a word's length in bytes where BERT's original
counts characters, so the few texts with a longer word go through the `tokenizers` library.
"""

import itertools
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from model.contract.record import UNKNOWN

_LONGEST_WORD = 100
"""In characters; a longer one is [UNK] (BERT's max_input_chars_per_word)."""
_CANDIDATE = re.compile(r"\S{26,}")
"""Fewer characters than 26 are never more than 100 bytes of UTF-8."""


class WordPiece:
    """Cased BERT tokenization of whole documents, without special tokens."""

    def __init__(self, vocabulary: Sequence[str]):
        self._vocabulary = list(vocabulary)

    def tokenize(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The ids of each text.

        Args:
          texts: any text; what looks like a special token in it is tokenized as plain text.

        Returns:
          One [length] int32 array a text.
        """
        found: list[np.ndarray | None] = [self._slow_ids(text) if _has_long_word(text) else None for text in texts]
        quick = [number for number, ids in enumerate(found) if ids is None]
        for number, ids in zip(quick, self._fast_ids([texts[n] for n in quick]), strict=True):
            found[number] = ids
        return [ids for ids in found if ids is not None]

    def _fast_ids(self, texts: Sequence[str]) -> list[np.ndarray]:
        """All lines of all texts in one call: its cost is by the call, its speed by the lines in it."""
        lines = [text.split("\n") for text in texts]
        flat = [line for of_text in lines for line in of_text]
        if not flat:
            return []
        ragged = self._fast.tokenize(flat)
        ids = ragged.values.numpy().astype(np.int32)
        ends = ragged.row_splits.numpy()
        stops = np.cumsum([0, *(len(of_text) for of_text in lines)])
        return [ids[ends[a] : ends[b]] for a, b in itertools.pairwise(stops)]

    def _slow_ids(self, text: str) -> np.ndarray:
        return np.array(self._exact.encode(text, add_special_tokens=False).ids, np.int32)

    @cached_property
    def _fast(self) -> Any:
        import tensorflow_text

        return tensorflow_text.FastBertTokenizer(
            vocab=self._vocabulary,
            suffix_indicator="##",
            max_bytes_per_word=_LONGEST_WORD,
            token_out_type=_int32(),
            unknown_token=UNKNOWN,
            no_pretokenization=False,
            support_detokenization=False,
            lower_case_nfd_strip_accents=False,
        )

    @cached_property
    def _exact(self) -> Any:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        ids = {piece: number for number, piece in enumerate(self._vocabulary)}
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=_LONGEST_WORD))
        tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False
        )
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return tokenizer


def _has_long_word(text: str) -> bool:
    return any(len(word.encode()) > _LONGEST_WORD for word in _CANDIDATE.findall(text))


def _int32() -> Any:
    import tensorflow as tf

    return tf.int32
