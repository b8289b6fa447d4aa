"""Pure: which documents are not worth training on, and why; each reason is what its counter is called."""

from collections.abc import Iterable
from itertools import accumulate

import pycld2

from beam_jobs.config import CleanConfig
from beam_jobs.korean_text import hangul_share

LANGUAGE = "ko"
"""The ISO 639-1 code of every document that stays."""
KOREAN_FOR_SURE = 0.5
"""Hangul for half of its letters makes a text Korean: CLD2 agreed on all of 2,503 and need not be asked."""


def drop_reason(text: str, rules: CleanConfig) -> str | None:
    """The first rule that a text breaks, the cheapest asked first.

    Args:
      text: in the form that `korean_text.normalise` gives.
      rules: the thresholds.

    Returns:
      too_short, too_long, low_hangul_share, not_korean, repeated_lines or repeated_ngrams; None: it is good.
    """
    if len(text) < rules.min_characters:
        return "too_short"
    if len(text) > rules.max_characters:
        return "too_long"
    share = hangul_share(text)
    if share < rules.min_hangul_share:
        return "low_hangul_share"
    if share < KOREAN_FOR_SURE and main_language(text) != LANGUAGE:
        return "not_korean"
    if repeated_line_share(text.split("\n")) > rules.max_repeated_line_share:
        return "repeated_lines"
    if repeated_ngram_share(text.split(), rules.ngram_words) > rules.max_repeated_ngram_share:
        return "repeated_ngrams"
    return None


def main_language(text: str) -> str:
    """The language of most of a text's bytes by CLD2, in ISO 639-1; "un" where it knows none or fails.

    It fails on control characters, noncharacters and lone surrogates, none of which a normalised text holds.
    """
    try:
        _, _, languages = pycld2.detect(text, isPlainText=True)  # else "<script>" hides what follows
    except (pycld2.error, UnicodeEncodeError):
        return "un"
    return str(languages[0][1])


def repeated_line_share(lines: Iterable[str]) -> float:
    """The share of characters in lines that repeat an earlier one; blanks around a line do not count.

    >>> repeated_line_share(["가나다라", "마바", "", "가나다라"])
    0.4
    """
    seen: set[str] = set()
    characters = repeated = 0
    for line in map(str.strip, lines):
        characters += len(line)
        if line in seen:
            repeated += len(line)
        seen.add(line)
    return repeated / characters if characters else 0.0


def repeated_ngram_share(words: list[str], length: int) -> float:
    """The share of characters in n-grams of `length` words that began earlier in the text as well.

    Characters that several repeated n-grams cover count once (as in Gopher's rule, arXiv:2112.11446, A1.1):
    a text that says everything twice has a share of a half. One pass, one set entry a word.

    >>> repeated_ngram_share("가 나 다 라 가 나 다 마".split(), 3)
    0.375
    """
    ends = [0, *accumulate(map(len, words))]  # ends[i]: characters before word i
    seen: set[tuple[str, ...]] = set()
    repeated = covered = 0  # covered: the word up to which characters are counted already
    for first, ngram in enumerate(zip(*(words[offset:] for offset in range(length)), strict=False)):
        if ngram in seen:
            repeated += ends[first + length] - ends[max(first, covered)]
            covered = first + length
        seen.add(ngram)
    return repeated / ends[-1] if words else 0.0
