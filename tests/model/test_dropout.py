"""Dropout's draws, held to what independent ones would give; a z of 5 is one chance in two million."""

import numpy as np
import pytest
import tensorflow as tf

from model.compute import Compute
from model.encoder import BigBirdEncoder
from model.layers import Dropout
from tests.model.bigbird_twins import ours, random_batch, small_config

SEED = tf.constant([3, 4])
RATE = 0.1
ROWS, COLUMNS = 2048, 384


def dropped(seed: int, site: int = 0) -> np.ndarray:
    """[rows, columns], 1 where a value was dropped, less the rate, in units of one draw's deviation."""
    values = Dropout(RATE, tf.constant([seed, 1]))(tf.ones([ROWS, COLUMNS]), site).numpy()
    return ((values == 0) - RATE) / np.sqrt(RATE * (1 - RATE))


def test_the_rest_is_scaled_up_so_that_the_mean_stays():
    values = Dropout(RATE, SEED)(tf.ones([ROWS, COLUMNS]), site=0).numpy()

    assert np.unique(values).tolist() == pytest.approx([0.0, 1 / 0.9])
    assert values.mean() == pytest.approx(1.0, abs=5 * np.sqrt(1 / 9 / values.size))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_draws_are_as_many_as_asked_for_in_rows_and_columns_too(seed):
    found = dropped(seed)

    assert abs(found.sum()) < 5 * np.sqrt(found.size)
    for sums, of, number in ((found.sum(1), COLUMNS, ROWS), (found.sum(0), ROWS, COLUMNS)):
        spread = (np.square(sums) / of).sum()  # chi-square with `number` degrees of freedom
        assert abs(spread - number) < 5 * np.sqrt(2 * number)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_two_rows_and_no_two_columns_drop_together(seed):
    found = dropped(seed)

    for table in (found, found.T):
        number, of = table.shape
        products = (table @ table.T)[np.triu_indices(number, 1)] / np.sqrt(of)
        # Eight tables of NumPy's generator stay within 0.008 and 7.6.
        assert abs(np.square(products).mean() - 1) < 0.02
        assert np.abs(products).max() < 9


def test_corners_of_rectangles_are_independent():
    """What rows and columns drawn apart would get wrong, if their words were not mixed."""
    found, generator = dropped(1), np.random.default_rng(0)
    one, two = generator.integers(0, ROWS, (2, 1_000_000))
    left, right = generator.integers(0, COLUMNS, (2, 1_000_000))
    apart = (one != two) & (left != right)
    one, two, left, right = (values[apart] for values in (one, two, left, right))

    products = found[one, left] * found[one, right] * found[two, left] * found[two, right]

    assert abs(products.sum()) < 5 * np.sqrt(len(products) * np.square(products).mean())


@pytest.mark.parametrize(("other_seed", "other_site"), [(1, 1), (2, 0), (1, 24)])
def test_sites_and_seeds_draw_independently(other_seed, other_site):
    product = dropped(1) * dropped(other_seed, other_site)

    assert abs(product.sum()) < 5 * np.sqrt(product.size)


def test_compiled_dropout_follows_from_its_seed_too():
    drop = tf.function(lambda seed: Dropout(RATE, seed)(tf.ones([64, 64]), site=2), jit_compile=True)

    compiled, again, other = drop(SEED), drop(SEED), drop(SEED + 1)

    np.testing.assert_array_equal(compiled, again)
    assert not np.array_equal(compiled, other)


def test_gradients_pass_where_values_were_kept():
    values = tf.ones([64, 64])
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = Dropout(RATE, SEED)(values, site=0)

    np.testing.assert_array_equal(tape.gradient(result, values), result)


def test_bfloat16_keeps_the_mean_as_well():
    values = Dropout(RATE, SEED)(tf.fill([ROWS, COLUMNS], tf.constant(1.25, tf.bfloat16)), site=0)

    assert values.dtype == tf.bfloat16
    assert np.mean(tf.cast(values, tf.float32)) == pytest.approx(1.25, abs=0.005)


def test_an_encoder_drops_the_same_for_a_seed_and_other_values_for_another():
    config = small_config(layers=1)
    batch = ours(random_batch(config, 128, padding=10))

    first, again, other, none = (
        BigBirdEncoder(config, 0, Compute())(*batch, seed).numpy() for seed in (SEED, SEED, SEED + 1, None)
    )

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    assert np.abs(first - none).max() > 0.1
