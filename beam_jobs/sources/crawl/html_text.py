"""Web pages as text: their title and their main content."""

from typing import Literal

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from beam_jobs.sources.crawl.main_content import keep_main_content

Extractor = Literal["resiliparse", "trafilatura"]
_SKIPPED_ELEMENTS = (
    "pre > code, pre.highlight, div.highlight, pre.prettyprint, pre.programlisting, pre.sourceCode",
    "a.headerlink, a.permalink, a.anchor",
)
"""Code listings as tools mark them (a bare <pre> may be prose), and the signs beside headings that link to them."""


def title_and_text(html: str, extractor: Extractor = "resiliparse") -> tuple[str, str]:
    """The page's title and its main content, without navigation, footers and code listings.

    "resiliparse": our rules (`main_content`) on resiliparse's tree, and its plain text of what is left; "trafilatura":
    that library's own extraction, code listings included, at a tenth of the speed.
    """
    tree = HTMLTree.parse(html)
    title = " ".join((tree.title or "").split())
    return title, _by_trafilatura(html) if extractor == "trafilatura" else _by_rules(tree)


def _by_rules(tree: HTMLTree) -> str:
    keep_main_content(tree)
    # Its own search for the main content loses lists that stand alone and words of one letter between tags.
    text: str = extract_plain_text(
        tree,
        main_content=False,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        skip_elements=_SKIPPED_ELEMENTS,
    )
    return text.strip()


def _by_trafilatura(html: str) -> str:
    import trafilatura  # it takes half a second, which few need

    return trafilatura.extract(html, include_comments=False) or ""
