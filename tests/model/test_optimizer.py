import numpy as np
import pytest
import tensorflow as tf
import torch

from model.config import OptimizerConfig
from model.optimizer import AdamW, clip_by_global_norm, is_decayed, learning_rate

STEPS = 7
SHAPES = [(5, 3), (3,), (2, 2)]


def constant(**changed) -> OptimizerConfig:
    return OptimizerConfig(**{"learning_rate": 0.01, "warmup_steps": 0, "schedule": "constant", **changed})


def start_and_gradients() -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    draw = np.random.default_rng(5)
    start = [draw.normal(size=shape).astype(np.float32) for shape in SHAPES]
    return start, [[draw.normal(size=shape).astype(np.float32) for shape in SHAPES] for _ in range(STEPS)]


def after_our_updates(config: OptimizerConfig, jit: bool = False) -> list[np.ndarray]:
    start, gradients = start_and_gradients()
    variables = [tf.Variable(value) for value in start]
    optimizer = AdamW(variables, config, total_steps=STEPS)
    apply = tf.function(optimizer.apply, jit_compile=True) if jit else optimizer.apply
    for step, found in enumerate(gradients):
        apply([tf.constant(gradient) for gradient in found], tf.constant(step, tf.int64))
    return [variable.numpy() for variable in variables]


def after_numpy_updates(config: OptimizerConfig) -> list[np.ndarray]:
    """The original BERT optimizer, step by step in float64."""
    values, gradients = start_and_gradients()
    values = [value.astype(np.float64) for value in values]
    first = [np.zeros(shape) for shape in SHAPES]
    second = [np.zeros(shape) for shape in SHAPES]
    for step, found in enumerate(gradients):
        rate = config.learning_rate
        if config.schedule == "linear":
            rate *= 1 - step / STEPS
        if step < config.warmup_steps:
            rate = config.learning_rate * step / config.warmup_steps
        for i, gradient in enumerate(found):
            first[i] = config.beta_1 * first[i] + (1 - config.beta_1) * gradient
            second[i] = config.beta_2 * second[i] + (1 - config.beta_2) * gradient.astype(np.float64) ** 2
            update = first[i] / (np.sqrt(second[i]) + config.epsilon)
            if values[i].ndim > 1:
                update += config.weight_decay * values[i]
            values[i] = values[i] - rate * update
    return values


@pytest.mark.parametrize("jit", [False, True])
def test_updates_equal_those_of_the_original_bert_optimizer(jit):
    config = OptimizerConfig(learning_rate=0.01, warmup_steps=3, weight_decay=0.1)

    ours = after_our_updates(config, jit)

    for value, expected in zip(ours, after_numpy_updates(config), strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_with_bias_correction_updates_equal_those_of_torch():
    config = constant(weight_decay=0.1, bias_correction=True)
    start, gradients = start_and_gradients()
    values = [torch.nn.Parameter(torch.tensor(value)) for value in start]
    groups = [
        {"params": [v for v in values if v.ndim > 1], "weight_decay": 0.1},
        {"params": [v for v in values if v.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.999), eps=1e-6)
    for found in gradients:
        for value, gradient in zip(values, found, strict=True):
            value.grad = torch.tensor(gradient)
        optimizer.step()

    ours = after_our_updates(config)

    for value, expected in zip(ours, values, strict=True):
        np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_without_gradients_only_matrices_decay():
    variables = [tf.Variable(tf.ones([2, 2])), tf.Variable(tf.ones([2]))]
    optimizer = AdamW(variables, constant(learning_rate=0.1, weight_decay=0.5), total_steps=1)

    optimizer.apply([tf.zeros([2, 2]), tf.zeros([2])], tf.constant(0))

    assert [is_decayed(variable) for variable in variables] == [True, False]
    np.testing.assert_allclose(variables[0].numpy(), 0.95, rtol=1e-6)
    np.testing.assert_array_equal(variables[1].numpy(), 1.0)


def test_a_variable_without_gradient_stays_as_it_is():
    variables = [tf.Variable(tf.ones([2, 2])), tf.Variable(tf.ones([2, 2]))]
    optimizer = AdamW(variables, constant(weight_decay=0.5), total_steps=1)

    optimizer.apply([None, tf.ones([2, 2])], tf.constant(0))

    np.testing.assert_array_equal(variables[0].numpy(), 1.0)
    assert (variables[1].numpy() < 1.0).all()


def test_a_sparse_gradient_counts_like_the_dense_one():
    sparse, dense = tf.Variable(tf.ones([4, 2])), tf.Variable(tf.ones([4, 2]))
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([2, 2]), tf.constant([4, 2]))

    AdamW([sparse], constant(), 1).apply([slices], tf.constant(0))
    AdamW([dense], constant(), 1).apply([tf.convert_to_tensor(slices)], tf.constant(0))

    np.testing.assert_array_equal(sparse.numpy(), dense.numpy())
    assert sparse.numpy()[2, 0] != 1.0


def test_clipping_keeps_the_direction_and_leaves_short_gradients_alone():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([[0.0, 4.0]])]

    clipped = clip_by_global_norm(gradients, 1.0)
    untouched = clip_by_global_norm(gradients, 6.0)

    np.testing.assert_allclose(clipped[0].numpy(), [0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(clipped[1].numpy(), [[0.0, 0.8]], rtol=1e-6)
    np.testing.assert_array_equal(untouched[1].numpy(), gradients[1].numpy())


def test_the_configured_clipping_takes_part_in_the_update():
    big, small = tf.Variable(tf.zeros([2, 2])), tf.Variable(tf.zeros([2, 2]))
    config = constant(clip_norm=1e-7)  # so short that epsilon outweighs the moments

    AdamW([big], constant(), 1).apply([tf.ones([2, 2])], tf.constant(0))
    AdamW([small], config, 1).apply([tf.ones([2, 2])], tf.constant(0))

    assert (np.abs(small.numpy()) < np.abs(big.numpy()) / 5).all()


def test_the_learning_rate_climbs_and_falls_in_straight_lines():
    config = OptimizerConfig(learning_rate=1.0, warmup_steps=4)

    rates = [float(learning_rate(config, tf.constant(step), 10)) for step in (0, 1, 3, 4, 5, 10, 11)]

    np.testing.assert_allclose(rates, [0.0, 0.25, 0.75, 0.6, 0.5, 0.0, 0.0], atol=1e-7)


def test_a_constant_schedule_stays_at_its_peak_after_the_warm_up():
    config = constant(learning_rate=1.0, warmup_steps=2)

    rates = [float(learning_rate(config, tf.constant(step), 10)) for step in (0, 1, 2, 9)]

    np.testing.assert_allclose(rates, [0.0, 0.5, 1.0, 1.0])


def test_a_checkpoint_holds_the_moments_and_no_second_copy_of_the_weights(tmp_path):
    variable = tf.Variable(tf.ones([2, 2]))
    optimizer = AdamW([variable], constant(), 5)
    optimizer.apply([tf.ones([2, 2])], tf.constant(0))

    path = tf.train.Checkpoint(optimizer=optimizer).save(str(tmp_path / "checkpoint"))
    fresh = AdamW([tf.Variable(tf.ones([2, 2]))], constant(), 5)
    tf.train.Checkpoint(optimizer=fresh).restore(path).assert_consumed()

    names = [name for name, _ in tf.train.list_variables(path) if name.startswith("optimizer")]
    assert len(names) == 2
    np.testing.assert_array_equal(fresh.second_moments[0].numpy(), optimizer.second_moments[0].numpy())
    assert fresh.second_moments[0].numpy()[0, 0] > 0
