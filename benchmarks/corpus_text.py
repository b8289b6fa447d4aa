"""The raw files that a benchmark runs on, and the Korean documents that the first two stages make of them."""

import re
from pathlib import Path

from beam_jobs.clean_docs import normalise_document
from beam_jobs.config import CorpusConfig
from beam_jobs.quality_rules import drop_reason
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from flows.config import load_run_config
from model.contract.errors import InputError

_FORMATS = {
    "warc": ("common_crawl", r"\.warc\.gz"),
    "wet": ("common_crawl", r"\.wet\.gz"),
    "mediawiki": ("wikipedia", r"\.xml\.bz2"),
    "jsonl": ("news", r"\.jsonl(\.gz)?"),
    "nikl": ("everyones_corpus", r"[A-Z]{2}RW\d{10}\.json"),
}
"""A format's source, and how the names of its files end."""


def corpus_config(data: Path | None) -> CorpusConfig:
    """The tiny preset's corpus half, on its sample or on the files of every known format below a folder.

    Raises:
      InputError: when the folder holds no such file.
    """
    if data is None:
        return load_run_config("tiny").corpus
    files = sorted(str(path.resolve()) for path in data.rglob("*") if path.is_file())
    sources = []
    for format_name, (source, ending) in _FORMATS.items():
        if paths := [path for path in files if re.search(f"{ending}$", path)]:
            sources.append({"kind": source, "name": f"{source}_{format_name}", "format": format_name, "paths": paths})
    if not sources:
        raise InputError(
            f"--data {data} holds no .warc.gz, .wet.gz, .xml.bz2, .jsonl or Everyone's Corpus file (such as "
            "NWRW2600000001.json); name a folder that does."
        )
    return load_run_config("tiny", {"corpus.read.sources": sources}).corpus


def cleaned_texts(data: Path | None, at_most: int | None = None) -> list[str]:
    """The texts that reading and cleaning leave, in the files' order.

    Args:
      data: see `corpus_config`.
      at_most: bytes of UTF-8 to stop after.
    """
    config = corpus_config(data)
    texts: list[str] = []
    size = 0
    found = find_sources(config.read.sources)
    settings = {source.config.name: source.config for source in found}
    for piece in plan_pieces(found, config.read):
        for document in PieceReading(piece, settings[piece.source], dead_letters=1).documents():
            if at_most is not None and size >= at_most:
                return texts
            text = normalise_document(document).text
            if drop_reason(text, config.clean) is None:
                texts.append(text)
                size += len(text.encode())
    if not texts:
        raise InputError(f"no Korean document came out of {data}; name a folder that holds Korean text.")
    return texts


def megabytes(texts: list[str]) -> float:
    """Their UTF-8, in 10^6 bytes."""
    return sum(len(text.encode()) for text in texts) / 1e6
