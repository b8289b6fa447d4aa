"""Pure: an article's lines after its wikitext was rendered: lists, headings, and the appendices that are dropped."""

import re
from collections.abc import Sequence

from beam_jobs.sources.wiki.wikitext_marks import BULLET, HEADING, HOLE, INDENT, NUMBER, TERM

_APPENDICES = (
    "같이 보기 | 함께 보기 | 같이보기 | 관련 항목 | 관련 문서 | 관련 문헌 | 참고 | 참조 | 각주 | 주석 |"
    "각주 및 참고 문헌 | 각주와 참고 문헌 | 참고 문헌 | 참고문헌 | 참고 자료 | 참고자료 | 출처 | 인용 |"
    "외부 링크 | 외부링크 | 바깥 고리 | 바깥고리 | 외부 연결 | 읽을거리 | 더 읽을거리 | 더 읽어보기 |"
    "see also | notes | footnotes | explanatory notes | references | citations | sources | notes and references |"
    "references and notes | general references | works cited | bibliography | further reading | external links"
)
APPENDICES = frozenset(title.strip() for title in _APPENDICES.split("|"))
"""Titles, in lower case, of the sections that a Korean or English article ends with: rule `link_list_appendix`."""
_SPACES = re.compile(r"[ \t\xa0]+")
_ITEM = re.compile(f"[{BULLET}{NUMBER}{TERM}{INDENT}]+")
_BETWEEN = " \t,;:·、/"
"""What parts the items within brackets."""
_SPACE = " \t"
_STOPS = (".", ",", ";", ":", "!", "?", "。", "、")
_OPEN, _CLOSED = ("(", "（"), (")", "）")


def article_lines(rendered: str) -> list[str]:
    """Lines of text: paragraphs, list items with "- " or their number before them, headings.

    A section with no text, and an appendix that holds nothing but lists (of links, books, notes), leave no trace.
    """
    lines = [_SPACES.sub(" ", _without_holes(line)).strip() for line in rendered.split("\n")]
    kept = _without_appendices([line for line in lines if _says_something(line)])
    return _with_plain_items(_without_empty_sections(kept))


def _without_holes(line: str) -> str:
    """Mends what a dropped template leaves around it: "베를린({{소리|a}}, 백림)" becomes "베를린(백림)".

    Brackets that held nothing before are somebody's "f()" and stay.
    """
    first, *others = line.split(HOLE)
    mended = first
    for part in others:
        mended = _joined(mended, part)
    return mended


def _joined(before: str, after: str) -> str:
    head, tail = before.rstrip(_BETWEEN), after.lstrip(_BETWEEN)
    if head.endswith(_OPEN) and tail.startswith(_CLOSED):
        return head[:-1].rstrip(_SPACE) + tail[1:]
    if head.endswith(_OPEN) or tail.startswith(_CLOSED):
        return head + tail
    if after.lstrip(_SPACE).startswith(_STOPS):
        before, after = before.rstrip(_SPACE), after.lstrip(_SPACE)
    if before.endswith(_STOPS) and after.startswith(before[-1]) and before[-1] in _BETWEEN:
        return before[:-1] + after
    return before + after


def _says_something(line: str) -> bool:
    """Whether a line is more than marks, and no row of a table that a template opened."""
    said = line[2:] if line.startswith(HEADING) else line
    return any(map(str.isalnum, said)) and not said.startswith(("|", "{|"))


def _without_appendices(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    position = 0
    while position < len(lines):
        end = _section_end(lines, position)
        if end is None or not all(line.startswith(HEADING) or _ITEM.match(line) for line in lines[position + 1 : end]):
            kept.append(lines[position])
            end = position + 1
        position = end
    return kept


def _section_end(lines: Sequence[str], position: int) -> int | None:
    """Where the appendix that begins at a line ends; None if none does."""
    if not lines[position].startswith(HEADING) or lines[position][2:].strip().lower() not in APPENDICES:
        return None
    level = lines[position][1]
    return next((later for later in range(position + 1, len(lines)) if lines[later][:2] <= HEADING + level), len(lines))


def _without_empty_sections(lines: Sequence[str]) -> list[str]:
    """Drops headings (and their marks) that no text follows before the next of the same or a higher level."""
    kept: list[str] = []
    next_level = 0
    for line in reversed(lines):
        if not line.startswith(HEADING):
            kept.append(line)
            next_level = 7
            continue
        level = int(line[1])
        if next_level > level:
            kept.append(line[2:].strip())
            next_level = level
    return kept[::-1]


def _with_plain_items(lines: Sequence[str]) -> list[str]:
    numbers: dict[str, int] = {}
    plain = []
    for line in lines:
        marks = found[0] if (found := _ITEM.match(line)) else ""
        numbers = {list_marks: number for list_marks, number in numbers.items() if marks.startswith(list_marks)}
        if marks.endswith(NUMBER):
            numbers[marks] = numbers.get(marks, 0) + 1
        plain.append(_before_item(marks, numbers) + line[len(marks) :].lstrip().replace(INDENT, ":"))
    return plain


def _before_item(marks: str, numbers: dict[str, int]) -> str:
    """A list in a list keeps no indentation; indented and defined lines are lines like others."""
    if marks.endswith(BULLET):
        return "- "
    return f"{numbers[marks]}. " if marks.endswith(NUMBER) else ""
