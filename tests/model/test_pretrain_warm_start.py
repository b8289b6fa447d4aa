import numpy as np
import pytest

from model.checkpoints import Checkpoints
from model.config import DeviceConfig
from model.contract.errors import InputError, SettingError
from model.export import export_with_vocabulary
from model.heads import MaskedLanguageModel
from model.pretrain import Trainer, pretrain
from tests.model.bigbird_twins import with_random_weights
from tests.model.record_stages import PIECES, SMALL_ENCODER, VOCABULARY, records_stage, small_run, vocabulary_stage


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    root = tmp_path_factory.mktemp("stages")
    return records_stage(root, length=128, shards={"train": [20, 30], "validation": [12]}), vocabulary_stage(root)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A model with other weights than any seed draws, in transformers' format."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "own.txt").write_bytes(VOCABULARY)
    model = with_random_weights(MaskedLanguageModel(SMALL_ENCODER, seed=0), seed=8)
    export_with_vocabulary(model, str(folder / "own.txt"), str(folder / "model"))
    return model, folder / "model"


def train(stages, directory, report=lambda line: None, **other):
    return pretrain(SMALL_ENCODER, small_run(**other), *stages, str(directory), DeviceConfig(), report)


class Stopped(Exception):
    pass


@pytest.fixture
def begun(stages, tmp_path, monkeypatch):
    """Gives a training's model as it stands before the first step, which need not be compiled for that."""

    def models(**other):
        found = []

        def stop(trainer, *_):
            found.append(trainer.model)
            raise Stopped

        monkeypatch.setattr(Trainer, "train", stop)
        with pytest.raises(Stopped):
            train(stages, tmp_path / "begun", **other)
        return found[0]

    return models


def test_training_begins_from_the_weights_bit_for_bit_and_says_so(weights, begun):
    given, place = weights
    lines = []

    found = begun(warm_start=str(place), report=lines.append)

    assert lines == [f"beginning from {place} (transformers' BigBird); drawn anew: nothing"]
    for variable, other in zip(found.variables, given.variables, strict=True):
        np.testing.assert_array_equal(variable, other)


def test_a_resumed_training_does_not_look_at_the_weights_again(begun, tmp_path):
    trainer = Trainer(SMALL_ENCODER, small_run(), DeviceConfig())
    with_random_weights(trainer.model, seed=3)
    tracked = {"model": trainer.model, "optimizer": trainer.optimizer, "step": trainer.step}
    Checkpoints(str(tmp_path / "begun"), 1, **tracked).save(5)

    found = begun(warm_start=str(tmp_path / "gone"))

    np.testing.assert_array_equal(found.encoder.embeddings.word, trainer.model.encoder.embeddings.word)


def test_random_positions_are_those_that_the_runs_seed_draws(weights, begun):
    given, place = weights

    found = begun(warm_start=str(place), warm_start_positions="random", seed=4)

    drawn = MaskedLanguageModel(SMALL_ENCODER, seed=4)
    np.testing.assert_array_equal(found.encoder.embeddings.position, drawn.encoder.embeddings.position)
    np.testing.assert_array_equal(found.encoder.embeddings.word, given.encoder.embeddings.word)


def test_a_bias_asked_for_stands_in_place_of_the_one_that_comes_along(weights, begun):
    _, place = weights

    bias = begun(warm_start=str(place), output_bias="log_frequency").output_bias.numpy()

    np.testing.assert_allclose(np.exp(bias).sum(), 1.0, atol=1e-3)


def test_weights_of_another_vocabulary_are_refused(stages, weights, tmp_path):
    model, _ = weights
    pieces = list(PIECES)
    pieces[-1] = "다른"
    (tmp_path / "other.txt").write_text("\n".join(pieces) + "\n")
    export_with_vocabulary(model, str(tmp_path / "other.txt"), str(tmp_path / "model"))

    with pytest.raises(SettingError, match=r"has '다른' as piece .* the word embeddings would belong to other words"):
        train(stages, tmp_path / "run", warm_start=str(tmp_path / "model"))


def test_weights_that_are_not_there_are_refused(stages, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        train(stages, tmp_path / "run", warm_start=str(tmp_path / "gone"))
