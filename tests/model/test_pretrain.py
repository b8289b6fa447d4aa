import numpy as np
import pytest
import tensorflow as tf

from model.checkpoints import FOLDER
from model.config import DeviceConfig
from model.contract import places
from model.contract.errors import OutputError
from model.pretrain import entropy, log_frequencies, pretrain
from model.training_curve import read_curve
from tests.model.record_stages import SMALL_ENCODER, records_stage, small_run, vocabulary_stage


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    root = tmp_path_factory.mktemp("stages")
    return records_stage(root, length=128, shards={"train": [20, 30], "validation": [12]}), vocabulary_stage(root)


def train(stages, directory, report=lambda line: None, **other):
    return pretrain(SMALL_ENCODER, small_run(**other), *stages, str(directory), DeviceConfig(), report)


class Killed(Exception):
    pass


def dies_at(step):
    def report(line):
        if line.startswith(f"step {step}/"):
            raise Killed

    return report


@pytest.fixture(scope="module")
def undisturbed(stages, tmp_path_factory):
    directory = tmp_path_factory.mktemp("undisturbed")
    return directory, train(stages, directory)


def test_training_lowers_the_loss_and_records_its_curve(undisturbed):
    directory, made = undisturbed

    curve = read_curve(str(directory))
    assert [point.step for point in curve.training] == list(range(5, 45, 5))
    assert [point.step for point in curve.validation] == [20, 40]
    assert curve.validation[1].loss < curve.training[0].loss - 0.5
    assert made.facts["validation"] == curve.validation[-1].model_dump()
    assert made.counters["pretrain/examples"] == 320


@pytest.mark.parametrize("step", [5, 25, 40])
def test_a_training_that_was_killed_goes_on_with_the_very_losses(stages, undisturbed, tmp_path, step):
    lines = []
    with pytest.raises(Killed):
        train(stages, tmp_path, dies_at(step))

    train(stages, tmp_path, lines.append)

    assert any(line.startswith("resuming at step") for line in lines) == (step > 10)
    assert read_curve(str(tmp_path)) == read_curve(str(undisturbed[0]))
    expected, found = (tf.train.load_checkpoint(str(d / FOLDER)) for d in (undisturbed[0], tmp_path))
    for name in expected.get_variable_to_shape_map():
        np.testing.assert_array_equal(found.get_tensor(name), expected.get_tensor(name), err_msg=name)


def test_a_damaged_newest_checkpoint_is_passed_over_for_the_one_before(stages, undisturbed, tmp_path):
    with pytest.raises(Killed):
        train(stages, tmp_path, dies_at(35))
    newest = tmp_path / FOLDER / "step-30.data-00000-of-00001"
    newest.write_bytes(newest.read_bytes()[:1_000])
    lines = []

    train(stages, tmp_path, lines.append)

    assert "resuming at step 20" in lines[0]
    assert read_curve(str(tmp_path)) == read_curve(str(undisturbed[0]))


def test_training_never_begins_anew_over_checkpoints_that_do_not_load(stages, tmp_path):
    with pytest.raises(Killed):
        train(stages, tmp_path, dies_at(35))
    for file in (tmp_path / FOLDER).glob("step-*.data*"):
        file.write_bytes(b"")

    with pytest.raises(OutputError, match="none of the 3 checkpoints"):
        train(stages, tmp_path)


def flipped(corpus, path):
    data = places.read_bytes(path)
    places.replace_bytes(path, data[:50] + bytes([data[50] ^ 1]) + data[51:])
    return corpus


def truncated(corpus, path):
    places.replace_bytes(path, places.read_bytes(path)[:-7])
    return corpus


def missing(corpus, path):
    places.remove(path)
    return corpus


def of_another_run(corpus, path):
    other = records_stage(f"{corpus.directory}-other", length=128, shards={"train": [8, 9], "validation": [3]})
    places.replace_bytes(path, places.read_bytes(f"{other.directory}/{path.rsplit('/', 1)[-1]}"))
    return corpus


def of_another_vocabulary(corpus, path):
    told = {**corpus.manifest.facts["record_format"], "vocabulary_crc32c": "0badcafe"}
    manifest = corpus.manifest.model_copy(update={"facts": {"record_format": told}})
    return corpus.model_copy(update={"manifest": manifest})


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (flipped, r"train-00001-of-00002.tfrecord has CRC-32C \w{8} where its manifest says"),
        (truncated, r"train-00001-of-00002.tfrecord has [\d,]+ bytes where its manifest says"),
        (missing, r"train-00001-of-00002.tfrecord is in its manifest but missing"),
        (of_another_run, r"train-00001-of-00002.tfrecord has .* where its manifest says"),
        (of_another_vocabulary, r"records are of a vocabulary with CRC-32C 0badcafe, but .*vocab.txt has"),
    ],
)
def test_what_is_wrong_with_the_records_is_named_before_the_first_step(tmp_path, how, sentence):
    corpus = records_stage(tmp_path, length=128, shards={"train": [8, 8], "validation": [3]})
    spoilt = how(corpus, corpus.paths(prefix="train-00001")[0])
    told = []

    with pytest.raises(OutputError, match=sentence):
        pretrain(
            SMALL_ENCODER,
            small_run(),
            spoilt,
            vocabulary_stage(tmp_path),
            str(tmp_path / "run"),
            DeviceConfig(),
            told.append,
        )

    assert not told
    assert not (tmp_path / "run").exists()


def test_another_seed_gives_other_losses(stages, undisturbed, tmp_path):
    train(stages, tmp_path, seed=7)

    assert read_curve(str(tmp_path)).training[0] != read_curve(str(undisturbed[0])).training[0]


def test_a_bias_of_log_frequencies_starts_below_one_of_zeros(stages, undisturbed, tmp_path):
    train(stages, tmp_path, output_bias="log_frequency", steps=5, validate_every=5, checkpoint_every=5)

    assert read_curve(str(tmp_path)).training[0].loss != read_curve(str(undisturbed[0])).training[0].loss


def test_the_entropy_of_equal_counts_is_the_logarithm_of_their_number():
    assert entropy(np.array([3, 0, 3, 3, 3])) == pytest.approx(np.log(4))


def test_log_frequencies_are_a_distribution_in_which_nothing_is_impossible():
    found = log_frequencies(np.array([0, 5, 94]))

    assert np.exp(found).sum() == pytest.approx(1)
    assert found[0] == pytest.approx(np.log(1 / 102))
