"""Everyone's Corpus from the zip as it is downloaded, through the whole path of reading."""

import collections
import gzip
import itertools
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

from beam_jobs.config import ReadConfig
from beam_jobs.document import Document
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from beam_jobs.sources.nikl.everyones_corpus import read_nikl
from tests.beam_jobs.sample_corpus import ROOT, read

SCHEMAS = sorted((ROOT / "tests" / "data" / "nikl").glob("*.json"))
MEGABYTES = 100
MOST_GROWTH = 40

MEASURE_GROWTH = """
import resource, sys
from tests.beam_jobs.test_nikl_zip import read_whole

def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

small, large = sys.argv[1:]
read_whole(small, most_kept=0)
before = peak_megabytes()
documents, counts = read_whole(large, most_kept=0)
print(counts["documents"], peak_megabytes() - before)
"""


class _NameInCp949(zipfile.ZipInfo):
    """Stored as Korean versions of Windows store names: without the flag that says UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("cp949"), self.flag_bits & ~0x800


def read_whole(path: str | Path, most_kept: int | None = None) -> tuple[list[Document], Counter[str]]:
    config = ReadConfig.model_validate(
        {"sources": [{"kind": "everyones_corpus", "name": "a_source", "paths": [str(path)]}]}
    )
    found = find_sources(config.sources)
    documents: list[Document] = []
    counts: Counter[str] = Counter()
    for piece in plan_pieces(found, config):
        reading = PieceReading(piece, found[0].config, dead_letters=5)
        handed_out = reading.documents()
        documents.extend(itertools.islice(handed_out, most_kept))
        collections.deque(handed_out, maxlen=0)
        counts += reading.counts
    return documents, counts


def write_large(path: Path, megabytes: int) -> int:
    """Writes a zip of one file of so many megabytes; gives the number of its documents."""
    (document,) = json.loads((ROOT / "tests" / "data" / "nikl" / "WARW1800000007.json").read_bytes())["document"]
    document["paragraph"] *= 20
    written = json.dumps(document, ensure_ascii=False, indent=4).replace(document["id"], "{id}", 1).encode()
    copies = megabytes * 1_000_000 // len(written)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("WARW2600000001.json", "w", force_zip64=True) as file,
    ):
        file.write(b'{"id": "WARW2600000001", "metadata": {}, "document": [')
        for number in range(copies):
            file.write(written.replace(b"{id}", b"WARW2600000001.%d" % number, 1) + b",\n"[: 2 * (number < copies - 1)])
        file.write(b"]}")
    return copies


def test_a_zip_is_read_file_by_file_whatever_the_encoding_of_their_names(tmp_path):
    alone = [document for path in SCHEMAS for document in read(read_nikl, path.read_bytes(), path.name)[0]]
    with zipfile.ZipFile(tmp_path / "NIKL.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_NameInCp949("국립국어원 말뭉치(버전 1.0)/말뭉치 설명.pdf"), b"%PDF-1.4")
        for path in SCHEMAS:
            packed.writestr(_NameInCp949(f"국립국어원 말뭉치(버전 1.0)/{path.name}"), path.read_bytes())

    documents, counts = read_whole(tmp_path / "NIKL.zip")

    assert sorted(document.id for document in documents) == sorted(document.id for document in alone)
    assert {document.text for document in documents} == {document.text for document in alone}
    assert counts["documents"] == len(alone)
    assert not [name for name in counts if name.startswith("bad_")]


def test_a_packed_file_gives_the_documents_of_the_file(tmp_path):
    stored = SCHEMAS[0].read_bytes()
    (tmp_path / f"{SCHEMAS[0].name}.gz").write_bytes(gzip.compress(stored))

    documents, _ = read_whole(tmp_path / f"{SCHEMAS[0].name}.gz")

    assert documents == read(read_nikl, stored)[0]


def test_a_large_file_in_a_zip_is_read_in_little_memory(tmp_path):
    write_large(tmp_path / "small.zip", 5)
    count = write_large(tmp_path / "large.zip", MEGABYTES)

    child = subprocess.run(
        [sys.executable, "-c", MEASURE_GROWTH, str(tmp_path / "small.zip"), str(tmp_path / "large.zip")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    documents, growth = child.stdout.split()
    assert int(documents) == count
    assert float(growth) < MOST_GROWTH
