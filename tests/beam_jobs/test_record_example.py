import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from beam_jobs.packing import PackedSequence
from beam_jobs.record_example import to_example, varints

integers = st.lists(st.integers(0, 2**31 - 1), max_size=5)
sequences = st.builds(
    PackedSequence,
    input_ids=arrays.arrays(np.int32, st.integers(0, 300), elements=st.integers(0, 2**31 - 1)),
    segment_starts=integers,
    documents=st.lists(st.text(max_size=200), max_size=4),
    document_offsets=integers,
    second_segment=st.integers(0, 5_000),
)


def by_the_library(packed, source):
    def integers(values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def texts(values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))

    features = {
        "input_ids": integers(packed.input_ids.tolist()),
        "segment_starts": integers(packed.segment_starts),
        "documents": texts(packed.documents),
        "document_offsets": integers(packed.document_offsets),
        "second_segment": integers([packed.second_segment] if packed.second_segment else []),
        "source": texts([source]),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


@given(sequences, st.text(max_size=20))
def test_an_example_is_the_one_that_the_library_serializes_byte_for_byte(packed, source):
    assert to_example(packed, source) == by_the_library(packed, source)


@given(st.lists(st.integers(0, 2**62)))
def test_varints_are_seven_bits_a_byte(values):
    expected = bytearray()
    for value in values:
        while value > 127:
            expected.append(value % 128 + 128)
            value //= 128
        expected.append(value)

    assert varints(np.array(values, np.int64)) == bytes(expected)
