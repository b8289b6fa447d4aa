"""MediaWiki XML exports (Wikipedia's pages-articles dumps, also Wiktionary's): articles as plain text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote
from xml.etree import ElementTree

from mwparserfromhell.parser import ParserError

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.sources.decompress import DamagedFile, decompressed
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.stretch import Stretch
from beam_jobs.sources.wikitext import plain_text

_PAGE, _PAGE_END = b"<page>", b"</page>"
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


def read_mediawiki(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each page; redirects and pages outside the article namespace are skipped.

    A broken page costs only itself; ids are made of the wiki's name and the page's number there.
    """
    where = "start"
    try:
        parts = _parts(decompressed(file))
        site = _site(next(parts))
        for number, part in enumerate(parts, start=1):
            where = f"page {number}"
            yield _outcome(part, site, source.name, stretch.name, where)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, f"after {where}", damage.reason, str(damage))


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The header, then each page's XML: pages are split as bytes, so that one broken page hides no other."""
    buffer, header_is_out = bytearray(), False
    mark, searched = _PAGE, 0
    for chunk in chunks:
        buffer += chunk
        while (found := buffer.find(mark, searched)) >= 0:
            end = found + (0 if mark is _PAGE else len(_PAGE_END))
            if mark is _PAGE_END or not header_is_out:
                yield bytes(buffer[:end])
                header_is_out = True
            del buffer[:end]
            mark, searched = (_PAGE_END if mark is _PAGE else _PAGE), 0
        searched = max(0, len(buffer) - len(_PAGE_END))
        if not header_is_out and len(buffer) > _LONGEST_HEADER:
            break
    if not header_is_out:
        yield bytes(buffer)
    if b"</mediawiki>" not in buffer:
        raise DamagedFile("truncated_file", "the export ends without </mediawiki>")


def _site(header: bytes) -> Site:
    text = header if b"</mediawiki>" in header else header + b"</mediawiki>"
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except ElementTree.ParseError as error:
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
        hidden_namespaces=frozenset(names.get(key, "").lower() for key in _HIDDEN_KEYS) | _HIDDEN_NAMES,
    )


def _outcome(part: bytes, site: Site, source: str, file_name: str, where: str) -> Outcome:
    try:
        page = ElementTree.fromstring(part)
    except ElementTree.ParseError as error:
        return BadRecord(source, file_name, where, "bad_xml", str(error))
    title, number = page.findtext("title", ""), page.findtext("id", "")
    if not number:
        return BadRecord(source, file_name, where, "bad_xml", "the page has no id")
    revision = page.findall("revision")[-1:]
    if not revision or not (wikitext := revision[0].findtext("text")):
        return Skipped("no_text")
    if reason := _skip_reason(page, revision[0], title, site):
        return Skipped(reason)
    try:
        text = plain_text(wikitext, site.hidden_namespaces)
    except (ParserError, RecursionError) as error:
        return BadRecord(source, file_name, f"page id {number}", "bad_wikitext", str(error))
    if not text:
        return Skipped("no_text")
    document = Document(
        id=document_id(source, f"{site.name}:{number}"),
        source=source,
        url=site.url_prefix + quote(title.replace(" ", "_"), safe="/:(),!*'@;~") if site.url_prefix else "",
        title=title,
        text=text,
        date=revision[0].findtext("timestamp", ""),
        language="",
        metadata={"wiki": site.name},
    )
    return checked(document, file_name, where)


def _skip_reason(page: ElementTree.Element, revision: ElementTree.Element, title: str, site: Site) -> str | None:
    if page.find("redirect") is not None:
        return "redirect"
    # Exports before version 0.6 have no namespace numbers, only the title's prefix.
    namespace = page.findtext("ns")
    if namespace != "0" if namespace is not None else title.partition(":")[0] in site.namespaces:
        return "namespace"
    if revision.findtext("model", "wikitext") != "wikitext":
        return "not_wikitext"
    return None
