"""MediaWiki XML exports (Wikipedia's pages-articles dumps, also Wiktionary's): articles as plain text."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote
from xml.etree import ElementTree

from mwparserfromhell.parser import ParserError

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document, document_id
from beam_jobs.files.bzip2_streams import DamagedPart
from beam_jobs.files.decompress import DamagedFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.outcome import Outcome, Skipped, checked
from beam_jobs.sources.wiki.disambiguation import is_disambiguation
from beam_jobs.sources.wiki.mediawiki_export import Site, open_export, split_pages
from beam_jobs.sources.wiki.multistream import find_index, pages_of_stream
from beam_jobs.sources.wiki.wikitext import plain_text

_PAGE_ID = re.compile(rb"<id>(\d+)</id>")
_REDIRECT = re.compile(r"\s*#(?:redirect|넘겨주기)\b", re.IGNORECASE)


def read_mediawiki(file: BinaryIO, source: SourceConfig, stretch: Stretch) -> Iterator[Outcome]:
    """Yields an outcome for each page; only articles become documents.

    A broken page costs only itself, a damaged bzip2 stream only its own pages. Ids are made of the wiki's name and the
    page's number there.
    """
    where = "start"
    try:
        site, parts = open_export(file, stretch.start, stretch.end)
    except DamagedFile as damage:
        yield BadRecord(source.name, stretch.name, where, damage.reason, str(damage))
        return
    for part in split_pages(parts, to_the_end=stretch.end is None):
        if isinstance(part, DamagedPart):
            yield _missing(part, source, stretch, f"after {where}")
            continue
        number = _PAGE_ID.search(part)
        where = f"page id {number[1].decode()}" if number else "a page without id"
        yield _outcome(part, site, source.name, stretch.name, where)


def _missing(part: DamagedPart, source: SourceConfig, stretch: Stretch, after: str) -> BadRecord:
    """What is missing, with the pages that a multistream dump's index names there."""
    where, detail = ", ".join(filter(None, (part.where, after))), part.detail
    if part.offset and (index := find_index(source, stretch.path)) and (pages := pages_of_stream(index, part.offset)):
        detail = f"{detail}; the index names {len(pages)} pages there: {', '.join(pages)}"
    return BadRecord(source.name, stretch.name, where, part.reason, detail)


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
    if reason := _skip_reason(page, revision[0], title, wikitext, site):
        return Skipped(reason)
    try:
        text = plain_text(wikitext, site.hidden_namespaces)
    except (ParserError, RecursionError) as error:
        return BadRecord(source, file_name, where, "bad_wikitext", str(error))
    if not text:
        return Skipped("no_text")
    return checked(_document(source, site, number, title, revision[0], text), file_name, where)


def _document(source: str, site: Site, number: str, title: str, revision: ElementTree.Element, text: str) -> Document:
    return Document(
        id=document_id(source, f"{site.name}:{number}"),
        source=source,
        url=site.url_prefix + quote(title.replace(" ", "_"), safe="/:(),!*'@;~") if site.url_prefix else "",
        title=title,
        text=text,
        date=revision.findtext("timestamp", ""),
        language="",
        metadata={"wiki": site.name, "page_id": number, "revision_id": revision.findtext("id", "")},
    )


def _skip_reason(
    page: ElementTree.Element, revision: ElementTree.Element, title: str, wikitext: str, site: Site
) -> str | None:
    # Exports before version 0.6 have no namespace numbers, only the title's prefix.
    namespace = page.findtext("ns")
    if namespace != "0" if namespace is not None else title.partition(":")[0] in site.namespaces:
        return "namespace"
    if revision.findtext("model", "wikitext") != "wikitext":
        return "not_wikitext"
    if page.find("redirect") is not None or _REDIRECT.match(wikitext):
        return "redirect"
    return "disambiguation" if is_disambiguation(title, wikitext) else None
