import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.tpu_check.cost_report import operations_left_out


@given(st.floats(0.001, 2.0), st.integers(0, 500), st.floats(0.75, 0.9))
def test_operations_of_unknown_time_are_taken_out_of_the_sum(seconds, unknown, share):
    scheduled = seconds / share

    assert operations_left_out(seconds - unknown, unknown, scheduled) == unknown


@pytest.mark.parametrize("counted", [0, 28, 30, 60])
def test_they_are_found_where_not_all_of_them_are_recognised(counted):
    # BERT-base on a v3-8, four sequences of 4,096 tokens a core.
    assert operations_left_out(0.5639 - 29, counted, 0.7121) == 29


def test_a_step_of_more_than_a_second_keeps_its_whole_seconds():
    assert operations_left_out(2.3 - 453, 29, 2.9) == 453
