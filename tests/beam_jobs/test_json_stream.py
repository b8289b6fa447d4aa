import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.json_stream import JsonEndsEarly, JsonStream

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def in_chunks(text: str, size: int) -> JsonStream:
    stored = text.encode()
    return JsonStream(stored[start : start + size] for start in range(0, len(stored), size))


@given(elements=st.lists(values), size=st.integers(1, 20), indent=st.none() | st.integers(0, 2))
def test_a_list_reads_the_same_however_its_bytes_are_cut(elements, size, indent):
    stream = in_chunks(json.dumps(elements, ensure_ascii=False, indent=indent), size)
    read = []

    stream.expect("[")
    while not stream.take("]"):
        read.append(stream.value())
        stream.take(",")

    assert read == elements


@given(value=st.text(min_size=1) | st.lists(values) | st.dictionaries(st.text(), values), keep=st.floats(0, 0.99))
def test_a_value_cut_short_ends_early(value, keep):
    text = json.dumps(value, ensure_ascii=False)
    cut = text[: int(len(text) * keep)]

    with pytest.raises(JsonEndsEarly):
        in_chunks(cut, 7).value()


def test_a_malformed_value_is_told_from_one_cut_short():
    stream = in_chunks('{"id": nothing, "text": "' + "가" * 200 + '"}', 16)

    with pytest.raises(ValueError, match="Expecting value") as raised:
        stream.value()

    assert not isinstance(raised.value, JsonEndsEarly)


def test_a_byte_order_mark_is_passed_over():
    assert in_chunks("\ufeff[1, 2]", 2).value() == [1, 2]
