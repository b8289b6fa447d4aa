"""Raw Korean text to training records (deployment corpus/build)."""

from typing import Any, NamedTuple

from prefect import flow

from flows import reports, stages
from flows.config import load_run_config
from flows.preflight import check_cleaning, check_corpus
from model.contract.manifest import StageOutput


class Corpus(NamedTuple):
    """What the corpus flow made, stage by stage."""

    documents: StageOutput
    cleaned: StageOutput
    unique: StageOutput
    uncontaminated: StageOutput
    """The same as `unique` where no evaluation is named."""
    vocabulary: StageOutput
    records: StageOutput
    report: StageOutput

    @property
    def stages(self) -> list[StageOutput]:
        """Each stage that made the records once, in order."""
        return list({stage.directory: stage for stage in self[:-1]}.values())


@flow(name="corpus", flow_run_name="corpus {preset}")
def corpus(preset: str = "tiny", overrides: dict[str, Any] | None = None) -> Corpus:
    """Reads, cleans, dedupes, decontaminates, tokenizes and packs a preset's sources.

    Args:
        preset: the name of a file in configs/, or the path of a YAML file.
        overrides: dotted settings and their values, such as {"corpus.clean.min_characters": 300}.
    """
    config = load_run_config(preset, overrides)
    check_corpus(config)
    check_cleaning(config)
    root, half, runner = config.root, config.to_build, config.runner
    documents = stages.read(root, half.read, runner)
    cleaned = stages.clean(root, documents, half.clean, runner)
    unique = stages.dedupe(root, cleaned, half.dedupe, runner)
    held_out = config.decontaminate
    uncontaminated = stages.decontaminate(root, unique, held_out, runner) if held_out.evaluations else unique
    chosen = half.vocabulary.mixed_as(half.tokenize.mixture)
    vocabulary = stages.vocabulary(root, uncontaminated, chosen, half.read.weights, runner)
    records = stages.tokenize(root, uncontaminated, vocabulary, half.tokenize, half.read.weights, runner)
    report = stages.corpus_report(root, [documents, cleaned, unique, uncontaminated, records])
    made = Corpus(documents, cleaned, unique, uncontaminated, vocabulary, records, report)
    reports.publish_corpus(made)
    return made
