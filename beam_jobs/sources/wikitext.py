"""Pure: wikitext to plain text, without templates, tables, references, pictures and categories."""

import re
from collections.abc import Collection, Iterator

import mwparserfromhell
from mwparserfromhell.nodes import ExternalLink, Heading, HTMLEntity, Node, Tag, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

_DROPPED_TAGS = {
    *(
        "ref",
        "references",
        "table",
        "gallery",
        "imagemap",
        "graph",
        "mapframe",
        "maplink",
        "timeline",
        "score",
    ),
    *(
        "math",
        "chem",
        "ce",
        "syntaxhighlight",
        "source",
        "templatedata",
        "hiero",
        "includeonly",
        "style",
        "script",
    ),
}
_LINE_TAGS = {"br", "p", "div", "blockquote", "poem", "center", "li", "dd", "dt", "ul", "ol", "dl", "hr"}
_INTERLANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]+)*")
_QUOTES = re.compile(r"'{2,}")
_MAGIC_WORD = re.compile(r"__[A-Z가-힣]+__")
# What a dropped template leaves between brackets: "베를린({{llang|de|Berlin}}, …)".
_EMPTY_BRACKETS = re.compile(r"[ \t]*\([\s,;:·、/]*\)|[ \t]*（[\s,;:·、/]*）")
_LEADING_MARK = re.compile(r"(?<=[(（])[\s,;:·、/]+")
_SPACES = re.compile(r"[ \t\xa0]+")
_HEADING = "\x00"
"""Marks a heading's line, with its level after it, until empty sections are dropped."""


def plain_text(wikitext: str, hidden_namespaces: Collection[str]) -> str:
    """Renders an article: a line for each paragraph, list item and heading; sections left empty are dropped.

    Args:
      wikitext: the article's source.
      hidden_namespaces: names, in lower case, of the namespaces whose links show no text: files, categories.

    Raises:
      mwparserfromhell.parser.ParserError: when the parser gives up.
    """
    # Bold and italics are found by pattern: the parser can take minutes over unbalanced quotes.
    code = mwparserfromhell.parse(wikitext.replace(_HEADING, ""), skip_style_tags=True)
    text = "".join(_render(code, hidden_namespaces))
    text = _MAGIC_WORD.sub("", _QUOTES.sub("", text))
    text = _LEADING_MARK.sub("", _EMPTY_BRACKETS.sub("", text))
    lines = [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
    return "\n".join(_without_empty_sections([line for line in lines if _says_something(line)]))


def _render(code: Wikicode | None, hidden: Collection[str]) -> Iterator[str]:
    for node in code.nodes if code is not None else ():
        yield from _render_node(node, hidden)


def _render_node(node: Node, hidden: Collection[str]) -> Iterator[str]:
    """A node's text; templates, arguments and comments have none."""
    if isinstance(node, Text):
        yield node.value
    elif isinstance(node, HTMLEntity):
        yield node.normalize()
    elif isinstance(node, Heading):
        yield f"\n{_HEADING}{node.level}"
        yield from _render(node.title, hidden)
        yield "\n"
    elif isinstance(node, Wikilink):
        if _is_shown(node, hidden):
            yield from _render(node.title if node.text is None else node.text, hidden)
    elif isinstance(node, ExternalLink):
        yield from _render(node.title, hidden)
    elif isinstance(node, Tag):
        name = str(node.tag).strip().lower()
        if name in _LINE_TAGS and not node.wiki_markup:
            yield "\n"
        if name not in _DROPPED_TAGS:
            yield from _render(node.contents, hidden)


def _is_shown(link: Wikilink, hidden: Collection[str]) -> bool:
    namespace, colon, _ = str(link.title).strip().partition(":")
    namespace = namespace.strip().replace("_", " ").lower()
    if not colon or not namespace:  # [[:분류:수학]] is a link to be seen
        return True
    return namespace not in hidden and not (link.text is None and _INTERLANGUAGE.fullmatch(namespace))


def _says_something(line: str) -> bool:
    """Whether a line is more than marks, and no row of a table that a template opened."""
    said = line[2:] if line.startswith(_HEADING) else line
    return any(map(str.isalnum, said)) and not said.startswith(("|", "{|"))


def _without_empty_sections(lines: list[str]) -> list[str]:
    """Drops headings (and their marks) that no text follows before the next of the same or a higher level."""
    kept: list[str] = []
    next_level = 0
    for line in reversed(lines):
        if not line.startswith(_HEADING):
            kept.append(line)
            next_level = 7
            continue
        level = int(line[1])
        if next_level > level:
            kept.append(line[2:].strip())
            next_level = level
    return kept[::-1]
