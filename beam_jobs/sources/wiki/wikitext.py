"""Pure: wikitext to plain text, without templates, tables, references, pictures and categories.

What is decided here: nowiki's text stays as it is typed; a formula within a sentence is typed out if it is short and
simple, else an ellipsis, and one on a line of its own is dropped; of language variants (`-{zh-hans:A; zh-hant:B}-`) the
first stays; hanja, foreign names and other texts within templates stay as wikitext_templates.py says; addresses without
a text go; code goes. The lines are wikitext_lines.py's.
"""

import re
from collections.abc import Collection, Iterator

import mwparserfromhell
from mwparserfromhell.nodes import Comment, ExternalLink, Heading, HTMLEntity, Node, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from beam_jobs.sources.wiki.wikitext_formulas import readable_formula, without_blocks
from beam_jobs.sources.wiki.wikitext_lines import article_lines
from beam_jobs.sources.wiki.wikitext_marks import (
    APOSTROPHE,
    BULLET,
    HEADING,
    HOLE,
    INDENT,
    MARKS,
    NUMBER,
    TERM,
)
from beam_jobs.sources.wiki.wikitext_scan import without_dropped
from beam_jobs.sources.wiki.wikitext_templates import is_shown, render_template

_DROPPED = (
    "ref references table gallery imagemap graph mapframe maplink timeline score syntaxhighlight source pre "
    "templatedata hiero includeonly style script categorytree inputbox indicator section"
)
_DROPPED_TAGS = frozenset(_DROPPED.split())
_FORMULAS = {"math", "chem", "ce"}
_LINE_TAGS = {"br", "p", "div", "blockquote", "poem", "center", "dd", "dt", "ul", "ol", "dl", "hr"}
_ITEM_MARKS = {"*": BULLET, "#": NUMBER, ";": TERM, ":": INDENT}
_INTERLANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]+)*")
_QUOTES = re.compile(r"'{2,}")
_MAGIC_WORD = re.compile(r"__[A-Z가-힣]+__")
_STRAY = re.compile(
    r"\[\[|\]\]|\{\{+|\}\}+|</?(?:ref|references|small|big|div|span|p|br|center|i|b|u|s|em|strong|sub|sup|font|blockquote|"
    r"gallery|table|tr|td|th|li|ul|ol|dl|dd|dt|nowiki|noinclude|onlyinclude|includeonly|code|tt|poem)\b[^<>]*>",
    re.IGNORECASE,
)
"""A mark without its other half, which the parser takes for text."""
_VARIANTS = re.compile(r"-\{(?!\{)([^{}]*)\}-")


def plain_text(wikitext: str, hidden_namespaces: Collection[str], shortcut: bool = True) -> str:
    """Renders an article: a line for each paragraph, list item and heading; sections left empty are dropped.

    Args:
      wikitext: the article's source.
      hidden_namespaces: names, in lower case, of the namespaces whose links show no text: files, categories.
      shortcut: False makes the parser look at what is dropped, too; the text is the same.

    Raises:
      mwparserfromhell.parser.ParserError: when the parser gives up.
    """
    wikitext = without_blocks(_VARIANTS.sub(_first_variant, MARKS.sub("", wikitext)))
    if shortcut:
        wikitext = without_dropped(wikitext, _DROPPED_TAGS, hidden_namespaces, is_shown)
    # Bold and italics are found by pattern: the parser can take minutes over unbalanced quotes.
    code = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    text = "".join(_render(code, hidden_namespaces))
    text = _MAGIC_WORD.sub("", _QUOTES.sub("", text)).replace(APOSTROPHE, "'")
    return "\n".join(article_lines(text))


def _first_variant(variants: re.Match[str]) -> str:
    flags, bar, rest = variants[1].rpartition("|")
    if bar and flags.strip().upper() in {"H", "T", "-"}:  # rules for elsewhere, which show nothing here
        return ""
    first = rest.split(";")[0]
    return re.sub(r"^\s*zh(-\w+)*\s*:\s*", "", first) if first else rest


def _render(code: Wikicode | None, hidden: Collection[str]) -> Iterator[str]:
    for node in code.nodes if code is not None else ():
        yield from _render_node(node, hidden)


def _render_node(node: Node, hidden: Collection[str]) -> Iterator[str]:
    """A node's text, or a HOLE where it has none to show."""
    if isinstance(node, Text):
        yield _STRAY.sub("", node.value)
    elif isinstance(node, HTMLEntity):
        yield node.normalize()
    elif isinstance(node, Heading):
        yield f"\n{HEADING}{node.level}"
        yield from _render(node.title, hidden)
        yield "\n"
    elif isinstance(node, Wikilink):
        if _is_shown(node, hidden):
            yield from _render(node.title if node.text is None else node.text, hidden)
        else:
            yield HOLE
    elif isinstance(node, ExternalLink):
        yield from _render(node.title, hidden) if node.title else (HOLE,)
    elif isinstance(node, Tag):
        yield from _render_tag(node, hidden)
    elif isinstance(node, Template):
        yield render_template(node, lambda argument: "".join(_render(argument, hidden))) or HOLE
    elif not isinstance(node, Comment):
        yield HOLE


def _render_tag(tag: Tag, hidden: Collection[str]) -> Iterator[str]:
    name = str(tag.tag).strip().lower()
    if tag.wiki_markup:
        yield _ITEM_MARKS.get(str(tag.wiki_markup), "") if name != "table" else HOLE
    elif name in _DROPPED_TAGS or (name in _FORMULAS and _is_block(tag)):
        yield HOLE
    elif name in _FORMULAS:
        yield readable_formula("".join(_render(tag.contents, hidden)))
    elif name == "nowiki":
        yield "".join(map(_as_typed, tag.contents.nodes if tag.contents else ())).replace("'", APOSTROPHE)
    else:
        if name in _LINE_TAGS:
            yield "\n"
        elif name == "li":
            yield f"\n{BULLET}"
        yield from _render(tag.contents, hidden)


def _is_block(formula: Tag) -> bool:
    return formula.has("display") and str(formula.get("display").value) == "block"


def _as_typed(node: Node) -> str:
    return node.normalize() if isinstance(node, HTMLEntity) else str(node)


def _is_shown(link: Wikilink, hidden: Collection[str]) -> bool:
    namespace, colon, _ = str(link.title).strip().partition(":")
    namespace = namespace.strip().replace("_", " ").lower()
    if not colon or not namespace:  # [[:분류:수학]] is a link to be seen
        return True
    return namespace not in hidden and not (link.text is None and _INTERLANGUAGE.fullmatch(namespace))
