"""Pure: leaves out of wikitext what no article's text shows, in one pass, before a parser looks at the rest.

Most of a long article is references, tables and templates, and a parser builds a tree of them first; over marks that
never end it can take minutes. Nothing but time depends on this: the text is the same without.
"""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from beam_jobs.sources.wiki.wikitext_marks import HOLE

_MARK = re.compile(r"<!--|</?([A-Za-z]+)(?=[\s/>])[^<>]*>|\{\{+|\}\}+|\[\[|\]\]+|\n[ \t:*#]*\{\||\n[ \t]*\|\}(?!\})")
_OPAQUE = {"nowiki", "math", "chem", "ce"}
"""Tags in which no mark means anything, but whose text may be shown."""
_NESTED = {"table", "div"}
"""Tags that may hold others of their name, which are left to the parser."""
_TEMPLATE_NAME = re.compile(r"[^|{}<>\[\]]*")
# A title or a text that is nothing else to the parser: no list, no heading, no address, no mark.
_WORDS = r"[^\[\]{}<>|\n:/*#;=\s-][^\[\]{}<>|\n:/]*"
_PLAIN_LINK = re.compile(rf"(?<!\[)\[\[(?:{_WORDS}\|)?({_WORDS})\]\](?!\])")


class _Open(NamedTuple):
    """A mark that waits for its end."""

    kind: str
    start: int
    length: int
    left_out: int
    """How many spans had been left out when it came."""


def without_dropped(
    wikitext: str, dropped_tags: Collection[str], hidden_namespaces: Collection[str], is_shown: Callable[[str], bool]
) -> str:
    """Wikitext with a HOLE for each dropped tag with its content, template, table and hidden link.

    Of a plain link its text stays, of a comment nothing.

    Args:
      wikitext: an article's source.
      dropped_tags: names in lower case.
      hidden_namespaces: those whose links are hidden, in lower case.
      is_shown: whether templates of a name stay.
    """
    return _Scan("\n" + wikitext, set(dropped_tags) - _NESTED, hidden_namespaces, is_shown).rest()[1:]


class _Scan:
    """One pass over a text that begins with a line's end."""

    def __init__(
        self, text: str, dropped_tags: Collection[str], hidden: Collection[str], is_shown: Callable[[str], bool]
    ):
        self._text, self._dropped_tags, self._is_shown = text, dropped_tags, is_shown
        names = "|".join(re.escape(name).replace(r"\ ", r"[ _]+") for name in sorted(hidden))
        self._hidden_link = re.compile(rf"\[\[\s*(?:{names})\s*:", re.IGNORECASE)
        self._open: list[_Open] = []
        self._waiting = {"{": 0, "[": 0, "|": 0}
        """How many of each kind are open."""
        self._left_out: list[tuple[int, int, str]] = []
        self._unended: list[_Open] = []
        """Marks that never end, as those around them ended first."""
        self._never_ending: set[str] = set()
        """Tags of which no end is left in the text."""

    def rest(self) -> str:
        """The text with what is left out."""
        position = 0
        while (mark := _MARK.search(self._text, position)) is not None:
            position = self._meet(mark)
        # A parser would look for the ends of marks that have none, from each of them to the end of the text.
        unended = [
            (mark.start, mark.start + mark.length, "") for mark in self._unended + self._open if mark.kind != "|"
        ]
        parts, begin = [], 0
        for start, end, instead in sorted(self._left_out + unended):
            if start >= begin:
                parts += [self._text[begin:start], instead]
                begin = end
        return "".join([*parts, self._text[begin:]])

    def _meet(self, mark: re.Match[str]) -> int:
        """Deals with a mark; returns where to go on."""
        said, start, end = mark[0], mark.start(), mark.end()
        if said[0] == "<":
            return self._comment(start) if said == "<!--" else self._tag(mark)
        if said[0] == "{":
            self._begin("{", start, len(said))
        elif said[0] == "}":
            self._end_braces(start, len(said))
        elif said == "[[":
            self._begin("[", start, len(said))
        elif said[0] == "]":
            self._end_links(start, end)
        elif said[-1] == "|":
            self._begin("|", start + 1, len(said) - 1)
        elif (table := self._latest("|")) is not None:
            self._leave_out(table, table.start, end)
        return end

    def _comment(self, start: int) -> int:
        end = self._text.find("-->", start)
        end = len(self._text) if end < 0 else end + 3
        self._left_out.append((start, end, ""))
        return end

    def _tag(self, mark: re.Match[str]) -> int:
        name = mark[1].lower()
        if mark[0][1] == "/" or name in self._never_ending:
            return mark.end()
        dropped = name in self._dropped_tags
        if not dropped and name not in _OPAQUE:
            return mark.end()
        end = mark.end() if mark[0].endswith("/>") else self._end_of_tag(name, mark.end())
        if end is None:
            self._never_ending.add(name)
            return mark.end()
        if dropped:
            self._left_out.append((mark.start(), end, HOLE))
        return end

    def _end_of_tag(self, name: str, position: int) -> int | None:
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self._text, position)
        return None if end is None else end.end()

    def _begin(self, kind: str, start: int, length: int) -> None:
        self._open.append(_Open(kind, start, length, len(self._left_out)))
        self._waiting[kind] += 1

    def _latest(self, kind: str) -> _Open | None:
        """The innermost open mark of a kind; those that were opened in it never end."""
        while self._waiting[kind]:
            latest = self._open.pop()
            self._waiting[latest.kind] -= 1
            if latest.kind == kind:
                return latest
            self._unended.append(latest)
        return None

    def _leave_out(self, mark: _Open, start: int, end: int, instead: str = HOLE) -> None:
        del self._left_out[mark.left_out :]
        self._left_out.append((start, end, instead))

    def _end_links(self, position: int, end: int) -> None:
        while end - position >= 2 and (link := self._latest("[")) is not None:
            inside = link.start + 2, position
            if (end - position) % 2 and self._text.rfind("[", *inside) > self._text.rfind("]", *inside):
                position += 1  # the first of three ends a link to the web within this one
            position += 2
            if self._hidden_link.match(self._text, link.start):
                self._leave_out(link, link.start, position)
            elif (plain := _PLAIN_LINK.match(self._text, link.start)) is not None and plain.end() == position:
                self._leave_out(link, link.start, position, plain[1])

    def _end_braces(self, position: int, count: int) -> None:
        """Ends templates and arguments from within: three braces are an argument's, two a template's."""
        while count >= 2 and (mark := self._latest("{")) is not None:
            taken = min(count, mark.length, 3)
            start = mark.start + mark.length - taken
            position, count = position + taken, count - taken
            if taken == 3 or not self._is_shown(self._name_at(start + 2)):
                self._leave_out(mark, start, position)
            if mark.length - taken >= 2:
                self._open.append(mark._replace(length=mark.length - taken))
                self._waiting["{"] += 1

    def _name_at(self, position: int) -> str:
        name = _TEMPLATE_NAME.match(self._text, position)
        return name[0] if name else ""
