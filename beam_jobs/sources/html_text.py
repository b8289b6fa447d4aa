"""Web pages as text: which encoding their bytes are in, and their main content."""

import re
from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree

MAX_BROKEN_SHARE = 0.01
"""A page of which more characters than this cannot be decoded is not read."""

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
_SUPERSETS = {
    **dict.fromkeys(("euc_kr", "ms949", "uhc", "windows-949", "x-windows-949"), "cp949"),
    "shift_jis": "cp932",
    "gbk": "gb18030",
}
"""Python's names of what pages in these encodings are really in, as browsers read them."""
_SINGLE_BYTE = re.compile(r"cp(125|437|85|866)|iso-?8859|koi8|mac|latin|ascii")
_LONE_LETTER = re.compile(r">\s*[^\W_](?=\s*<)")
_JOINER = "\u2060"
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_LEVELS = 3
_TOP = "body > " + "div > " * _LEVELS
_SKIPPED_ELEMENTS = ("div.highlight", "pre > code", "a.headerlink", f"{_TOP}header", f"{_TOP}footer")
"""Code listings and the "#" beside headings, as documentation tools mark them (a bare <pre> may be prose),
and the page's head and foot, which resiliparse would know by their depth."""


def decode_html(body: bytes, header_charset: str | None) -> str | None:
    """Decodes a page's bytes, or gives None where they are in no encoding that it or we know of.

    The HTTP header counts first, then the page's own <meta>, UTF-8, and a guess by statistics; the first
    that fits every byte wins. Single-byte encodings come last whoever names them, because they fit any
    bytes: servers that called every page ISO-8859-1 were common. If none fits, the one with the fewest
    misfits is taken.
    """
    candidates = sorted(_encodings(body, header_charset), key=lambda name: bool(_SINGLE_BYTE.match(name)))
    for name in candidates:
        try:
            return body.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    attempts = [body.decode(name, errors="replace") for name in candidates]
    best = min(attempts, key=lambda text: text.count("\ufffd"))
    return best if best.count("\ufffd") <= MAX_BROKEN_SHARE * len(best) else None


def title_and_text(html: str) -> tuple[str, str]:
    """The page's title and its main content, without navigation, footers and code listings.

    Resiliparse 2.0.1 finds the main content well, but loses what Korean needs: text of one letter between
    two tags ("<b>가</b>와 <b>나</b>" becomes "가나"), and every <ul> less than three elements deep in <body>.
    So each such letter gets a joiner for company while the page is read, and <body> three more levels.
    """
    title = HTMLTree.parse(html).title or ""
    guarded = _LONE_LETTER.sub(rf"\g<0>{_JOINER}", html)
    guarded = _BODY.sub(lambda found: found[0] + "<div>" * _LEVELS, guarded, count=1)
    text: str = extract_plain_text(
        guarded,
        main_content=True,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        skip_elements=_SKIPPED_ELEMENTS,
    )
    return " ".join(title.split()), text.replace(_JOINER, "").strip()


def _encodings(body: bytes, header_charset: str | None) -> Iterator[str]:
    """Python's names of the encodings that the page may be in, most trusted first, each once."""
    declared = _META_CHARSET.search(body, 0, _META_WITHIN)
    named = [header_charset, declared[1].decode("ascii", "ignore") if declared else None, "utf-8"]
    labels = [label.strip(" \"'").lower() for label in named if label]
    standard = [map_encoding_to_html5(label, fallback_utf8=False) or label for label in labels]
    names = [*standard, detect_encoding(body, html5_compatible=False) or "utf-8"]
    for name in dict.fromkeys(_SUPERSETS.get(name, name) for name in names):
        if _is_text_encoding(name):
            yield name


def _is_text_encoding(name: str) -> bool:
    try:
        return bool("가나".encode(name, errors="replace"))
    except (LookupError, UnicodeError):
        return False
