"""The raw files that a benchmark runs on, and the Korean documents that the first two stages make of them."""

from pathlib import Path

from beam_jobs.cleaning.cleaner import Cleaner
from beam_jobs.config import CorpusConfig
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from benchmarks.raw_corpus import sources_in
from flows.config import load_run_config
from model.contract.errors import InputError


def corpus_config(data: Path | None) -> CorpusConfig:
    """The tiny preset's corpus half, on its sample or on the files of every known format below a folder.

    Raises:
      InputError: when the folder holds no such file.
    """
    if data is None:
        return load_run_config("tiny").corpus
    return load_run_config("tiny", {"corpus.read.sources": sources_in(data), "corpus.dedupe": {}}).corpus


def cleaned_texts(data: Path | None, at_most: int | None = None) -> list[str]:
    """The texts that reading and cleaning leave, in the files' order.

    Args:
      data: see `corpus_config`.
      at_most: bytes of UTF-8 to stop after.
    """
    config = corpus_config(data)
    clean = Cleaner(config.clean)
    texts: list[str] = []
    size = 0
    found = find_sources(config.read.sources)
    settings = {source.config.name: source.config for source in found}
    for piece in plan_pieces(found, config.read):
        for document in PieceReading(piece, settings[piece.source], dead_letters=1).documents():
            if at_most is not None and size >= at_most:
                return texts
            cleaned = clean(document.title, document.text, document.url)
            if cleaned.finding is None:
                texts.append(cleaned.text)
                size += len(cleaned.text.encode())
    if not texts:
        raise InputError(f"no Korean document came out of {data}; name a folder that holds Korean text.")
    return texts


def megabytes(texts: list[str]) -> float:
    """Their UTF-8, in 10^6 bytes."""
    return sum(len(text.encode()) for text in texts) / 1e6
