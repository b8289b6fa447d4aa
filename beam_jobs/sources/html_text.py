"""Web pages as text: which encoding their bytes are in, and their main content."""

import codecs
import re
from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree

MAX_BROKEN_SHARE = 0.01
"""A page of which more characters than this cannot be decoded is not read."""

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
_PYTHON_NAMES = {"euc-kr": "cp949", "shift_jis": "cp932", "gbk": "gb18030"}
"""Encodings that browsers read as their superset, by Python's name for that."""
_SINGLE_BYTE = re.compile(r"windows-125|iso-8859|latin|ibm|koi8|macintosh|cp125")
_LONE_LETTER = re.compile(r">\s*[^\W_](?=\s*<)")
_JOINER = "\u2060"
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_SAFE_DEPTH = 3
_SKIPPED_ELEMENTS = ("div.highlight", "pre > code", "a.headerlink")
"""Code listings and the "#" beside headings, as documentation tools mark them; a bare <pre> may be prose."""


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
    guarded = _BODY.sub(lambda found: found[0] + "<div>" * _SAFE_DEPTH, guarded, count=1)
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
    seen = set()
    for label in [*named, detect_encoding(body)]:
        standard = map_encoding_to_html5(label.strip(" \"'"), fallback_utf8=False) if label else None
        if standard is None:
            continue
        name = _PYTHON_NAMES.get(standard.lower(), standard.lower())
        if name not in seen and _python_has(name):
            seen.add(name)
            yield name


def _python_has(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
