import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.metrics import METRICS, accuracy, macro_f1, pearson


def test_accuracy_is_the_share_of_right_answers_in_points():
    assert accuracy([0, 1, 1, 2], [0, 1, 2, 2]) == 75.0


def test_macro_f1_weighs_a_rare_class_like_a_common_one():
    # Class 0: precision 3/4, recall 1, F1 6/7; class 1: never hit, F1 0.
    assert macro_f1([0, 0, 0, 0], [0, 0, 0, 1]) == pytest.approx(100 * (6 / 7 + 0) / 2)


@given(st.floats(0.1, 9.0), st.floats(-5.0, 5.0))
def test_pearson_ignores_scale_and_offset(scale, offset):
    labels = [0.0, 1.5, 2.0, 4.9]

    assert pearson([scale * label + offset for label in labels], labels) == pytest.approx(100.0)


def test_pearson_of_opposites_is_minus_one_hundred():
    assert pearson([3.0, 2.0, 1.0], [1.0, 2.0, 3.0]) == pytest.approx(-100.0)


def test_pearson_equals_a_value_worked_by_hand():
    # Deviations (-1, 0, 1) and (-1, 1, 0): covariance 1, both lengths sqrt(2).
    assert pearson([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == pytest.approx(50.0)


def test_a_constant_prediction_correlates_with_nothing():
    assert pearson([2.5, 2.5, 2.5], [1.0, 2.0, 3.0]) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_predictions_must_match_their_labels_one_to_one(name):
    with pytest.raises(ValueError, match="2 predictions cannot be scored on 3 labels"):
        METRICS[name]([1, 2], [1, 2, 3])
