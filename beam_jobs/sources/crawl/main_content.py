"""Which parts of a web page are its main content: what HTML says, then names by convention, then density of links.

No rule knows a site: each rests on HTML's own elements and ARIA roles, on words that sites of all kinds call their
parts, or on how much of a part's text is links. Names and links decide only about parts that hold no prose.
"""

import functools
import re
from typing import Literal

from resiliparse.parse.html import ElementNode, ElementNodeList, HTMLTree

_MARKED = "script, style, noscript, template, nav, footer, dialog, button, select, main, article, [role]"
_NO_CONTENT = frozenset(("script", "style", "noscript", "template", "nav", "footer", "dialog", "button", "select"))
_NO_CONTENT_ROLES = frozenset(
    ("navigation", "contentinfo", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog", "button")
)
"""What HTML and ARIA define to be no content, or no text."""
_MAIN_SHARE = 0.2
"""An element that calls itself the main content and holds less of the text than this is not believed."""
_BLOCKS = "div, section, ul, ol, dl, table, header, aside, form, p:has(a), p[class*=copyright]"
_MOST_BLOCKS = 20_000
"""Behind so many nothing is taken out: looking into each of a page's nested blocks takes time by the square of them."""
_LISTS = ("ul", "ol", "dl", "table")
_HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADINGS = ", ".join(_HEADING_TAGS)
_PARTS = f"{_HEADINGS}, p, ul, ol, dl, table"

_Named = Literal["", "beside", "header", "never"]
_WORD = re.compile("[a-z]+")
_BESIDE = frozenset(
    _WORD.findall(
        """nav navbar navigation navi navlinks gnb lnb snb menu breadcrumb breadcrumbs crumb crumbs side sidebar aside
        foot footer pagination paginate paging pager prev next share sharing sns social related recommend recommended
        seealso tags rating feedback vote toolbar skip skiplink skipnav search login banner widget toc popular ranking
        comment comments reply newsletter subscribe promo ad ads sponsor sponsored popup modal dropdown tooltip"""
    )
)
"""What parts beside the content are called in class and id; gnb, lnb and snb are Korean web designers' menus."""
_BESIDE_ENDINGS = ("nav", "menu")
_NEVER = frozenset(
    ("cookie", "cookies", "consent", "gdpr", "copyright", "advert", "adverts", "advertisement", "advertisements")
)
"""What is no content even where it is prose."""
_PROSE = 80
"""Letters outside of links, about two Korean sentences, from which on a part is prose."""
_FEWEST_LINKS = 3
_LINK_SHARE = 0.85
"""Lists and tables of links with a few words to each are content."""
_LINK_SHARE_OF_LINES = 0.6
"""Links side by side, with signs between them."""
_LABEL = 40
"""Letters that may stand before and between the names of languages."""
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


def keep_main_content(tree: HTMLTree) -> None:
    """Takes out of a page's <body> what is not its main content."""
    if (body := tree.body) is None:
        return
    root = _main_element(body, _remove_marked(body))
    removed: ElementNode | None = None
    for element in root.query_selector_all(_BLOCKS).values()[:_MOST_BLOCKS]:
        # They come in the order of the page, so that only what was removed last can hold the next.
        if (removed is None or not removed.contains(element)) and _is_beside_content(element):
            _take_out(element)
            removed = element
    if root is not body:
        body.replace_children(root)


def _remove_marked(body: ElementNode) -> list[ElementNode]:
    """Removes what HTML and ARIA say is no content; gives what they say is."""
    main = []
    for element in body.query_selector_all(_MARKED).values():
        tag, role = element.tag, element.getattr("role")
        if tag in _NO_CONTENT or role in _NO_CONTENT_ROLES:
            element.remove()
        elif tag in ("main", "article") or role in ("main", "article"):
            main.append(element)
    return main


def _main_element(body: ElementNode, marked: list[ElementNode]) -> ElementNode:
    """The one <main>, and in it the one <article>, each if it holds much of the text; or else <body>."""
    root = body
    for name in ("main", "article"):
        found = [element for element in marked if name in (element.tag, element.getattr("role"))]
        if len(found) == 1 and root.contains(found[0]) and _share(found[0], root) >= _MAIN_SHARE:
            root = found[0]
    return root


def _share(part: ElementNode, whole: ElementNode) -> float:
    return _letters(part.text or "") / max(1, _letters(whole.text or ""))


def _is_beside_content(element: ElementNode) -> bool:
    named = _named(element)
    if named == "never":
        return True
    links = element.get_elements_by_tag_name("a")
    if not named and not _may_be_links_alone(element, links):
        return False
    texts = [link.text or "" for link in links.values()]
    is_line = _is_line(element)
    inside = sum(map(_letters, texts))
    outside = _letters(element.text or "") - inside
    is_links = len(texts) >= _FEWEST_LINKS and inside >= _LINK_SHARE * (inside + outside)
    if is_links or outside >= _PROSE:
        return is_links
    if is_line and (_are_links_in_a_row(texts, inside, outside) or _is_language_switch(texts, outside)):
        return True
    if named == "header":
        return bool(texts) or element.query_selector(_HEADINGS) is None
    return named == "beside" and element.query_selector("h1") is None


def _may_be_links_alone(element: ElementNode, links: ElementNodeList) -> bool:
    """A quick look, because most elements are nothing of the kind, and each link that is looked at costs time."""
    count = len(links)
    if count >= _FEWEST_LINKS:
        return element.tag in _LISTS or _is_line(element)
    return count > 0 and _is_language_switch([link.text or "" for link in links.values()]) and _is_line(element)


def _is_line(element: ElementNode) -> bool:
    """Whether it holds no paragraphs, headings or lists."""
    return element.tag == "p" or (element.tag not in _LISTS and element.query_selector(_PARTS) is None)


def _are_links_in_a_row(links: list[str], inside: int, outside: int) -> bool:
    return len(links) >= _FEWEST_LINKS and inside >= _LINK_SHARE_OF_LINES * (inside + outside)


def _is_language_switch(links: list[str], outside: int = 0) -> bool:
    return bool(links) and outside <= _LABEL and all(_LANGUAGE_CODE.fullmatch(text.strip()) for text in links)


def _named(element: ElementNode) -> _Named:
    """What its tag, its class and its id, in this order of weight from the last, say it is."""
    tag = element.tag
    if tag == "header":
        return "header"
    by_class, by_id = _meaning(element.class_name or ""), _meaning(element.id or "")
    if "never" in (by_class, by_id):
        return "never"
    return by_class or by_id or ("beside" if tag == "aside" else "")


@functools.lru_cache(maxsize=1 << 14)
def _meaning(name: str) -> _Named:
    if not (words := _WORD.findall(name.lower())):
        return ""
    if not _NEVER.isdisjoint(words):
        return "never"
    if "header" in words:
        return "header"
    is_beside = not _BESIDE.isdisjoint(words) or any(word.endswith(_BESIDE_ENDINGS) for word in words)
    return "beside" if is_beside else ""


def _take_out(element: ElementNode) -> None:
    """Removes an element, and the heading that would be left without text."""
    before, after = element.previous_element_sibling, element.next_element_sibling
    element.remove()
    if before is not None and before.tag in _HEADING_TAGS and (after is None or after.tag in _HEADING_TAGS):
        before.remove()


def _letters(text: str) -> int:
    return len("".join(text.split()))
