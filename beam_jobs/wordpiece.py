"""WordPiece, fast and exact: the very ids that transformers' BertTokenizer gives, at many times its speed.

TensorFlow Text's FastWordpieceTokenizer does the work; a look at the code points finds the few sentences that it would
read otherwise, and those are rewritten first (`model.contract.bert_words`).
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beam_jobs.cleaning.korean_sentences import sentences
from model.contract import bert_words

_BATCH = 100_000
"""Characters that are tokenized in one call: few enough for a core's caches, and far more than a call costs."""
_BLANK, _SYMBOL, _ODD = 1, 2, 3
"""Kinds of characters; 0 is the rest."""
_USUALLY_NEXT = ("", " ", "\n")
"""What mostly follows a sentence, and parts it from the next."""
_MISTAKEN = (*bert_words.TAKEN_FOR_SYMBOLS, *bert_words.TAKEN_FOR_LETTERS)

Ids = NDArray[np.int32]
PartsOf = Callable[[str], Sequence[str]]


class WordPiece:
    """Cased BERT tokenization of whole documents, without special tokens."""

    def __init__(self, vocabulary: Sequence[str]):
        self._vocabulary = list(vocabulary)

    def tokenize(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text.

        Args:
          texts: any text; what looks like a special token in it is tokenized as plain text.

        Returns:
          One [length] array a text.
        """
        return [ids for ids, _ in self._tokenize(texts, _lines_of)]

    def tokenize_sentences(self, texts: Sequence[str]) -> list[tuple[Ids, Ids]]:
        """The ids of each text, as `tokenize` gives them, and where its sentences end.

        Returns:
          For each text its ids, [length], and [sentences] offsets in them: ascending, each just past a sentence's last
          id, so that the last is the length. A sentence without a single id is none, and one that ends within a word
          ("좋아요ㅋㅋ또") goes on to the next end.
        """
        return self._tokenize(texts, _sentences_of)

    def _tokenize(self, texts: Sequence[str], parts_of: PartsOf) -> list[tuple[Ids, Ids]]:
        """Tokenizes all parts of all texts in batches, however long or short a text is."""
        counts: list[int] = []
        ids, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
        for batch in _batches(texts, parts_of, counts):
            ragged = self._fast.tokenize(_tensor(self._rewritten(batch)))
            ids.append(ragged.values.numpy())
            lengths.append(np.diff(ragged.row_splits.numpy()))
        return _by_text(np.concatenate(ids), np.concatenate(lengths), counts)

    def _rewritten(self, parts: list[str]) -> list[str]:
        for number in _suspects(parts):
            parts[number] = self._rewrite(parts[number])
        return parts

    def _rewrite(self, part: str) -> str:
        kept = _any_of(bert_words.REMOVED).sub("", part)
        return _long_word().sub(bert_words.NO_PIECE, _any_of(_MISTAKEN).sub(self._instead, kept))

    def _instead(self, found: re.Match[str]) -> str:
        return "".join(map(self._replacements.__getitem__, found[0]))

    @cached_property
    def _replacements(self) -> dict[str, str]:
        apart = {character: f" {character} " for character in bert_words.characters(bert_words.TAKEN_FOR_LETTERS)}
        return bert_words.stand_ins(self._vocabulary) | apart

    @cached_property
    def _fast(self) -> Any:
        import tensorflow as tf
        import tensorflow_text

        settings = bert_words.wordpiece_settings(self._vocabulary)
        return tensorflow_text.FastWordpieceTokenizer(**settings, token_out_type=tf.int32)


def _tensor(parts: list[str]) -> Any:
    """Left to the tokenizer, the same takes it three times as long."""
    import tensorflow as tf

    return tf.constant(parts, tf.string)


def _sentences_of(text: str) -> list[str]:
    """The sentences, but joined where they meet within a word ("좋아요ㅋㅋ또"): its ids are not those of its halves."""
    parts = []
    begin = -1
    end = 0
    for start, end in sentences(text):
        if begin < 0:
            begin = start
        if text[end : end + 1] in _USUALLY_NEXT or _parts_words(text, end):
            parts.append(text[begin:end])
            begin = -1
    return parts if begin < 0 else [*parts, text[begin:end]]


def _parts_words(text: str, place: int) -> bool:
    """Whether no word goes on from one side of a place within the text to the other."""
    before, after = _kinds()[[ord(text[place - 1]), ord(text[place])]].tolist()
    return before == _SYMBOL or after in (_SYMBOL, _BLANK)


def _lines_of(text: str) -> list[str]:
    return text.split("\n")


def _batches(texts: Sequence[str], parts_of: PartsOf, counts: list[int]) -> Iterator[list[str]]:
    """The parts of all texts, about `_BATCH` characters at a time; adds to `counts` how many parts each text has."""
    batch: list[str] = []
    size = 0
    for text in texts:
        parts = parts_of(text)
        counts.append(len(parts))
        batch += parts
        size += len(text)
        if size >= _BATCH:
            yield from _cut(batch, size // _BATCH)
            batch, size = [], 0
    yield from _cut(batch, 1)


def _cut(batch: list[str], pieces: int) -> Iterator[list[str]]:
    """In so many pieces, which is one unless the batch ends in a long text."""
    step = -(-len(batch) // pieces)
    return (batch[first : first + step] for first in range(0, len(batch), step or 1))


def _by_text(ids: Ids, lengths: NDArray[np.int64], counts: Sequence[int]) -> list[tuple[Ids, Ids]]:
    """Parts the ids of everything into texts.

    Args:
      ids: of all parts, in order.
      lengths: how many ids each part has.
      counts: how many parts each text has.
    """
    filled = lengths > 0
    part_stops = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    stops = np.concatenate([[0], np.cumsum(filled)])[part_stops]
    part_ends = np.cumsum(lengths[filled])
    text_ends = np.concatenate([[0], part_ends])[stops]
    ends = (part_ends - np.repeat(text_ends[:-1], np.diff(stops))).astype(np.int32)
    bounds = itertools.pairwise(zip(text_ends.tolist(), stops.tolist(), strict=True))
    return [(ids[first:last], ends[begin:end]) for (first, begin), (last, end) in bounds]


def _suspects(parts: Sequence[str]) -> list[int]:
    """The numbers of the parts that hold an odd character, or no blank for longer than a word may be."""
    kinds = _kinds()[np.frombuffer("\n".join(parts).encode("utf-32-le"), np.uint32)]
    odd = np.flatnonzero(kinds == _ODD)
    blanks = np.concatenate([[-1], np.flatnonzero(kinds == _BLANK), [len(kinds)]])
    long_runs = blanks[:-1][np.diff(blanks) > bert_words.LONGEST_WORD + 1] + 1
    places = np.concatenate([odd, long_runs])
    if not len(places):
        return []
    ends = np.cumsum([len(part) + 1 for part in parts])
    found: list[int] = np.unique(np.searchsorted(ends, places, side="right")).tolist()
    return found


@cache
def _kinds() -> NDArray[np.uint8]:
    """By code point."""
    kinds = np.zeros(0x110000, np.uint8)
    listed = (
        (_BLANK, bert_words.BLANKS),
        (_SYMBOL, bert_words.SYMBOLS),
        (_ODD, (*bert_words.REMOVED, *_MISTAKEN)),
    )
    for kind, ranges in listed:
        for first, last in ranges:
            kinds[first : last + 1] = kind
    return kinds


@cache
def _any_of(ranges: bert_words.Ranges) -> re.Pattern[str]:
    return re.compile(f"[{bert_words.character_class(ranges, bert_words.PYTHON_CODE)}]+")


@cache
def _long_word() -> re.Pattern[str]:
    """Of a part without removed characters."""
    parting = bert_words.character_class((*bert_words.BLANKS, *bert_words.SYMBOLS), bert_words.PYTHON_CODE)
    return re.compile(f"[^{parting}]{{{bert_words.LONGEST_WORD + 1},}}")
