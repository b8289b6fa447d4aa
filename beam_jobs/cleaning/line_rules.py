"""Pure: cuts the lines of a page that are about the page: menus, log-in and share bars, notices, who owns it.

A line is cut for its shape, not for a word in it: short, all of it known (see `line_patterns`), no sentence. Words that
texts use as headings, too, are cut only in a run of such lines.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from beam_jobs.clean_config import LineRulesConfig
from beam_jobs.cleaning.bar_words import BAR_HINTS, BAR_WORD, BAR_WORDS, JOINED, SEPARATORS, STRONG, fold
from beam_jobs.cleaning.finding import Cut
from beam_jobs.cleaning.keywords import Keywords
from beam_jobs.cleaning.korean_sentences import ends_sentence
from beam_jobs.cleaning.line_patterns import HEADINGS, PATTERN_HINTS, PATTERNS
from beam_jobs.korean_text import code_points

_BULLETS = ("- ", "* ", "+ ", "| ", "#")
"""Lists, tables and headings in Markdown: what they name is what a text is about."""
_NOT_IN_MENUS = re.compile(r"[{}=;\"'`<\\]|\d{5}|^#|^- |^\* |^\||[가-힣]{2}[을를]\s")
"""What a page's own name for its parts does not hold: programs, numbers, lists, an object and its verb."""
_NOT_WORD = re.compile(r"[\W_]+")
_HINTS = Keywords(BAR_HINTS | PATTERN_HINTS)
_RELATED = "related_links"
_MENUS = "menus"
_BREADCRUMBS = "breadcrumbs"
_TOP_LINES = 2
"""Breadcrumbs stand above a text, under its title at most; further down "홈 > 설정" is a step of instructions."""
_REFERS_BACK = re.compile(r"(?:위|이상|앞|상기|다음|모든|이들|이러한)(?:의|과|와|에서?)?\s")
"""How prose goes on after a list of what it speaks of: "위 기능을 구현한다."."""
_REFERS_ON = re.compile(r".*[:：]|(?:.*\s)?(?:요구\s?사항|기능|항목|구성\s?요소)|(?:다음|아래)(?:의|와|과|는|은)?\s.*")
"""How it announces one."""


class _Bar(NamedTuple):
    """What bar words a line holds."""

    words: frozenset[str]
    share: float
    """Of its letters and digits, those in bar words and counts."""
    clean: bool
    """Whether nothing stands between them but what does in bars."""
    items: int
    """Into how many it is parted by bars such as "|"."""
    commas: bool
    """Whether commas part it, as they part what a sentence lists."""

    def may_be_prose(self) -> bool:
        """Whether it may be a list of what a text speaks of: commas, and no word that only sites say of themselves."""
        return self.commas and all(BAR_WORDS[word].weight < STRONG for word in self.words)

    def rule_and_weight(self) -> tuple[str, float]:
        """The rule whose words weigh most, and their weight with half of that of the others."""
        weights: dict[str, float] = {}
        for word in sorted(self.words):
            rule, weight = BAR_WORDS[word]
            weights[rule] = weights.get(rule, 0.0) + weight
        best = max(weights, key=lambda rule: weights[rule])
        return best, (weights[best] + sum(weights.values())) / 2


class LineRules:
    """Cuts the lines of a text that its rules know.

    Args:
      rules: which are on, and their thresholds.
    """

    def __init__(self, rules: LineRulesConfig):
        self._rules = rules
        self._on = {name for name, on in rules if on is True}
        self._patterns = [
            (rule, re.compile("|".join(map(re.escape, hints))).search, pattern.fullmatch)
            for rule, hints, pattern in PATTERNS
            if rule in self._on
        ]

    def __call__(self, text: str) -> tuple[str, list[Cut]]:
        """The text less the lines cut, and each of these; a text of one line stays as it is.

        Cutting goes on until nothing more is found, so that a text once cut is not cut again.

        Args:
          text: in normal form.
        """
        cuts: list[Cut] = []
        while "\n" in text:
            found = self._find(text)
            if not found:
                break
            lines = text.split("\n")
            cuts += [Cut(found[number], lines[number], "") for number in sorted(found)]
            text = _without(lines, found)
        return text, cuts

    def _find(self, text: str) -> dict[int, str]:
        """The rule for each line that is to be cut, by its number."""
        near = self._near(text)
        if not near:
            return {}
        page = _Page(text.split("\n"), near, self._rules)
        found: dict[int, str] = {}
        if _MENUS in self._on:
            found.update(dict.fromkeys(page.menu_lines(), _MENUS))
        for number in near:
            if number not in found and (rule := self._rule_of(page.lines[number].strip(), page.bars.get(number))):
                found[number] = rule
        for number in page.stray_breadcrumbs(found):
            del found[number]
        if _RELATED in self._on:
            found.update(dict.fromkeys(page.headlines(found), _RELATED))
        return found

    def _near(self, text: str) -> list[int]:
        """The numbers of short lines in which a hint may stand: all others are no rule's."""
        codes = code_points(text)
        starts = _HINTS.starts(codes)
        if not len(starts):
            return []
        ends = np.append(np.flatnonzero(codes == ord("\n")), len(codes))
        numbers = np.searchsorted(ends, starts)
        short = np.diff(ends, prepend=-1)[numbers] <= self._rules.max_line_characters + 1
        found = zip(numbers[short].tolist(), starts[short].tolist(), strict=True)
        return sorted({number for number, start in found if _HINTS.begins(text, start)})

    def _rule_of(self, line: str, bar: "_Bar | None") -> str | None:
        for rule, hinted, fullmatch in self._patterns:
            if hinted(line) and fullmatch(line):
                return rule
        return None if bar is None else self._bar_rule(bar)

    def _bar_rule(self, bar: _Bar) -> str | None:
        """The rule of a line that is a bar by itself, whatever stands around it; None where it is none."""
        if not bar.clean or len(bar.words) < 2 or bar.may_be_prose():
            return None
        piped = bar.items >= self._rules.min_piped_items and bar.share >= self._rules.min_piped_share
        if not piped and bar.share < self._rules.min_bar_share:
            return None
        rule, weight = bar.rule_and_weight()
        return rule if rule in self._on and weight >= self._rules.min_bar_weight else None


class _Page:
    """The lines of a text, and those among them that a rule may know."""

    def __init__(self, lines: Sequence[str], near: Sequence[int], rules: LineRulesConfig):
        self.lines = lines
        self._near, self._rules = near, rules

    @cached_property
    def bars(self) -> dict[int, _Bar]:
        """The lines with bar words, by number."""
        found = ((number, _bar(self.lines[number].strip())) for number in self._near)
        return {number: bar for number, bar in found if bar is not None}

    def menu_lines(self) -> Iterator[int]:
        """The numbers of lines in runs of short ones, most of which are bar words through and through."""
        known = [number for number, bar in self.bars.items() if bar.clean and bar.share == 1.0]
        run: list[int] = []
        for number in known:
            if run and not self._goes_on(run[-1], number):
                yield from self._menu(run)
                run = []
            run.append(number)
        yield from self._menu(run)

    def _goes_on(self, last: int, following: int) -> bool:
        between = [line for line in self.lines[last + 1 : following] if line]
        return len(between) <= self._rules.max_unknown_menu_lines and all(map(self._may_be_in_menu, between))

    def _may_be_in_menu(self, line: str) -> bool:
        return (
            len(line.strip()) <= self._rules.max_menu_line_characters
            and not ends_sentence(line)
            and _NOT_IN_MENUS.search(line) is None
        )

    def _menu(self, run: Sequence[int]) -> Iterator[int]:
        """The run from its first known line to its last, if it is long and known well enough."""
        if len(run) < self._rules.min_menu_lines:
            return
        words = frozenset().union(*(self.bars[number].words for number in run))
        inside = [number for number in range(run[0], run[-1] + 1) if self.lines[number]]
        weight = sum(BAR_WORDS[word].weight for word in words)
        known = len(run) >= self._rules.min_menu_share * len(inside)
        if known and weight >= self._rules.min_menu_weight and not self._is_listed_in_prose(run):
            yield from inside

    def _is_listed_in_prose(self, run: Sequence[int]) -> bool:
        """Whether a line before a run announces it, or a sentence after it refers to it."""
        before = self._beside(range(run[0] - 1, -1, -1))
        after = self._beside(range(run[-1] + 1, len(self.lines)))
        return any(map(_REFERS_ON.fullmatch, before)) or any(
            _REFERS_BACK.match(line) and ends_sentence(line) for line in after
        )

    def _beside(self, numbers: Iterable[int]) -> Iterator[str]:
        """The lines next to a run up to the first that is in no menu: not every word of menus is looked for."""
        filled = (self.lines[number].strip() for number in numbers if self.lines[number])
        for line in islice(filled, self._rules.max_unknown_menu_lines + 1):
            yield line
            if not self._may_be_in_menu(line):
                break

    def stray_breadcrumbs(self, cut: Mapping[int, str]) -> list[int]:
        """The numbers of breadcrumbs among the cut lines that stand neither at the top nor next to another cut line."""
        if _BREADCRUMBS not in cut.values():
            return []
        filled = [number for number, line in enumerate(self.lines) if line]
        others = [cut.get(number, _BREADCRUMBS) != _BREADCRUMBS for number in filled]
        return [
            number
            for place, number in enumerate(filled)
            if place >= _TOP_LINES and cut.get(number) == _BREADCRUMBS and not any(others[place - 1 : place + 2])
        ]

    def headlines(self, cut: Container[int]) -> Iterator[int]:
        """The numbers of headings such as "관련 글" and of headlines below them, where they end what is not cut.

        Sentences must stand above them: else they are headings of the text itself.
        """
        headings = {number for number in self._near if _is_heading(self.lines[number].strip())}
        left = [number for number, line in enumerate(self.lines) if line and number not in cut] if headings else []
        while (end := self._headlines_at_end(left, headings)) and self._has_sentence(left[:-end]):
            yield from left[-end:]
            del left[-end:]

    def _has_sentence(self, numbers: Sequence[int]) -> bool:
        return any(ends_sentence(self.lines[number]) for number in numbers)

    def _headlines_at_end(self, left: Sequence[int], headings: Container[int]) -> int:
        """How many of the last lines are a heading and headlines below it; often none."""
        for length, number in enumerate(reversed(left[-self._rules.max_headlines - 1 :]), start=1):
            if number in headings:
                return length
            if not self._is_headline(number):
                break
        return 0

    def _is_headline(self, number: int) -> bool:
        line = self.lines[number]
        return len(line) <= self._rules.max_headline_characters and not ends_sentence(line)


def _bar(line: str) -> _Bar | None:
    """What bar words a line holds; None where it holds none, or is a list's, a table's or a heading's."""
    if line.startswith(_BULLETS):
        return None
    words = {fold(found["word"]) for found in BAR_WORD.finditer(line) if found["word"]}
    if not words:
        return None
    rest = BAR_WORD.sub(" ", line)
    unknown, all_of_it = len(_NOT_WORD.sub("", rest)), len(_NOT_WORD.sub("", line))
    clean = SEPARATORS.fullmatch(rest) is not None and JOINED.search(rest) is None
    return _Bar(frozenset(words), 1 - unknown / all_of_it, clean, line.count("|") + 1, "," in line)


def _is_heading(line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in HEADINGS)


def _without(lines: Sequence[str], cut: dict[int, str]) -> str:
    """The other lines, with one blank line at most where some were cut, and none at either end."""
    left: list[str] = []
    for number, line in enumerate(lines):
        if number not in cut and (line or (left and left[-1])):
            left.append(line)
    return "\n".join(left).strip("\n ")
