"""A MediaWiki export in parts: what its siteinfo says, and its pages as bytes, so that a broken one hides no other."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias
from xml.etree import ElementTree

from beam_jobs.files.bzip2_streams import DamagedPart, bzip2_streams
from beam_jobs.files.decompress import DamagedFile, decompressed

Part: TypeAlias = bytes | DamagedPart
"""Some of an export's bytes, or some that are missing."""
_PAGE, _PAGE_END, _EXPORT_END = b"<page>", b"</page>", b"</mediawiki>"
_HEADER_END = re.compile(rb"</siteinfo>|(?=<page>)")
_LONGEST_HEADER = 1 << 20
"""Bytes before the first page; a dump's siteinfo takes a few thousand."""
_HIDDEN_KEYS = {"-2", "6", "14"}
_HIDDEN_NAMES = {"media", "file", "image", "category", "미디어", "파일", "그림", "분류"}
"""Names of media, file and category in every wiki and in the Korean ones, whatever siteinfo says."""


@dataclass(frozen=True)
class Site:
    """What a dump's siteinfo says of its wiki."""

    name: str
    """The database's name ("kowiki"), or else the site's."""
    url_prefix: str
    namespaces: frozenset[str]
    """Names of all namespaces but the articles'."""
    hidden_namespaces: frozenset[str]
    """Lower-case names of those whose links show no text."""


def open_export(file: BinaryIO, start: int, end: int | None) -> tuple[Site, Iterator[Part]]:
    """The site, which an export names at its beginning, and the plain parts of a stretch, in order.

    Only bzip2 is read by stretches, of the streams that begin in [start, end).

    Raises:
      DamagedFile: when it does not begin as an export does ("not_mediawiki"), or not even that can be read.
    """
    header, rest = _header(_plain(file, 0, end if start == 0 else None))
    return _site(header), rest if start == 0 else _plain(file, start, end)


def split_pages(parts: Iterable[Part], to_the_end: bool) -> Iterator[Part]:
    """Each page's XML, and what is missing: of the parts, and at the end of an export or a stretch of one."""
    buffer, in_page, searched = bytearray(), False, 0
    sound = False  # where no stream begins in a stretch, nothing is missing
    for part in parts:
        sound = not isinstance(part, DamagedPart)
        if isinstance(part, DamagedPart):
            buffer.clear()
            in_page, searched = False, 0
            yield part
            continue
        buffer += part
        while (found := buffer.find(_PAGE_END if in_page else _PAGE, searched)) >= 0:
            if in_page:
                found += len(_PAGE_END)
                yield bytes(buffer[:found])
            del buffer[:found]
            in_page, searched = not in_page, 0
        if not in_page:
            del buffer[: -len(_EXPORT_END) * 2]
        searched = max(0, len(buffer) - len(_PAGE_END))
    if sound and (in_page or (to_the_end and _EXPORT_END not in buffer)):
        detail = "the export ends without </mediawiki>" if to_the_end else "the last stream ends within a page"
        yield DamagedPart("", "truncated_file", detail)


def _plain(file: BinaryIO, start: int, end: int | None) -> Iterator[Part]:
    file.seek(0)
    packed_by_bzip2 = file.read(3) == b"BZh"
    file.seek(0)
    if packed_by_bzip2:
        yield from bzip2_streams(file, start, end)
        return
    try:
        yield from decompressed(file)
    except DamagedFile as damage:
        yield DamagedPart("", damage.reason, str(damage))


def _header(parts: Iterator[Part]) -> tuple[bytes, Iterator[Part]]:
    """What stands before the first page, without its end tag, and the parts that follow."""
    header = b""
    for part in parts:
        if isinstance(part, DamagedPart):
            raise DamagedFile(part.reason, f"{part.detail}, before the first page")
        header += part
        if (found := _HEADER_END.search(header)) is not None:
            return header[: found.end()], itertools.chain([header[found.end() :]], parts)
        if len(header) > _LONGEST_HEADER:
            break
    return header, parts


def _site(header: bytes) -> Site:
    text = header if _EXPORT_END in header else header + _EXPORT_END
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # encodings that expat does not know, too
        raise DamagedFile("not_mediawiki", f"the file opens with no MediaWiki siteinfo: {error}") from None
    said = {element.tag.rpartition("}")[2]: element.text or "" for element in elements}
    name, base = said.get("dbname") or said.get("sitename", ""), said.get("base", "")
    if not name:
        raise DamagedFile("not_mediawiki", "the file opens with no siteinfo that names a wiki")
    names = {
        element.get("key", ""): element.text or ""
        for element in elements
        if element.tag.rpartition("}")[2] == "namespace"
    }
    return Site(
        name=name,
        url_prefix=base.rpartition("/")[0] + "/" if base else "",
        namespaces=frozenset(text for key, text in names.items() if key != "0" and text),
        hidden_namespaces=frozenset(names.get(key, "").lower() for key in _HIDDEN_KEYS) - {""} | _HIDDEN_NAMES,
    )
