"""Which encoding a web page's bytes are in: by its mark, header, <meta> and statistics, each proved by decoding."""

import codecs
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

MAX_BROKEN_SHARE = 0.01
"""A page of which more characters than this cannot be decoded is not read."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
"""Byte order marks, which browsers believe before all else."""
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
_SUPERSETS = {
    **dict.fromkeys(("euc-kr", "euc_kr", "cp949", "ms949", "uhc", "windows-949", "x-windows-949"), "cp949"),
    **dict.fromkeys(("shift_jis", "cp932"), "cp932"),
    "gbk": "gb18030",
}
"""Python's names of what pages in these encodings are really in, as browsers read them."""
_SINGLE_BYTE = re.compile(r"cp(125|437|85|866)|windows-(125|874)|ibm866|iso-?8859|koi8|mac|latin|ascii")


class Decoded(NamedTuple):
    """A page's text, and Python's name of the encoding that its bytes are in."""

    html: str
    charset: str


def decode_html(body: bytes, header_charset: str | None) -> Decoded | None:
    """Decodes a page's bytes, or gives None where they are in no encoding that it or we know of.

    A byte order mark counts first, then the HTTP header, the page's own <meta>, UTF-8, and a guess by statistics;
    the first that fits every byte wins. Single-byte encodings come last whoever names them, because they fit any
    bytes: servers that called every page ISO-8859-1 were common. If none fits, the one with the fewest misfits
    is taken.
    """
    tried: list[str] = []
    single_byte: list[str] = []
    for name in _encodings(body, header_charset):
        if _SINGLE_BYTE.match(name):
            single_byte.append(name)
        elif (decoded := _decoded(body, name)) is not None:
            return decoded
        else:
            tried.append(name)
    for name in single_byte:
        if (decoded := _decoded(body, name)) is not None:
            return decoded
    return _least_broken(body, [*tried, *single_byte])


def _decoded(body: bytes, name: str) -> Decoded | None:
    try:
        html = body.decode(name)
    except UnicodeDecodeError:
        return None
    # Any even number of bytes is UTF-16 of something; a page has tags.
    if name.startswith("utf-16") and "<" not in html:
        return None
    return Decoded(html.removeprefix("\ufeff"), name)


def _least_broken(body: bytes, names: list[str]) -> Decoded | None:
    attempts = [Decoded(body.decode(name, errors="replace"), name) for name in names]
    best = min(attempts, key=lambda attempt: attempt.html.count("\ufffd"))
    return best if best.html.count("\ufffd") <= MAX_BROKEN_SHARE * len(best.html) else None


def _encodings(body: bytes, header_charset: str | None) -> Iterator[str]:
    """Python's names of the encodings that the page may be in, most trusted first, each once; guessed only if asked."""
    seen = set()
    for label in _labels(body, header_charset):
        name = _python_name(label)
        if name is not None and name not in seen:
            seen.add(name)
            yield name


def _labels(body: bytes, header_charset: str | None) -> Iterator[str]:
    yield from (name for mark, name in _MARKS if body.startswith(mark))
    if header_charset:
        yield header_charset.strip(" \"'").lower()
    if declared := _META_CHARSET.search(body, 0, _META_WITHIN):
        label = declared[1].decode("ascii", "ignore").lower()
        # What was found as ASCII is not in an encoding of two bytes a letter, whatever it says.
        if not label.startswith(("utf-16", "utf-32", "ucs-2")):
            yield label
    yield "utf-8"
    yield detect_encoding(body, html5_compatible=False) or "utf-8"


@functools.lru_cache(maxsize=1 << 10)
def _python_name(label: str) -> str | None:
    """None where browsers know no encoding by this label; Python has some, such as utf-7, that text must not choose."""
    standard = label if label in _SUPERSETS else map_encoding_to_html5(label, fallback_utf8=False)
    if standard is None:
        return None
    name = _SUPERSETS.get(standard, standard)
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name
