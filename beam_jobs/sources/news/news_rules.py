"""Pure: cuts what is about an article off its beginning and end: who wrote it, whose it is, what else to read.

An article is taken as lines. Rules for whole lines that are never prose (EVERYWHERE, in `news_patterns`)
hold for all of them; the others only for the first and the last few lines that stay, so that a sentence in the
middle is never cut. Cutting goes on until nothing more is found, so that trimming a trimmed text changes nothing.
"""

import itertools
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from beam_jobs.sources.news.news_patterns import (
    AT_END,
    AT_LINE_END,
    AT_LINE_START,
    AT_START,
    EVERYWHERE,
    HINT,
    LAST,
    LINK_HEADING,
    LONGEST,
    MARKERS,
    Rule,
)

_HEAD_LINES = 3
"""A headline and a subheading may stand above the byline."""
_TAIL_LINES = 3
_LINKS = 12
"""Headlines of other articles listed below this one."""
_LONGEST_HEADLINE = 60
_SENTENCE_ENDS = ("다.", "요.", "다", '."', ".”")


class _Line:
    """A line of which less and less is left."""

    __slots__ = ("cut", "end", "start", "text")

    def __init__(self, text: str):
        self.text, self.cut = text, False
        self.end = len(text.rstrip())
        self.start = min(len(text) - len(text.lstrip()), self.end)

    def __len__(self) -> int:
        return self.end - self.start

    def left(self) -> str:
        """What is left of it; the line as it was, with its white space, if no rule cut anything."""
        return self.text[self.start : self.end] if self.cut else self.text

    def trim(
        self, whole: Sequence[Rule], at_start: Sequence[Rule] = (), at_end: Sequence[Rule] = ()
    ) -> Iterator[tuple[str, int]]:
        """Cuts until no rule knows all of the line, or its start, or its end; yields rules and characters cut."""
        while len(self) and (cut := self._cut_all(whole) or self._cut_start(at_start) or self._cut_end(at_end)):
            yield cut

    def drop(self) -> int:
        """Cuts all of it; gives how many characters."""
        return self._leave(self.end, self.end)

    def _cut_all(self, rules: Sequence[Rule]) -> tuple[str, int] | None:
        if len(self) <= LONGEST and HINT.search(self.text, self.start, self.end):
            for rule in rules:
                if rule.pattern.fullmatch(self.text, self.start, self.end):
                    return rule.name, self.drop()
        return None

    def _cut_start(self, rules: Sequence[Rule]) -> tuple[str, int] | None:
        end = min(self.end, self.start + LONGEST)
        for rule in rules if HINT.search(self.text, self.start, end) else ():
            if found := rule.pattern.match(self.text, self.start, end):
                return rule.name, self._leave(found.end(), self.end)
        return None

    def _cut_end(self, rules: Sequence[Rule]) -> tuple[str, int] | None:
        start = max(self.start, self.end - LONGEST)
        for rule in rules if HINT.search(self.text, start, self.end) else ():
            if found := rule.pattern.search(self.text, start, self.end):
                return rule.name, self._leave(self.start, found.start())
        return None

    def _leave(self, start: int, end: int) -> int:
        """Keeps only what lies between; gives how many characters went."""
        before = len(self)
        # Positions, not slices: a rule may hold a hundred thousand times on one long line.
        while start < end and self.text[end - 1].isspace():
            end -= 1
        while start < end and self.text[start].isspace():
            start += 1
        self.start, self.end, self.cut = start, end, True
        return before - len(self)


def trim_news(text: str) -> tuple[str, Mapping[str, int]]:
    """Trims an article; gives the rest, and how many characters each rule cut.

    A text of which nothing would be left stays whole.

    >>> trim_news("(서울=가나통신) 홍길동 기자 = 비가 온다.\\n무단 전재 및 재배포 금지")
    ('비가 온다.', {'byline': 19, 'copyright': 14})
    """
    lines = [_Line(line) for line in text.split("\n")]
    counts: Counter[str] = Counter()
    markers = [marker for marker in MARKERS if marker in text]
    for line in lines:
        if 0 < len(line) <= LONGEST and any(marker in line.text for marker in markers):
            _count(counts, line.trim(EVERYWHERE))
    staying = deque(line for line in lines if line)
    before = -1
    while before != (before := counts.total()):
        _trim_head(staying, counts)
        _cut_links(staying, counts)
        _trim_tail(staying, counts)
    if not counts or not any(map(str.isalnum, itertools.chain.from_iterable(line.left() for line in staying))):
        return text, {}
    return _joined(lines), dict(sorted(counts.items()))


def _trim_head(staying: deque[_Line], counts: Counter[str]) -> None:
    first: list[_Line] = []
    while staying and len(first) < _HEAD_LINES:
        line = staying.popleft()
        _count(counts, line.trim(AT_START, at_start=AT_LINE_START))
        if line:
            first.append(line)
    staying.extendleft(reversed(first))


def _trim_tail(staying: deque[_Line], counts: Counter[str]) -> None:
    last: list[_Line] = []
    while staying and len(last) < _TAIL_LINES:
        line = staying.pop()
        _count(counts, line.trim(AT_END if last else LAST, at_end=AT_LINE_END))
        if line:
            last.append(line)
    staying.extend(reversed(last))


def _cut_links(staying: deque[_Line], counts: Counter[str]) -> None:
    while headlines := _headlines(staying):
        for _ in range(headlines):
            counts[LINK_HEADING.name] += staying.pop().drop()


def _headlines(staying: deque[_Line]) -> int:
    """How many of the last lines are a heading such as "관련기사" and headlines below it; often none."""
    for below, line in enumerate(itertools.islice(reversed(staying), _LINKS + 1)):
        if len(line) > _LONGEST_HEADLINE:
            return 0
        left = line.left().strip()
        if LINK_HEADING.pattern.fullmatch(left):
            return below + 1
        if left.endswith(_SENTENCE_ENDS):
            return 0
    return 0


def _count(counts: Counter[str], cuts: Iterable[tuple[str, int]]) -> None:
    for name, characters in cuts:
        counts[name] += characters


def _joined(lines: Sequence[_Line]) -> str:
    """What is left, without the blank lines that the lines cut stood between."""
    left: list[str] = []
    after_cut = False
    for line in lines:
        if line:
            after_cut = False
        elif line.cut:
            after_cut = True
            continue
        elif after_cut and (not left or not left[-1].strip()):
            continue
        left.append(line.left())
    return "\n".join(left).strip()
