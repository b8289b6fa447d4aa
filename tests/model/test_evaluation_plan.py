import json

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers

from model.config import DeviceConfig, EncoderConfig, ModelConfig, PretrainConfig
from model.contract.errors import SettingError
from model.encoder import BigBirdEncoder
from model.evaluation_plan import as_evaluated
from model.export import export_model
from model.heads import MaskedLanguageModel, SequenceClassifier
from model.pretrain import Trainer
from model.train_step import TrainStep
from tests.model.bigbird_twins import (
    ours,
    random_batch,
    small_config,
    small_vocabulary,
    theirs,
    transformers_twin,
    with_random_weights,
    write_vocabulary,
)


@pytest.mark.parametrize("length", [705, 1024, 4096])
def test_under_the_evaluation_plan_ours_equals_transformers_model_in_eval_and_otherwise_does_not(length):
    encoder = with_random_weights(BigBirdEncoder(small_config(), seed=0))
    twin = transformers_twin(encoder, transformers.BigBirdModel).eval()
    batch = random_batch(encoder.config, length, padding=length // 5)

    evaluated, trained = (as_evaluated(encoder, plan)(*ours(batch)) for plan in ("transformers_evaluation", "trained"))
    with torch.no_grad():
        expected = twin(**theirs(batch)).last_hidden_state.numpy()

    assert twin.attention_type == "block_sparse"
    np.testing.assert_allclose(evaluated, expected, atol=1e-4)
    assert np.abs(trained - expected).max() > 0.1


def test_full_attention_is_the_same_under_both_plans():
    encoder = with_random_weights(BigBirdEncoder(small_config(), seed=0))
    batch = ours(random_batch(encoder.config, 704, padding=100))

    np.testing.assert_array_equal(as_evaluated(encoder, "transformers_evaluation")(*batch), encoder(*batch))


def test_the_evaluated_model_has_the_variables_of_the_trained_one_which_stays_as_it_is():
    model = SequenceClassifier(small_config(), labels=2, seed=0)
    batch = ours(random_batch(model.encoder.config, 1024, padding=100))

    evaluated = as_evaluated(model, "transformers_evaluation")
    model.output.bias.assign([3.0, 4.0])

    assert [id(variable) for variable in evaluated.variables] == [id(variable) for variable in model.variables]
    assert (model.encoder.config.plan, evaluated.encoder.config.plan) == ("transformers", "transformers_evaluation")
    assert (evaluated(*batch).numpy() > 2.0).all()
    assert as_evaluated(model, "trained") is model


def test_validation_may_see_the_evaluation_plan_while_training_sees_its_own():
    encoder = small_config(layers=1, heads=2, hidden_size=16, max_positions=128, block_size=8, dropout=0.0)
    batch = masked_batch(encoder, length=128, predictions=20)
    batches = tf.data.Dataset.from_tensors(batch)
    config = PretrainConfig(
        sequence_length=128,
        batch_size=2,
        steps=1,
        steps_per_loop=1,
        checkpoint_every=1,
        validate_every=1,
        precision="float32",
        evaluation_plan="transformers_evaluation",
    )
    trainer = Trainer(encoder, config, DeviceConfig())
    with_random_weights(trainer.model, deviation=0.5)
    step, evaluated = (
        TrainStep(as_evaluated(trainer.model, plan), trainer.optimizer, config)
        for plan in ("trained", "transformers_evaluation")
    )

    validated, expected, other = (
        trainer.validate(batches).loss,
        *(float(each.scores(batch)[0]) / 40 for each in (evaluated, step)),
    )
    (point,) = trainer.train(lambda _: batches.repeat(), lambda _: None)

    assert validated == pytest.approx(expected, rel=1e-5)
    assert point.loss == pytest.approx(other, rel=1e-5)
    assert abs(validated - point.loss) > 1e-3


def masked_batch(encoder: EncoderConfig, length: int, predictions: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return random_batch(encoder, length, padding=0) | {
        "positions": generator.integers(0, length, (2, predictions), dtype=np.int32),
        "labels": generator.integers(0, encoder.vocabulary_size, (2, predictions), dtype=np.int32),
        "weights": np.ones((2, predictions), np.float32),
    }


def test_an_exported_model_never_has_the_evaluation_plan(tmp_path):
    config = small_config(layers=1)
    vocabulary = str(write_vocabulary(tmp_path / "vocabulary", small_vocabulary(config.vocabulary_size)))
    model = MaskedLanguageModel(config, seed=0)
    evaluated = as_evaluated(model, "transformers_evaluation")

    export_model(model, vocabulary, str(tmp_path / "model"))
    with pytest.raises(SettingError, match="export it with the plan that it was trained with"):
        export_model(evaluated, vocabulary, str(tmp_path / "refused"))

    assert json.loads((tmp_path / "model" / "config.json").read_text())["attention_plan"] == "transformers"
    assert not (tmp_path / "refused").exists()


def test_a_run_that_would_train_under_the_evaluation_plan_is_refused():
    with pytest.raises(ValueError, match="encoder.plan to 'transformers'"):
        ModelConfig(encoder=EncoderConfig(plan="transformers_evaluation"))
