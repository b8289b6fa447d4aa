"""Raw files to Parquet by the bare libraries, without Beam, ids, checks or counters: what ours is measured beside."""

import bz2
import itertools
import json
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import mwparserfromhell
import pyarrow as pa
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

Row = tuple[str, str, str]
SCHEMA = pa.schema([(name, pa.string()) for name in ("key", "title", "text")])


def write_rows(rows: Iterator[Row], path: str) -> None:
    """Writes key, title and text as Parquet with zstd, as the reading job does, a thousand at a time.

    Without dictionaries: they would store each of the repeated files' texts but once, which no real corpus allows.
    """
    with pq.ParquetWriter(path, SCHEMA, compression="zstd", use_dictionary=False) as writer:
        while batch := list(itertools.islice(rows, 1_000)):
            arrays = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))


def bare_warc(paths: Sequence[str]) -> Iterator[Row]:
    """The main content of a WARC's pages, by fastwarc and resiliparse."""
    for path in paths:
        with open(path, "rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
                if record.http_headers.status_code != 200 or record.http_content_type != "text/html":
                    continue
                body = record.reader.read()
                tree = HTMLTree.parse_from_bytes(body, record.http_charset or detect_encoding(body))
                text = extract_plain_text(tree, main_content=True)
                yield record.headers["WARC-Target-URI"], tree.title or "", text


def bare_wiki(paths: Sequence[str]) -> Iterator[Row]:
    """A dump's articles, by ElementTree and mwparserfromhell."""
    for path in paths:
        with bz2.open(path) as file:
            for _, element in ElementTree.iterparse(file):
                if element.tag.rpartition("}")[2] != "page":
                    continue
                prefix = element.tag.removesuffix("page")
                text = element.findtext(f"{prefix}revision/{prefix}text")
                if element.findtext(f"{prefix}ns", "0") == "0" and element.find(f"{prefix}redirect") is None:
                    title = element.findtext(f"{prefix}title", "")
                    yield title, title, mwparserfromhell.parse(text or "").strip_code()
                element.clear()


def bare_nikl(paths: Sequence[str]) -> Iterator[Row]:
    """The documents of Everyone's Corpus, each file loaded whole by the json module."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for document in json.load(file)["document"]:
                elements = document.get("paragraph") or document.get("utterance") or []
                yield document["id"], document["metadata"]["title"], "\n".join(part["form"] for part in elements)
