"""Why a document was kept or dropped, in sentences."""

from collections.abc import Iterator, Sequence

from beam_jobs import removed
from beam_jobs.clean_config import CleanConfig, PersonalDataConfig
from beam_jobs.clean_docs import CleanDocs, shown
from beam_jobs.cleaning.personal_data import PersonalData
from beam_jobs.dedupe.near_copies import RULE as NEAR_COPY
from beam_jobs.document import NEAR_COPIES, Document
from beam_jobs.each_file import input_files
from beam_jobs.removed import Removed
from beam_jobs.storage import DOCUMENTS, read_parquet
from flows.corpus_steps import documents_at
from model.contract.errors import InputError
from model.contract.manifest import StageOutput, open_stage

_SHOWN = 200
"""Characters of a text that a sentence quotes."""
_COPIES = 20
"""Documents that are listed as copies of another."""


def explain_cleaning(paths: Sequence[str], config: CleanConfig, document_id: str) -> Iterator[str]:
    """What cleaning does to one of some Documents; nothing is written.

    Raises:
      InputError: when none of them has the id.
    """
    doc = _find(document_id, (file.path for file in input_files(documents_at(paths))), ", ".join(paths))
    sieve = CleanDocs(config)
    sieve.setup()
    cleaned, measures = sieve.cleaner(doc.source).explain(doc.title, doc.text, doc.url)
    yield _named(doc._replace(title=sieve.show(cleaned.title), text=sieve.show(cleaned.text), url=sieve.show(doc.url)))
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
        yield f"{cut.rule}: {sieve.show(shown(cut).before)[:_SHOWN]!r} -> {cut.after!r}"
    if cleaned.finding is None:
        yield "kept"
    else:
        rule, value, threshold = cleaned.finding
        yield f"dropped: {rule}, {value:.4g} where the threshold is {threshold:.4g}"


def explain_deduplication(paths: Sequence[str], directory: str, document_id: str) -> Iterator[str]:
    """What became of a document; personal data is masked.

    Args:
      paths: the Documents that were deduplicated.
      directory: the folder that deduplication wrote.
      document_id: whose fate is asked for.

    Raises:
      InputError: when no document has the id.
    """
    stage = open_stage(directory)
    show = PersonalData(PersonalDataConfig())
    rows = [row for path in stage.paths(removed.PREFIX, ".parquet") for row in removed.read_table(path)]
    own = [row for row in rows if row.id == document_id]
    for sentence in _chain(own, rows, stage) if own else _kept(paths, document_id, stage):
        yield show(sentence)[0]
    copies = [row for row in rows if row.matched == document_id and row.id != document_id]
    for row in copies[:_COPIES]:
        yield show(f"instead of {row.id}: {_why(row)}; {row.title or row.excerpt[:40]!r}")[0]
    if len(copies) > _COPIES:
        yield f"and instead of {len(copies) - _COPIES:,} more"


def _kept(paths: Sequence[str], document_id: str, stage: StageOutput) -> Iterator[str]:
    stays = _find(document_id, iter(stage.paths(DOCUMENTS, ".parquet")), stage.directory)
    yield _named(stays)
    before = _find(document_id, (file.path for file in input_files(documents_at(paths))), ", ".join(paths))
    if cut := len(before.text) - len(stays.text):
        yield f"cut: {cut:,} characters in passages that stood in the corpus before"
    if mark := stays.metadata.get(NEAR_COPIES):
        yield f"marked: {NEAR_COPY}, with {mark}, as all documents like it are"
    yield "kept"


def _chain(own: Sequence[Removed], rows: Sequence[Removed], stage: StageOutput) -> Iterator[str]:
    """From copy to copy to the one that stayed: an exact copy's match may itself be a near copy of another."""
    matches = {row.id: row for row in rows if row.matched != row.id}
    row: Removed | None = own[0]
    seen: set[str] = set()
    last = ""
    while row is not None and row.id not in seen:
        yield f"{row.id} of {row.source}, {row.title or row.excerpt[:40]!r}"
        yield f"dropped: {_why(row)}"
        last = row.matched
        seen |= {row.id} if row.matched != row.id else set()
        row = matches.get(row.matched)
    if last and last not in seen:
        stays = _find(last, iter(stage.paths(DOCUMENTS, ".parquet")), stage.directory)
        yield f"stays instead: {_named(stays)}: {stays.text[:_SHOWN]!r}"


def _why(row: Removed) -> str:
    if row.rule == NEAR_COPY and row.value < row.threshold:
        return (
            f"{row.rule}, {row.value:.4g} like the one that stays; others, {row.threshold:.4g} like each, lie between"
        )
    return f"{row.rule}, {row.value:.4g} where the threshold is {row.threshold:.4g}"


def _find(document_id: str, files: Iterator[str], where: str) -> Document:
    for path in files:
        for doc in read_parquet(path):
            if doc.id == document_id:
                return doc
    raise InputError(f"{where} has no document {document_id!r}; give an id as the Parquet files have it.")


def _named(doc: Document) -> str:
    return f"{doc.id} of {doc.source}, {doc.title or doc.text[:40]!r}, {doc.url or 'without an address'}"
