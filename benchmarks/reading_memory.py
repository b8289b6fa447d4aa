"""The memory that reading takes: a zip of Everyone's Corpus and a multistream dump, 1 GB each as stored.

Both (10 MB each in short) are made by repeating the sample's real documents and pages. Each is read by
`kobigbird corpus read`, one process, as a child whose peak resident memory the system keeps; a child that only reads
a small file shows what starting takes.
"""

import bz2
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from benchmarks.harness import Findings, Options, run_benchmark
from flows.config import PROJECT

MEGABYTE = 1_000_000
CORPUS = PROJECT / "sample" / "corpus"
NIKL_FILES = ("WBRW2600000001.json", "WBRW2600000002.json", "WZRW2600000001.json")
WIKI_FILES = ("kowiki-pages-articles.xml.bz2", "enwiki-pages-articles.xml.bz2")
MEMBER_MEGABYTES = 1_200
"""Of JSON in each member of the zip: over 1 GB, so that no member could be held whole."""


def measure(options: Options) -> Findings:
    """Makes the files, reads each in a process of its own, and reports its peak."""
    stored = (10 if options.short else 1_000) * MEGABYTE
    with tempfile.TemporaryDirectory() as folder:
        works = {
            "start": ("everyones_corpus", CORPUS / "nikl" / NIKL_FILES[-1]),
            "nikl_zip": ("everyones_corpus", make_zip(Path(folder, "NIKL_WRITTEN.zip"), stored)),
            "multistream": ("wikipedia", make_dump(Path(folder, "kowiki-pages-articles-multistream.xml.bz2"), stored)),
        }
        rows = [_read(name, kind, path, Path(folder, name)) for name, (kind, path) in works.items()]
    peaks = {f"{row['file']}_peak_mb": row["peak MB"] for row in rows}
    return Findings(
        rows,
        {"benchmark": "reading_memory", **peaks},
        ["MB are 10^6 bytes; the peak is the largest resident memory of any process of the command."],
    )


def make_zip(path: Path, stored: int) -> Path:
    """A zip of Everyone's Corpus, its members over 1 GB of JSON where so much fits."""
    documents = [json.dumps(doc, ensure_ascii=False).encode() for doc in _nikl_documents()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        member = 0
        while archive.fp is not None and archive.fp.tell() < stored:
            member += 1
            name = f"국립국어원 문어 말뭉치/WBRW26{member:08d}.json"
            with archive.open(name, "w", force_zip64=True) as file:
                _write_member(file, documents, lambda: archive.fp.tell() < stored)
    return path


def _write_member(file: Any, documents: list[bytes], wanted: Any) -> None:
    written = file.write(b'{"id": "WBRW2600000001", "metadata": {"title": "repeated"}, "document": [')
    separator = b""
    while wanted() and written < MEMBER_MEGABYTES * MEGABYTE:
        for document in documents:
            written += file.write(separator + document)
            separator = b","
    file.write(b"]}")


def make_dump(path: Path, stored: int) -> Path:
    """A multistream dump with its index: streams of all the sample's pages, over and over."""
    header, pages = _wiki_pages()
    stream = bz2.compress(b"".join(pages))
    with path.open("wb") as dump, bz2.open(str(path).replace(".xml", "-index.txt"), "wt", encoding="utf-8") as index:
        dump.write(bz2.compress(header))
        number = 0
        while dump.tell() < stored:
            for _ in pages:
                number += 1
                index.write(f"{dump.tell()}:{number}:page {number}\n")
            dump.write(stream)
        dump.write(bz2.compress(b"</mediawiki>\n"))
    return path


def _nikl_documents() -> list[Any]:
    return [doc for name in NIKL_FILES for doc in json.loads((CORPUS / "nikl" / name).read_bytes())["document"]]


def _wiki_pages() -> tuple[bytes, list[bytes]]:
    """The header of the first dump, and every dump's pages as bytes."""
    texts = [bz2.decompress((CORPUS / name).read_bytes()) for name in WIKI_FILES]
    return texts[0][: texts[0].index(b"<page>")], [page for text in texts for page in _pages(text)]


def _pages(text: bytes) -> Iterator[bytes]:
    end = 0
    while (start := text.find(b"<page>", end)) >= 0:
        end = text.index(b"</page>", start) + len(b"</page>")
        yield b"  " + text[start:end] + b"\n"


def _read(name: str, kind: str, path: Path, out: Path) -> dict[str, Any]:
    words = ["corpus", "read", kind, str(path), "--out", str(out), "--json"]
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", *words], cwd=PROJECT, stdout=subprocess.PIPE
    )
    done = json.loads(_output(child.stdout))
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "file": name,
        "MB stored": path.stat().st_size / MEGABYTE,
        "documents": done["documents"],
        "seconds": time.perf_counter() - began,
        "peak MB": round(usage.ru_maxrss * 1024 / MEGABYTE),
    }


def _output(stream: BinaryIO | None) -> bytes:
    assert stream is not None
    return stream.read()


if __name__ == "__main__":
    run_benchmark(__doc__ or "", measure)
