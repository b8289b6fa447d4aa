"""Raw Korean text to training records (deployment corpus/build)."""

from typing import Any, NamedTuple

from prefect import flow

from flows import reports, stages
from flows.config import load_run_config
from flows.preflight import check_corpus
from model.contract.manifest import StageOutput


class Corpus(NamedTuple):
    """What the corpus flow made, stage by stage."""

    documents: StageOutput
    cleaned: StageOutput
    unique: StageOutput
    vocabulary: StageOutput
    records: StageOutput


@flow(name="corpus", flow_run_name="corpus {preset}")
def corpus(preset: str = "tiny", overrides: dict[str, Any] | None = None) -> Corpus:
    """Reads, cleans, dedupes, tokenizes and packs a preset's sources.

    Args:
        preset: the name of a file in configs/, or the path of a YAML file.
        overrides: dotted settings and their values, such as {"corpus.clean.min_characters": 300}.
    """
    config = load_run_config(preset, overrides)
    check_corpus(config)
    root, half, runner = config.root, config.corpus, config.runner
    documents = stages.read(root, half.read, runner)
    cleaned = stages.clean(root, documents, half.clean, runner)
    unique = stages.dedupe(root, cleaned, half.dedupe, runner)
    vocabulary = stages.vocabulary(root, half.vocabulary)
    records = stages.tokenize(root, unique, vocabulary, half.tokenize, half.read.weights, runner)
    made = Corpus(documents, cleaned, unique, vocabulary, records)
    reports.publish_corpus(made)
    return made
