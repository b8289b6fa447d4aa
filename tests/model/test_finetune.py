import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from model.config import DeviceConfig, EncoderConfig, FinetuneConfig, OptimizerConfig
from model.contract.errors import InputError
from model.evaluation_plan import as_evaluated
from model.export import export_model
from model.finetune import Finetuner, FinetuneResult, baseline_score, finetune, read_task
from model.heads import MaskedLanguageModel, SequenceClassifier
from model.tasks.all_tasks import TASKS
from model.warm_start import restore_from_directory

ROOT = Path(__file__).parents[2]
ENCODER = EncoderConfig(hidden_size=32, layers=1, heads=2, intermediate_size=64, max_positions=1_024)
FAST = OptimizerConfig(
    learning_rate=3e-3,
    warmup_steps=0,
    schedule="constant",
    weight_decay=0.0,
    bias_correction=True,
    clip_norm=1.0,
)
STILL = FAST.model_copy(update={"learning_rate": 1e-30})
REVIEWS = 75  # 45 and 30 of the classes; not a multiple of the batch


@pytest.fixture(scope="module")
def model_directory(tmp_path_factory) -> str:
    directory = str(tmp_path_factory.mktemp("pretrained") / "model")
    export_model(MaskedLanguageModel(ENCODER, seed=7), str(ROOT / "sample" / "vocab" / "kobigbird"), directory)
    return directory


@pytest.fixture(scope="module")
def reviews(tmp_path_factory) -> str:
    """Real reviews, three negative for two positive."""
    header, *lines = (ROOT / "sample/tasks/nsmc/ratings_train.txt").read_text(encoding="utf-8").split("\n")
    negative = [line for line in lines if line.endswith("\t0")][: REVIEWS * 3 // 5]
    positive = [line for line in lines if line.endswith("\t1")][: REVIEWS * 2 // 5]
    path = tmp_path_factory.mktemp("nsmc") / "reviews.txt"
    path.write_text("\n".join([header, *negative, *positive]) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def sentence_pairs(tmp_path_factory) -> str:
    records = json.loads((ROOT / "sample/tasks/klue-sts-v1.1/klue-sts-v1.1_train.json").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("sts") / "pairs.json"
    path.write_text(json.dumps(records[:40], ensure_ascii=False), encoding="utf-8")
    return str(path)


def settings(task: str, path: str, **changed) -> FinetuneConfig:
    return FinetuneConfig(
        **{
            "task": task,
            "train": path,
            "dev": path,
            "epochs": 8,
            "batch_size": 16,
            "optimizer": FAST,
            **changed,
        }
    )


def run(config: FinetuneConfig, model_directory: str, directory: Path) -> FinetuneResult:
    return finetune(config, model_directory, DeviceConfig(), str(directory), lambda line: None)


@pytest.fixture(scope="module")
def scored(model_directory, reviews, tmp_path_factory) -> tuple[FinetuneResult, Path]:
    directory = tmp_path_factory.mktemp("scored")
    return run(settings("nsmc", reviews), model_directory, directory), directory


def test_a_small_encoder_learns_real_reviews_by_heart(scored):
    result, _ = scored

    assert result.baseline == 60.0
    assert result.score > 95.0
    assert result.best == max(epoch.score for epoch in result.epochs)
    assert result.epochs[result.best_epoch - 1].score == result.best
    assert result.epochs[-1].loss < result.epochs[0].loss * 0.8
    assert (result.train_examples, result.dev_examples, result.dropped) == (REVIEWS, REVIEWS, 0)


def test_the_files_say_what_the_result_says(scored, reviews):
    result, directory = scored
    lines = [json.loads(line) for line in (directory / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = json.loads((directory / "metrics.json").read_text(encoding="utf-8"))

    expected = TASKS["nsmc"].read(reviews).examples
    right = [line["prediction"] == line["label"] for line in lines]

    assert [line["guid"] for line in lines] == [example.guid for example in expected]
    assert [line["label"] == "positive" for line in lines] == [example.label == 1 for example in expected]
    assert 100.0 * np.mean(right) == pytest.approx(result.score)
    assert scores["score"] == result.score
    assert len(scores["epochs"]) == 8


def test_the_same_settings_give_the_same_scores_and_another_seed_others(scored, model_directory, reviews, tmp_path):
    result, directory = scored

    again = run(settings("nsmc", reviews), model_directory, tmp_path / "again")
    other = run(settings("nsmc", reviews, seed=43), model_directory, tmp_path / "other")

    assert again == result
    assert (tmp_path / "again/predictions.jsonl").read_bytes() == (directory / "predictions.jsonl").read_bytes()
    assert [epoch.loss for epoch in other.epochs] != [epoch.loss for epoch in result.epochs]


def test_a_regression_learns_real_pairs_by_heart(model_directory, sentence_pairs, tmp_path):
    config = settings("klue_sts", sentence_pairs, epochs=30, batch_size=20)

    result = run(config, model_directory, tmp_path)

    assert result.metric == "pearson"
    assert result.score > 90.0
    assert result.baseline == 0.0


def test_training_starts_from_the_weights_of_the_directory(model_directory, sentence_pairs, tmp_path):
    config = settings("klue_sts", sentence_pairs, epochs=1, optimizer=STILL, batch_size=20)
    classifier = SequenceClassifier(ENCODER, 1, config.seed)
    restore_from_directory(classifier.encoder, model_directory)
    _, dev, _ = read_task(TASKS["klue_sts"], config, ENCODER, model_directory)
    features = dev.features

    run(config, model_directory, tmp_path)

    lines = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    expected = classifier(
        *(tf.constant(array) for array in (features.input_ids, features.segment_ids, features.attention_mask))
    )
    np.testing.assert_allclose([line["prediction"] for line in lines], expected[:, 0], atol=1e-6)


def loss_and_weights_after_a_step(config: FinetuneConfig, model_directory: str) -> tuple[float, list[np.ndarray]]:
    task, still = TASKS[config.task], ENCODER.model_copy(update={"dropout": 0.0})
    train, _, _ = read_task(task, config, still, model_directory)
    finetuner = Finetuner(task, config, still, tf.distribute.OneDeviceStrategy("/cpu:0"), len(train.examples))
    loss = finetuner.train_epoch(train, 0, lambda line: None)
    return loss, [variable.numpy() for variable in finetuner.model.trainable_variables]


def test_what_fills_up_the_last_batch_has_no_weight(model_directory, sentence_pairs):
    filled = settings("klue_sts", sentence_pairs, batch_size=64)
    exact = settings("klue_sts", sentence_pairs, batch_size=40)

    loss, weights = loss_and_weights_after_a_step(filled, model_directory)
    expected_loss, expected_weights = loss_and_weights_after_a_step(exact, model_directory)

    assert loss == pytest.approx(expected_loss, rel=1e-6)
    for value, expected in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-4)  # Adam's first step is about 3e-3 wide


def test_padding_changes_no_answer(model_directory, sentence_pairs):
    config = settings("klue_sts", sentence_pairs, max_length=128)
    data, _, _ = read_task(TASKS["klue_sts"], config, ENCODER, model_directory)
    wide = [np.pad(array, [(0, 0), (0, 40)]) for array in vars(data.features).values()]
    classifier = SequenceClassifier(ENCODER, 1, seed=1)

    short = classifier(*(tf.constant(array) for array in vars(data.features).values()))
    padded = classifier(*(tf.constant(array) for array in wide))

    assert data.features.input_ids.shape[1] < 128
    np.testing.assert_allclose(short, padded, atol=1e-6)


def test_a_width_past_full_attention_is_kept_for_the_attention_that_was_asked_for(model_directory, reviews):
    data, _, _ = read_task(TASKS["nsmc"], settings("nsmc", reviews, max_length=768), ENCODER, model_directory)

    assert data.features.input_ids.shape == (REVIEWS, 768)


def test_answers_may_be_those_of_the_evaluation_plan(sentence_pairs, tmp_path):
    sizes = {"layers": 2, "block_size": 8, "max_positions": 128, "initializer_range": 0.5}  # sparse from 89 tokens on
    small, directory = ENCODER.model_copy(update=sizes), str(tmp_path / "model")
    export_model(MaskedLanguageModel(small, seed=7), str(ROOT / "sample" / "vocab" / "kobigbird"), directory)
    found = {}
    for plan in ("trained", "transformers_evaluation"):
        config = settings("klue_sts", sentence_pairs, max_length=128, evaluation_plan=plan, batch_size=40)
        _, dev, _ = read_task(TASKS["klue_sts"], config, small, directory)
        finetuner = Finetuner(TASKS["klue_sts"], config, small, tf.distribute.OneDeviceStrategy("/cpu:0"), 40)
        restore_from_directory(finetuner.model.encoder, directory)
        found[plan] = finetuner.predict(dev)

    inputs = [tf.constant(array) for array in vars(dev.features).values()]
    expected = as_evaluated(finetuner.model, "transformers_evaluation")(*inputs)[:, 0]

    np.testing.assert_allclose(found["transformers_evaluation"], expected, atol=1e-4)
    assert np.abs(found["trained"] - expected).max() > 1e-3


def test_the_baseline_answers_the_commonest_training_label():
    train, dev = np.array([2, 2, 2, 0, 1]), np.array([0, 1, 2, 2])

    assert baseline_score(TASKS["klue_nli"], train, dev) == 50.0
    assert baseline_score(TASKS["klue_sts"], np.array([1.0, 1.0, 4.0]), np.array([1.0, 2.0])) == 0.0


def test_a_missing_model_directory_is_an_input_error(reviews, tmp_path):
    with pytest.raises(InputError, match="absent"):
        run(settings("nsmc", reviews), str(tmp_path / "absent"), tmp_path)


REPLICAS = """
import sys

import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from model.config import DeviceConfig, EncoderConfig
from model.contract.errors import SettingError
from model.devices import strategy_for
from model.finetune import Finetuner, finetune, read_task
from model.tasks.all_tasks import TASKS
from tests.model.test_finetune import ENCODER, settings

model_directory, path = sys.argv[1:]
encoder = ENCODER.model_copy(update={"dropout": 0.0})
config = settings("klue_sts", path, batch_size=16)
task = TASKS["klue_sts"]
train, dev, _ = read_task(task, config, encoder, model_directory)
both = strategy_for(DeviceConfig())
assert both.num_replicas_in_sync == 2
found = []
for strategy in (tf.distribute.OneDeviceStrategy("/cpu:0"), both):
    finetuner = Finetuner(task, config, encoder, strategy, len(train.examples))
    loss = finetuner.train_epoch(train, 0, print)
    found.append((loss, finetuner.predict(dev)))
np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4)
np.testing.assert_allclose(found[0][1], found[1][1], atol=2e-3)
try:
    finetune(settings("klue_sts", path, batch_size=15), model_directory, DeviceConfig(), "unused", print)
except SettingError as error:
    print(error)
"""


def test_two_devices_train_like_one_and_must_share_the_batch(model_directory, sentence_pairs):
    command = [sys.executable, "-c", REPLICAS, model_directory, sentence_pairs]

    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)

    assert done.returncode == 0, done.stderr[-3000:]
    assert "batch_size 15 cannot be shared by 2 devices; use a multiple of 2." in done.stdout
