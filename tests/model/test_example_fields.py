import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from model.example_fields import example_fields, varints
from tests.model.record_directory import example

INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 40_000), max_size=20)
TEXTS = st.lists(st.binary(max_size=9), max_size=4)
FLOATS = st.lists(st.floats(width=32, allow_nan=False), max_size=5)


@given(
    INTEGERS, st.lists(st.binary(max_size=9), max_size=4), st.lists(st.floats(width=32, allow_nan=False), max_size=5)
)
def test_fields_are_what_tensorflow_reads(integers, texts, floats):
    serialized = example({"integers": integers, "texts": texts, "floats": floats})

    found = example_fields(serialized)

    twin = tf.train.Example.FromString(serialized).features.feature
    assert list(found["integers"]) == list(twin["integers"].int64_list.value) == integers
    assert list(found["texts"]) == list(twin["texts"].bytes_list.value) == texts
    assert list(found["floats"]) == list(twin["floats"].float_list.value)
    assert set(found) == set(twin)


def test_an_empty_list_keeps_the_kind_that_it_was_written_as():
    found = example_fields(example({"none": []}))

    assert found["none"].dtype == np.int64
    assert found["none"].shape == (0,)


def test_numbers_that_are_not_packed_together_are_read_too():
    feature = b"\x1a\x05\x08\x05\x08\xac\x02"  # 5 and 300, each with a tag of its own
    entry = b"\x0a\x01n\x12" + bytes([len(feature)]) + feature
    features = b"\x0a" + bytes([len(entry)]) + entry

    found = example_fields(b"\x0a" + bytes([len(features)]) + features)

    assert found["n"].tolist() == [5, 300]


@pytest.mark.parametrize("cut", range(1, 30))
def test_an_example_that_breaks_off_is_refused(cut):
    serialized = example({"input_ids": [1, 200, 40_000], "source": [b"wiki"]})

    with pytest.raises(ValueError, match="^holds "):
        example_fields(serialized[:-cut])


@pytest.mark.parametrize("data", [b"\x80", b"\x01\xff", b"\xff" * 10 + b"\x01"])
def test_numbers_that_are_none_are_refused(data):
    with pytest.raises(ValueError, match="^holds a number "):
        varints(data)
