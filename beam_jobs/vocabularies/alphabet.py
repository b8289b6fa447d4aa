"""Pure: the characters that have a piece of their own, so that any word made of them can be spelt."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from beam_jobs.vocabularies.words import is_symbol
from beam_jobs.vocabulary_config import VocabularyTrainingConfig

JAMO = frozenset(map(chr, (*range(0x3131, 0x3164), *range(0x3165, 0x318F))))
"""Hangul compatibility jamo, without the filler. When texts are cleaned, NFC makes syllables of conjoining jamo, and
lone ones become these; what is left of them is spelling of before 1933, which is covered as it occurs."""
_ASCII = frozenset(map(chr, range(0x21, 0x7F)))
_PUNCTUATION = frozenset("‘’“”…‥·•‐–—―′″※‰「」『』《》〈〉【】〔〕、。・〜§¶†‡¡¿«»")
_SIGNS = frozenset("°℃×÷±≤≥→←↑↓○●◎◇◆□■△▲▽▼☆★♥♡₩€£©®™㎝㎞㎏㎡①②③④⑤⑥⑦⑧⑨⑩²³")
ALWAYS = JAMO | _ASCII | _PUNCTUATION | _SIGNS
"""Whatever the sample holds."""
KINDS = ("syllables", "jamo", "hanja", "symbols", "other")


class Alphabet(NamedTuple):
    """Characters with a piece of their own, and what they cover of the sample."""

    characters: frozenset[str]
    coverage: float
    """Share of the sample's characters."""
    syllable_coverage: float
    """The same of its Hangul syllables."""
    by_kind: Mapping[str, int]
    """How many characters there are of each of KINDS."""


def count_characters(words: Iterable[tuple[str, int]]) -> Counter[str]:
    """How often each character stands in counted words.

    >>> count_characters([("가나", 2), ("나", 1)])
    Counter({'나': 3, '가': 2})
    """
    found: Counter[str] = Counter()
    for word, count in words:
        for character in word:
            found[character] += count
    return found


def choose_alphabet(counts: Mapping[str, int], config: VocabularyTrainingConfig) -> Alphabet:
    """The usual characters, then syllables, then all others, the most frequent first, until enough is covered.

    Args:
      counts: how often each character stands in the sample.
      config: its two coverages and its least frequency.
    """
    chosen = set(ALWAYS)
    syllables = {character: count for character, count in counts.items() if _is_syllable(character)}
    chosen |= _covering(syllables, chosen, config.syllable_coverage, config.min_frequency)
    chosen |= _covering(counts, chosen, config.character_coverage, config.min_frequency)
    kinds = [_kind(character) for character in chosen]
    return Alphabet(
        frozenset(chosen),
        _share(counts, chosen),
        _share(syllables, chosen),
        {kind: kinds.count(kind) for kind in KINDS},
    )


def spelling_pieces(characters: Iterable[str]) -> list[str]:
    """Each character as a word's first and, but for symbols and hanja, as one that goes on, both in order of code.

    >>> spelling_pieces("나,가")
    [',', '가', '나', '##가', '##나']
    """
    ordered = sorted(characters)
    return [*ordered, *(f"##{character}" for character in ordered if not is_symbol(character))]


def _covering(counts: Mapping[str, int], chosen: set[str], coverage: float, min_frequency: int) -> set[str]:
    """Those to add to the chosen, the most frequent first, until together they cover so much."""
    added: set[str] = set()
    covered = sum(count for character, count in counts.items() if character in chosen)
    enough = coverage * sum(counts.values())
    waiting = [(-count, character) for character, count in counts.items() if character not in chosen]
    for negative, character in sorted(waiting):
        if covered >= enough or -negative < min_frequency:
            break
        covered -= negative
        added.add(character)
    return added


def _share(counts: Mapping[str, int], chosen: set[str]) -> float:
    whole = sum(counts.values())
    return sum(count for character, count in counts.items() if character in chosen) / whole if whole else 0.0


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def _kind(character: str) -> str:
    if _is_syllable(character):
        return "syllables"
    if character in JAMO:
        return "jamo"
    if not is_symbol(character):
        return "other"
    return "hanja" if character >= "\u3400" and character.isalpha() else "symbols"
