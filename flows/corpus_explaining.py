"""Why a document was kept or dropped, in sentences."""

from collections.abc import Iterator, Sequence

from beam_jobs import removed
from beam_jobs.clean_config import CleanConfig
from beam_jobs.clean_docs import CleanDocs
from beam_jobs.document import Document
from beam_jobs.each_file import input_files
from beam_jobs.removed import Removed
from beam_jobs.storage import DOCUMENTS, read_parquet
from flows.corpus_steps import documents_at
from model.contract.errors import InputError
from model.contract.manifest import StageOutput, open_stage

_SHOWN = 200
"""Characters of a text, and at most a tenth as many documents, that a sentence quotes."""


def explain_cleaning(paths: Sequence[str], config: CleanConfig, document_id: str) -> Iterator[str]:
    """What cleaning does to one of some Documents; nothing is written.

    Raises:
      InputError: when none of them has the id.
    """
    doc = _find(document_id, (file.path for file in input_files(documents_at(paths))), ", ".join(paths))
    sieve = CleanDocs(config)
    sieve.setup()
    cleaned, measures = sieve.cleaner(doc.source).explain(doc.title, doc.text, doc.url)
    yield _named(doc)
    yield f"normalised by: {', '.join(cleaned.normalised) or 'nothing'}; {len(cleaned.text):,} characters then"
    if (language := cleaned.language) is not None:
        yield (
            f"language: asked {language.judge}, score {language.score:.3f}, Hangul share {language.hangul_share:.3f}, "
            f"Korean lines {language.korean_line_share:.3f}"
        )
    for measure in measures:
        verdict = "passes" if measure.passes else "FAILS"
        yield f"{verdict} {measure.rule}: {measure.value:.4g} (threshold {measure.threshold:.4g})"
    for cut in cleaned.cuts:
        yield f"{cut.rule}: {sieve.show(cut.before)[:_SHOWN]!r} -> {cut.after!r}"
    if cleaned.finding is None:
        yield "kept"
    else:
        rule, value, threshold = cleaned.finding
        yield f"dropped: {rule}, {value:.4g} where the threshold is {threshold:.4g}"


def explain_deduplication(directory: str, document_id: str) -> Iterator[str]:
    """What became of a document in a folder that deduplication wrote.

    Raises:
      InputError: when the folder's documents and removed-tables have no such id.
    """
    stage = open_stage(directory)
    tables = [row for path in stage.paths(removed.PREFIX, ".parquet") for row in removed.read_table(path)]
    gone = {row.id: row for row in tables}
    copies = [row for row in tables if row.matched == document_id and row.id != document_id]
    if document_id in gone:
        yield from _chain(document_id, gone, stage)
    else:
        yield _named(_find(document_id, iter(stage.paths(DOCUMENTS, ".parquet")), directory))
        yield "kept"
    for row in copies[: _SHOWN // 10]:
        yield f"instead of {row.id}: {_why(row)}; {row.title or row.excerpt[:40]!r}"
    if len(copies) > _SHOWN // 10:
        yield f"and instead of {len(copies) - _SHOWN // 10} more"


def _chain(document_id: str, gone: dict[str, Removed], stage: StageOutput) -> Iterator[str]:
    """From copy to copy to the one that stayed: an exact copy's match may itself be a near copy of another."""
    seen: set[str] = set()
    while document_id in gone and document_id not in seen:
        seen.add(document_id)
        row = gone[document_id]
        yield f"{row.id} of {row.source}, {row.title or row.excerpt[:40]!r}"
        yield f"dropped: {_why(row)}"
        document_id = row.matched
    if document_id:
        stays = _find(document_id, iter(stage.paths(DOCUMENTS, ".parquet")), stage.directory)
        yield f"stays instead: {_named(stays)}: {stays.text[:_SHOWN]!r}"


def _why(row: Removed) -> str:
    return f"{row.rule}, {row.value:.4g} where the threshold is {row.threshold:.4g}"


def _find(document_id: str, files: Iterator[str], where: str) -> Document:
    for path in files:
        for doc in read_parquet(path):
            if doc.id == document_id:
                return doc
    raise InputError(f"{where} has no document {document_id!r}; give an id as the Parquet files have it.")


def _named(doc: Document) -> str:
    return f"{doc.id} of {doc.source}, {doc.title or doc.text[:40]!r}, {doc.url or 'without an address'}"
