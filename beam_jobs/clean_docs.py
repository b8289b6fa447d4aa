"""CleanDocs: keeps the Documents worth training on, in normal form, and counts why the others go."""

import dataclasses
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

from beam_jobs.config import CleanConfig, RunnerConfig
from beam_jobs.document import Document
from beam_jobs.korean_text import fold_blanks, normalise
from beam_jobs.launch import transform_documents
from beam_jobs.quality_rules import LANGUAGE, drop_reason
from model.contract.manifest import StageOutput
from model.contract.stage import Made


class KeepCleanFn(beam.DoFn):
    """Lets good documents pass, and counts every document by source and fate: news_kept, news_too_short."""

    def __init__(self, rules: CleanConfig):
        self._rules = rules

    def process(self, doc: Document) -> Iterator[Document]:
        """Yields the document with its language set, or nothing."""
        reason = drop_reason(doc.text, self._rules)
        Metrics.counter("clean_docs", f"{doc.source}/{reason or 'kept'}").inc()
        if reason is None:
            yield doc._replace(language=LANGUAGE)


@dataclasses.dataclass
class CleanDocs(beam.PTransform):
    """Normalises texts and titles, then drops every Document that breaks a rule (docs/cleaning.md)."""

    rules: CleanConfig

    def expand(self, docs: beam.PCollection[Document]) -> beam.PCollection[Document]:
        """Documents in, fewer Documents out; ids, sources and metadata stay."""
        return docs | "Normalise" >> beam.Map(normalise_document) | "KeepClean" >> beam.ParDo(KeepCleanFn(self.rules))


def normalise_document(doc: Document) -> Document:
    """The document with its text in normal form and its title, too, on one line."""
    return doc._replace(title=fold_blanks(normalise(doc.title)), text=normalise(doc.text))


def clean_documents(documents: StageOutput, config: CleanConfig, directory: str, runner: RunnerConfig) -> Made:
    """The cleaning job, from the reading stage's Documents to those kept.

    Raises:
      OutputError: when every document was dropped.
    """
    files, counters = transform_documents(documents, CleanDocs(config), config.shards, directory, runner)
    return Made(outputs=files, counters=counters)
