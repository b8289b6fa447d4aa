"""Training records to an exported encoder, on one kind of device."""

from typing import NamedTuple

from flows import reports, stages
from flows.config import RunConfig
from flows.corpus import Corpus
from model.contract.manifest import StageOutput


class Trained(NamedTuple):
    """A training and the model directory made from it."""

    pretrained: StageOutput
    exported: StageOutput


def train_and_export(config: RunConfig, corpus: Corpus) -> Trained:
    """Pretrains the encoder on the corpus's records and exports it."""
    half = config.model
    pretrained = stages.pretrain(
        config.root, corpus.records, corpus.vocabulary, half.encoder, half.pretrain, config.device
    )
    reports.publish_training(pretrained)
    exported = stages.export(config.root, pretrained, corpus.vocabulary, half.encoder)
    return Trained(pretrained, exported)
