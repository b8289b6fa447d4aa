import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.dedupe.bands import band_keys
from beam_jobs.dedupe_config import NearConfig, found_share
from model.contract.errors import SettingError


@given(st.floats(0.3, 0.95), st.floats(0.1, 0.95), st.integers(32, 512))
def test_bands_find_what_they_should_and_one_row_more_would_not(threshold, recall, permutations):
    bands, rows = NearConfig(threshold=threshold, recall=recall, permutations=permutations).bands

    assert bands * rows <= permutations
    assert found_share(threshold, bands, rows) >= recall
    assert rows == permutations or found_share(threshold, permutations // (rows + 1), rows + 1) < recall


@pytest.mark.parametrize("similarity", [0.4, 0.65, 0.8])
def test_pairs_share_a_band_as_often_as_the_curve_says(similarity):
    generator, (bands, rows), pairs = np.random.default_rng(3), NearConfig().bands, 4_000
    one = generator.integers(2**16, size=(pairs, bands * rows), dtype=np.uint16)
    differ = generator.random(one.shape) >= similarity
    other = np.where(differ, one + 1, one).astype(np.uint16)

    share = (band_keys(one, bands, rows) == band_keys(other, bands, rows)).any(axis=1).mean()

    expected = found_share(similarity, bands, rows)
    assert abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / pairs) + 1e-3


def test_keys_are_equal_exactly_where_every_row_of_the_band_is():
    signatures = np.tile(np.arange(12, dtype=np.uint16), (2, 1))
    signatures[1, 4] = 99

    one, other = band_keys(signatures, bands=4, rows=3)

    assert (one == other).tolist() == [True, False, True, True]
    assert len(set(one.tolist())) == 4


def test_two_bands_with_equal_rows_have_different_keys():
    ((one, other),) = band_keys(np.array([[7, 8, 7, 8]], np.uint16), bands=2, rows=2)

    assert one != other


def test_a_threshold_that_no_bands_can_find_is_refused_before_any_work():
    with pytest.raises(SettingError, match=r"8 permutations find pairs of similarity 0.05 in less than 90% of cases"):
        NearConfig.parse({"threshold": 0.05, "recall": 0.9, "permutations": 8}, "a test")
