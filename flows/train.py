"""Training records to an exported encoder, on one kind of device."""

from typing import Any, NamedTuple

from flows import reports, stages
from flows.config import RunConfig
from flows.corpus import Corpus, corpus
from flows.tracking import run_flow
from model.contract.errors import OutputError
from model.contract.manifest import StageOutput, open_stage
from model.contract.record import VOCABULARY_FILE


class GivenRecords(NamedTuple):
    """Records that existed before the run, and the vocabulary that lies beside them."""

    records: StageOutput
    vocabulary: StageOutput

    @property
    def stages(self) -> list[StageOutput]:
        """What is known of how they were made."""
        return [self.records]


class Trained(NamedTuple):
    """A training and the model directory made from it."""

    pretrained: StageOutput
    exported: StageOutput


def training_data(config: RunConfig, preset: str, overrides: dict[str, Any] | None) -> Corpus | GivenRecords:
    """What to train on: the records that the run names, or those of its corpus, built where they are not done.

    Args:
      config: of the run.
      preset: that it is of.
      overrides: that went into it.
    """
    if config.records:
        return given_records(config.records)
    return run_flow(corpus, preset=preset, overrides=overrides)


def given_records(directory: str) -> GivenRecords:
    """The records of a directory, as if a run had made them.

    Raises:
      OutputError: when the directory has no manifest, or no vocabulary.
    """
    records = open_stage(directory.rstrip("/"))
    pieces = tuple(records.files(VOCABULARY_FILE))
    if not pieces:
        raise OutputError(f"{directory} has no {VOCABULARY_FILE} in its manifest; tokenize it again, or adopt it.")
    manifest = records.manifest.model_copy(update={"outputs": pieces})
    return GivenRecords(records, records.model_copy(update={"manifest": manifest}))


def train_and_export(config: RunConfig, data: Corpus | GivenRecords) -> Trained:
    """Pretrains the encoder on records and exports it."""
    half = config.model
    pretrained = stages.pretrain(config.root, data.records, data.vocabulary, half.encoder, half.pretrain, config.device)
    reports.publish_training(pretrained)
    exported = stages.export(config.root, pretrained, data.vocabulary, half.encoder)
    return Trained(pretrained, exported)
