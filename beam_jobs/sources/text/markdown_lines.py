"""Pure: Markdown, also as documentation tools extend it, to lines of plain text."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ADDRESS = re.compile(r"[A-Za-z/#]")


class _Parser(MarkdownIt):
    """CommonMark with tables; where links lead does not matter."""

    def __init__(self) -> None:
        super().__init__("commonmark")
        # Indented text is text: laws and letters indent their paragraphs, and documentation fences its code.
        self.enable("table").disable("code")
        self.core.ruler.disable(["inline", "text_join"])

    def normalizeLink(self, url: str) -> str:
        return url

    def validateLink(self, url: str) -> bool:
        # "[구 법인세법](1998)" is a law and its year, as court decisions write them.
        return not url or bool(_ADDRESS.search(url))


_PARSER = _Parser()
_WITHOUT_MARKS = re.compile(r"[^`*_\[\]<>&\\!{}:?\n]*")
"""A text that means itself, as most lines of plain prose."""
_MODULE_CODE = re.compile(
    r"import\s+(?:[\w*{][^;'\"]*\sfrom\s+)?['\"]|export\s+(?:default|const|let|var|function|async|class|\{|\*)"
)
"""How a paragraph of MDX begins that is code."""
_CODE_SPAN = r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
_COMPONENT = (
    r"</?[A-Z][\w.]*(?:\s+[\w:.-]+(?:=(?:\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{[^{}]*\})*\}))?|\s+\{\.\.\.[^{}]*\})*\s*/?>"
)
_MARKS = re.compile(
    "|".join(
        (
            _CODE_SPAN,
            r"\{\{[<%#].{0,500}?\}\}",  # shortcodes of Hugo, includes of mdBook
            r"\{%.{0,500}?%\}",  # Jekyll
            r"\{/\*.{0,500}?\*/\}",  # comments of MDX, with which some name headings
            r"[ \t]*(?<!\{)\{:?[ \t]*[.#][^{}\n]*\}|\{:[ \t][^{}\n]*\}",  # attributes of Pandoc, Kramdown and Hugo
            r"\[!\w[\w-]*(?:[ \t]*\[[^\]]*\][ \t]*\([^)]*\)|[^\[\]\n]*)\][ \t+-]*",  # [!NOTE], [!INCLUDE[a](b)]
            r"(?:^|(?<=\n))[ \t]*:{3,}[ \t]*\w*(?:\[(?P<colon_title>[^\]\n]*)\])?[^\n]*",  # :::tip[title]
            r"^(?:!!!|\?\?\?\+?)[ \t]+\w+(?:[ \t]+\"(?P<bang_title>[^\"\n]*)\")?[ \t]*(?=\n|\Z)",  # !!! note "title"
            r"\[\^[^\]\s]+\](?::[ \t]*)?",  # footnotes: their texts stay
            r"^\[[ xX]\][ \t]+",  # boxes to tick
            # CommonMark takes no such asterisks for marks where a particle follows, as in **파일(File)**을.
            r"\*\*(?P<strong>[^\s*][^*\n]*[^\w\s*])\*\*(?=\w)",
            r"(?<=\w)\*\*(?=[^*\n]*[^\W\d_])(?P<quoted>[^\w\s*][^*\n]*)\*\*",
            _COMPONENT,
        )
    ),
    re.DOTALL,
)
_ITEM_ON_ITS_OWN_LINE = re.compile(
    r"(?<!  )(?<!\\)\n(?=[ \t]*(?:(?:\d{1,3}|[가-하])\\?[.)][ \t]|\(\d{1,3}\)|\[\^\w+\]|\[\d{1,3}\]|[①-⑳]|【))"
)
"""Where texts that are no Markdown at heart number their lines: such lines stay lines."""

_HIDDEN_ELEMENT = re.compile(r"<(pre|script|style|svg|textarea)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.S | re.I)
_TAG = re.compile(r"</?([A-Za-z][\w.:-]*)(?:[^<>\"'{}]|\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{[^{}]*\})*\})*>|<[!?][^<>]*>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]+")
_CELLS = frozenset(("td", "th"))
_WITHIN_LINES = re.compile(
    "a|abbr|b|bdi|bdo|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|mark|q|s|samp|small|span|strike|strong|"
    "sub|sup|time|tt|u|var|wbr|"
)


class Lines(NamedTuple):
    """A Markdown text in plain lines."""

    lines: list[str]
    title: str
    """The first heading of level 1, or ""."""


def plain_lines(markdown: str) -> Lines:
    """Each heading, paragraph, list item and table row as a line; cells parted by tabs, ordered items with numbers.

    Left out are code blocks, images and comments, and what tools put among the text: module code and components of
    MDX, shortcodes, names of headings, marks of notes. Inline code and the texts of links and HTML stay.
    """
    reading = _Reading()
    reading.read(markdown)
    return Lines(reading.lines, reading.title)


class _Reading:
    """Makes lines of tokens, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.title = ""
        self._mark = ""
        self._row: list[str] | None = None

    def read(self, markdown: str, within_html: bool = False) -> None:
        env: dict[str, Any] = {}
        heading = ""
        for token in _PARSER.parse(markdown, env):
            if token.type == "inline":
                self._add(_text(token.content, env), is_title=heading == "h1")
            elif token.type == "heading_open":
                heading = token.tag
            elif token.type == "heading_close":
                heading = ""
            elif token.type == "list_item_open":
                self._mark = f"{token.info}{token.markup} " if token.info else ""
            elif token.type == "tr_open":
                self._row = []
            elif token.type == "tr_close":
                self._end_row()
            elif token.type == "html_block" and not within_html:
                # What stands between its tags may be Markdown too.
                self.read(_without_tags(token.content), within_html=True)

    def _add(self, text: str, is_title: bool) -> None:
        if self._row is not None:
            self._row.append(" ".join(text.split()))
            return
        lines = [stripped for line in text.split("\n") if (stripped := line.strip())]
        if not lines:
            return
        if is_title and not self.title:
            self.title = " ".join(lines)
        self.lines += [self._mark + lines[0], *lines[1:]]
        self._mark = ""

    def _end_row(self) -> None:
        row = "\t".join(self._row or ()).strip()
        if row:
            self.lines.append(row)
        self._row = None


def _text(content: str, env: dict[str, Any]) -> str:
    """What a paragraph, heading or cell says, hard line breaks as they are."""
    if _MODULE_CODE.match(content):
        return ""
    if _WITHOUT_MARKS.fullmatch(content):
        return content
    content = _ITEM_ON_ITS_OWN_LINE.sub("\\\\\n", content)
    content = _MARKS.sub(_without_mark, content)
    tokens: list[Token] = []
    _PARSER.inline.parse(content, _PARSER, env, tokens)
    return "".join(_inline_text(tokens))


def _without_mark(found: re.Match[str]) -> str:
    return next(filter(None, found.group("code", "colon_title", "bang_title", "strong", "quoted")), "")


def _inline_text(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline"):
            yield token.content
        elif token.type == "softbreak":
            yield " "
        elif token.type == "hardbreak" or (token.type == "html_inline" and _BREAK.fullmatch(token.content)):
            yield "\n"


def _without_tags(html: str) -> str:
    return _SPACES.sub(" ", _TAG.sub(_between, _HIDDEN_ELEMENT.sub("", html)))


def _between(tag: re.Match[str]) -> str:
    """What stands for a tag: nothing within a line, else the end of a cell or of a paragraph."""
    name = (tag[1] or "").lower()
    if name in _CELLS:
        return " "
    return "" if _WITHIN_LINES.fullmatch(name) else "\n\n"
