"""Exports with another head than the masked-LM one, as transformers' Auto classes load them."""

import json

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.contract.errors import SettingError
from model.export import export_model
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    small_vocabulary,
    theirs,
    with_random_weights,
    write_vocabulary,
)

NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
LENGTHS = pytest.mark.parametrize("length", [192, 1024])


def loaded(model, folder, auto, **how):
    """What transformers makes of the export, which has to hold all it needs and nothing else."""
    vocabulary = write_vocabulary(folder / "vocabulary", small_vocabulary(97))
    export_model(model, str(vocabulary), str(folder / "out"), **how)
    twin, loading = auto.from_pretrained(folder / "out", output_loading_info=True, **NO_DROPOUT)
    assert not any(loading.values())
    return twin.train()  # in eval() it takes block 0 for each random one


@LENGTHS
@pytest.mark.parametrize("labels", [1, 3])
def test_a_classifier_scores_as_auto_model_for_sequence_classification(tmp_path, labels, length):
    model = with_random_weights(SequenceClassifier(small_config(), labels, seed=0))
    twin = loaded(model, tmp_path, transformers.AutoModelForSequenceClassification)
    batch = random_batch(model.encoder.config, length, padding=50)

    with torch.no_grad():
        expected = twin(**theirs(batch)).logits

    assert type(twin) is transformers.BigBirdForSequenceClassification
    assert twin.config.problem_type == ("regression" if labels == 1 else None)
    np.testing.assert_allclose(model(*ours(batch)), expected, atol=2e-5)


def test_a_classifiers_labels_are_named(tmp_path):
    model = SequenceClassifier(small_config(), 3, seed=0)
    names = ["entailment", "neutral", "contradiction"]

    twin = loaded(model, tmp_path, transformers.AutoModelForSequenceClassification, labels=names)

    assert twin.config.id2label == dict(enumerate(names))
    assert twin.config.label2id == {name: number for number, name in enumerate(names)}
    with pytest.raises(SettingError, match="2 labels are given where the classifier has 3"):
        export_model(model, str(tmp_path / "vocabulary"), str(tmp_path / "other"), labels=names[:2])


@LENGTHS
def test_a_reader_scores_as_auto_model_for_question_answering(tmp_path, length):
    model = with_random_weights(SpanReader(small_config(), seed=0))
    twin = loaded(model, tmp_path, transformers.AutoModelForQuestionAnswering)
    batch = random_batch(model.encoder.config, length, padding=0)
    asked = tf.constant([20, 20])

    with torch.no_grad():
        expected = twin(**theirs(batch), question_lengths=torch.tensor([[20], [20]]))

    assert type(twin) is transformers.BigBirdForQuestionAnswering
    scores = model(*ours(batch), asked)
    for mine, other in ((scores.start, expected.start_logits), (scores.end, expected.end_logits)):
        np.testing.assert_allclose(mine[:, 20:], other[:, 20:], atol=2e-5)


def test_a_model_with_a_next_sentence_head_scores_as_auto_model_for_pre_training(tmp_path):
    model = with_random_weights(MaskedLanguageModel(small_config(), seed=0, next_sentence=True))
    twin = loaded(model, tmp_path, transformers.AutoModelForPreTraining)
    batch = random_batch(model.encoder.config, 192, padding=50)

    with torch.no_grad():
        expected = twin(**theirs(batch))

    assert type(twin) is transformers.BigBirdForPreTraining
    assert json.loads((tmp_path / "out" / "config.json").read_text())["architectures"] == ["BigBirdForPreTraining"]
    hidden = model.encoder(*ours(batch))
    np.testing.assert_allclose(model.next_sentence_scores(hidden), expected.seq_relationship_logits, atol=2e-5)


def test_the_card_says_how_to_load_it_and_what_it_was_made_of(tmp_path):
    model = SpanReader(small_config(), seed=0)

    loaded(model, tmp_path, transformers.AutoModelForQuestionAnswering, origin=["Made of nothing."])

    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("---\nlanguage: ko\n")
    assert "AutoModelForQuestionAnswering.from_pretrained" in card
    assert "- Made of nothing.\n" in card
