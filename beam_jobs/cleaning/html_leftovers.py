"""Pure: entities, layout tags and comments that a page's extraction left in its text.

Documentation holds the same on purpose, so a text that speaks of markup, or holds a tag that is not for layout, stays
as it is: what cannot be told from a left-over is not one.
"""

import re
from html import unescape
from html.entities import html5

_AMPERSAND = "(?:amp;|#38;|#[xX]26;)*"  # escaped more than once
_ENTITY = re.compile(f"&{_AMPERSAND}(#[0-9]{{2,7}};|#[xX][0-9a-fA-F]{{2,6}};|[A-Za-z][A-Za-z0-9]{{1,30}};)")
_COMMENT = re.compile(r"<!--(?!#)[\s\S]{0,2000}?-->")
"""Of bounded length, so that many an open one takes no quadratic time; "<!--#" is a server's directive."""

_LINES = frozenset(
    ["br", "p", "div", "hr", "center", "blockquote", "ul", "ol", "li", "table", "tbody", "tr"]
    + [f"h{level}" for level in range(1, 7)]
)
_CELLS = frozenset(["td", "th"])
_WITHIN_LINES = frozenset(
    ["span", "font", "b", "i", "u", "a", "em", "strong", "strike", "small", "big", "sub", "sup", "nobr", "img"]
)
_LAYOUT = _LINES | _CELLS | _WITHIN_LINES
_ATTRIBUTE = r"""\s+[A-Za-z-]+(?:\s*=\s*(?:"[^"<>\n]*"|'[^'<>\n]*'|[^\s"'<>{}]+))?"""
_ALONE = r"(?<!<<)(?:(?=/|\w\w)|(?<![A-Za-z0-9_]<))"  # "List<b>" is no tag; nor does a tag within one leave another
_TAG = re.compile(rf"<{_ALONE}/?([A-Za-z][A-Za-z0-9]*)(?:{_ATTRIBUTE})*\s*/?>")
_TAG_AND_BLANKS = re.compile(rf"{_TAG.pattern}((?:[ \t\u00a0\u3000]|&nbsp;)*)")
_TAG_LIKE = re.compile(r"</?[A-Za-z?%]")
_MARKUP = re.compile(r"(?<![./\w])(?:html|xml|jsx|css|entit)|태그|마크업|엔티티", re.IGNORECASE)
_CODE = re.compile(r"=>|\);|\};|#include|className|\bimport |\breturn ")


def drop_html_leftovers(text: str) -> str:
    """Entities as the letters they stand for, and layout tags and comments gone, where they are left-overs.

    >>> drop_html_leftovers("첫째 줄&nbsp;&amp;amp; 끝<br/>둘째 <b>줄</b><!-- 끝 -->")
    '첫째 줄\\xa0& 끝\\n둘째 줄'
    """
    entities = "&" in text and _ENTITY.search(text) is not None
    tags = "<" in text and (_TAG.search(text) is not None or "-->" in text)
    if not (entities or tags) or _is_about_markup(text):
        return text
    if tags and not _CODE.search(text):
        text = _TAG_AND_BLANKS.sub(_instead_of_tag, _COMMENT.sub("", text))
    return _without_entities(text) if entities else text


def _is_about_markup(text: str) -> bool:
    """Whether the text names markup, or holds what begins like a tag and is none for layout."""
    if _MARKUP.search(text):
        return True
    layout = sum(tag.lower() in _LAYOUT for tag in _TAG.findall(text))
    return layout < len(_TAG_LIKE.findall(_COMMENT.sub("", text)))


def _instead_of_tag(found: re.Match[str]) -> str:
    tag, blanks = found[1].lower(), found[2]
    if tag in _LINES:
        return "\n"  # a browser shows no blank at the beginning of a line
    return f" {blanks}" if tag in _CELLS else blanks


def _without_entities(text: str) -> str:
    """Entities as their letters, but for "<" and ">" where they would make a tag: who escaped it shows it."""
    letters = _ENTITY.sub(_letter, text)
    if _CODE.search(letters) or not (_TAG.search(letters) or _COMMENT.search(letters)):
        return letters
    return _ENTITY.sub(lambda found: found[0] if _letter(found) in "<>" else _letter(found), text)


def _letter(found: re.Match[str]) -> str:
    last = found[1]
    return unescape(f"&{last}") if last in html5 or last.startswith("#") else found[0]
