"""Pure: which texts are not worth training on as a whole, and why; docs/cleaning.md has what each rule drops."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.clean_config import QualityConfig
from beam_jobs.cleaning.finding import Finding
from beam_jobs.cleaning.korean_sentences import (
    BLANK,
    DIGIT,
    SYMBOL,
    character_kinds,
    ends_sentence,
    marked_word_share,
    sentences,
)
from beam_jobs.cleaning.repetition import Runs, repeated_share
from beam_jobs.korean_text import code_points

_BULLETS = (*"•·∙‣▶►▷▸■□▪▫●○◦◆◇★☆※☞→✓✔", "ㅇ ", "- ", "* ", "+ ", "– ")
_CUT_OFF = ("…", "..")
_SENTENCE = 40
"""Of a line that ends no sentence only one longer than this is searched for sentences within: a sentence of statutes,
decisions or documentation has 40 to 140 characters on average, measured."""
_FEW_LINES = 5
"""A text of fewer lines is judged as if it had so many: of a text in one line the only line may well be a bullet."""


class Measure(NamedTuple):
    """What a rule measures of a text."""

    rule: str
    value: float
    threshold: float
    passes: bool


class DocumentRules:
    """Judges texts as wholes.

    Args:
      rules: the thresholds.
    """

    def __init__(self, rules: QualityConfig):
        self._lengths = tuple(_length_rules(rules))
        self._rules = (*self._lengths, *_form_rules(rules), *_content_rules(rules), *_repetition_rules(rules))

    def wrong_length(self, text: str) -> Finding | None:
        """As `first_broken`, by its length alone, which says so before anything else need be asked."""
        return _first_broken(self._lengths, text)

    def first_broken(self, text: str) -> Finding | None:
        """The first rule that a text breaks, the cheapest asked first; None: it is good.

        Args:
          text: in normal form.
        """
        return _first_broken(self._rules, text)

    def measure(self, text: str) -> list[Measure]:
        """Every rule's value of a text beside its threshold, in the order in which they are asked."""
        parts = _Parts(text)
        return [rule.measure(parts) for rule in self._rules]


class _Parts:
    """A text and what several rules ask of it, made when first asked for."""

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """Those that are not empty."""
        return [line for line in self.text.split("\n") if line]

    @cached_property
    def in_lines(self) -> int:
        """How many characters the lines have."""
        return sum(map(len, self.lines))

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        return code_points(self.text)

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        return character_kinds(self.codes)

    @cached_property
    def kind_counts(self) -> list[int]:
        counts: list[int] = np.bincount(self.kinds, minlength=SYMBOL + DIGIT).tolist()
        return counts

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.codes, self.kinds == BLANK)


class _Rule(NamedTuple):
    name: str
    value: Callable[[_Parts], float]
    threshold: float
    at_least: bool = False
    """Whether the threshold is the least that is good; else it is the most."""
    at_most: Callable[[_Parts], float] | None = None
    """What the value cannot exceed, where that is cheaper to say."""

    def passes_for_sure(self, parts: _Parts) -> bool:
        """Whether a text passes, by what its value can at most be."""
        return self.at_most is not None and self.at_most(parts) <= self.threshold

    def measure(self, parts: _Parts) -> Measure:
        value = self.value(parts)
        passes = value >= self.threshold if self.at_least else value <= self.threshold
        return Measure(self.name, value, self.threshold, passes)


def _first_broken(rules: Iterable[_Rule], text: str) -> Finding | None:
    parts = _Parts(text)
    for rule in rules:
        if rule.passes_for_sure(parts):
            continue
        measure = rule.measure(parts)
        if not measure.passes:
            return Finding(measure.rule, measure.value, measure.threshold)
    return None


def _length_rules(rules: QualityConfig) -> Iterator[_Rule]:
    yield _Rule("too_short", lambda parts: len(parts.text), rules.min_characters, at_least=True)
    yield _Rule("too_long", lambda parts: len(parts.text), rules.max_characters)


def _form_rules(rules: QualityConfig) -> Iterator[_Rule]:
    """By lines."""
    yield _Rule("short_lines", _mean_line, rules.min_mean_line_characters, at_least=True)
    yield _Rule("list_lines", _list_lines, rules.max_list_line_share)
    yield _Rule("cut_lines", _cut_lines, rules.max_cut_line_share)
    yield _Rule("repeated_lines", lambda parts: repeated_share(parts.lines), rules.max_repeated_line_share)
    yield _Rule("repeated_paragraphs", _repeated_paragraphs, rules.max_repeated_paragraph_share)


def _content_rules(rules: QualityConfig) -> Iterator[_Rule]:
    """By characters, words and sentences."""
    yield _Rule("many_digits", lambda parts: _share(parts, DIGIT), rules.max_digit_share)
    yield _Rule("many_symbols", lambda parts: _share(parts, SYMBOL), rules.max_symbol_share)
    yield _Rule("few_sentence_ends", _sentence_share, rules.min_sentence_share, at_least=True)
    yield _Rule("short_words", _mean_word, rules.min_mean_word_characters, at_least=True)
    yield _Rule("long_words", _mean_word, rules.max_mean_word_characters)
    yield _Rule("few_particles", lambda parts: marked_word_share(parts.kinds), rules.min_marked_share, at_least=True)


def _repetition_rules(rules: QualityConfig) -> Iterator[_Rule]:
    for words in rules.frequent_run_words:
        yield _frequent_rule(words, rules.max_frequent_run_share)
    characters = rules.repeated_run_characters
    yield _Rule(
        "repeated_characters",
        lambda parts: parts.runs.repeated_character_share(characters),
        rules.max_repeated_run_share,
    )


def _frequent_rule(words: int, threshold: float) -> _Rule:
    return _Rule(
        f"frequent_{words}grams",
        lambda parts: parts.runs.most_frequent_share(words),
        threshold,
        at_most=lambda parts: parts.runs.most_frequent_share_at_most(words),
    )


def _mean_line(parts: _Parts) -> float:
    return parts.in_lines / max(len(parts.lines), 1)


def _list_lines(parts: _Parts) -> float:
    """The share of lines that begin with a bullet."""
    return sum(line.lstrip().startswith(_BULLETS) for line in parts.lines) / max(len(parts.lines), _FEW_LINES)


def _cut_lines(parts: _Parts) -> float:
    """The share of lines cut off by dots: those that do not follow the end of a sentence, as "좋았어요..." does."""
    cut = sum(line.endswith(_CUT_OFF) and not ends_sentence(line) for line in parts.lines)
    return cut / max(len(parts.lines), _FEW_LINES)


def _repeated_paragraphs(parts: _Parts) -> float:
    return repeated_share(parts.text.split("\n\n")) if "\n\n" in parts.text else 0.0


def _share(parts: _Parts, kind: int) -> float:
    """The share of a kind among all characters but blanks."""
    counts = parts.kind_counts
    return counts[kind] / max(len(parts.text) - counts[BLANK], 1)


def _sentence_share(parts: _Parts) -> float:
    """The share of characters in sentences that end; of a long line that stops within one, what stands before it."""
    ended = 0
    for line in parts.lines:
        if ends_sentence(line):
            ended += len(line)
        elif len(line) > _SENTENCE and (found := sentences(line)):  # none where blanks are all that a line holds
            ended += found[-1][0]
    return ended / max(parts.in_lines, 1)


def _mean_word(parts: _Parts) -> float:
    """Characters a word, parted by blanks; 0 where there are none."""
    return parts.runs.characters / max(parts.runs.words, 1)
