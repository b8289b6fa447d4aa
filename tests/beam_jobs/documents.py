"""Real documents for the jobs' tests, and finished stages that hold some."""

import functools
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from beam_jobs.clean_config import NormaliseConfig
from beam_jobs.cleaning.normal_form import Normaliser
from beam_jobs.config import ReadConfig, SourceConfig
from beam_jobs.document import Document, document_id
from beam_jobs.read_docs import PieceReading
from beam_jobs.read_plan import find_sources, plan_pieces
from beam_jobs.storage import parquet_bytes, write_shard
from model.contract.manifest import StageOutput
from model.contract.record import SPECIAL_TOKENS, VOCABULARY_FILE
from model.contract.stage import Made, Stage
from tests.beam_jobs.sample_corpus import SAMPLE

FILES = [
    ("news", "news-00000.jsonl.gz"),
    ("wikipedia", "kowiki-pages-articles.xml.bz2"),
    ("wikipedia", "kowiktionary-pages-articles.xml.bz2"),
    ("everyones_corpus", "nikl/NWRW2600000001.json"),
    ("everyones_corpus", "nikl/WZRW2600000001.json"),
]


@functools.cache
def real_documents() -> tuple[Document, ...]:
    """News, encyclopaedia articles and corpus files of the sample, by their ids."""
    found: list[Document] = []
    for kind, name in FILES:
        source = SourceConfig(kind=kind, paths=(str(SAMPLE / name),))
        (piece,) = plan_pieces(find_sources([source]), ReadConfig(sources=(source,)))
        found += PieceReading(piece, source, dead_letters=0).documents()
    return tuple(sorted(found, key=lambda doc: doc.id))


def normalise(text: str) -> str:
    """A text as cleaning's parts get it."""
    return Normaliser(NormaliseConfig())(text)[0]


def document(key: str, text: str = "글", **changes: Any) -> Document:
    plain = Document(document_id("news", key), "news", f"https://a.kr/{key}", key, text, "2024-05-01", "ko", {})
    return plain._replace(**changes)


def shuffled(documents: Iterable[Document], seed: int) -> list[Document]:
    mixed = list(documents)
    random.Random(seed).shuffle(mixed)
    return mixed


def documents_stage(root: Path, documents: Sequence[Document], shards: int = 2) -> StageOutput:
    """A finished stage with the documents dealt out, in the order given, to its files."""

    def work(directory: str) -> Made:
        parts = [documents[shard::shards] for shard in range(shards)]
        names = [f"documents-{shard}.parquet" for shard in range(shards)]
        files = [
            write_shard(directory, name, parquet_bytes(part), len(part))
            for name, part in zip(names, parts, strict=True)
        ]
        return Made(outputs=files)

    return Stage("dedupe", str(root), {"documents": [doc.id for doc in documents], "shards": shards}, (), {}).run(work)


def vocabulary_stage(root: Path, pieces: Sequence[str] = SPECIAL_TOKENS) -> StageOutput:
    data = "".join(f"{piece}\n" for piece in pieces).encode()
    stage = Stage("vocabulary", str(root), {}, (), {})
    return stage.run(lambda folder: Made(outputs=[write_shard(folder, VOCABULARY_FILE, data, len(pieces))]))


def files_in(folder: Path | str) -> dict[str, bytes]:
    """The bytes of every file below a folder, private ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
