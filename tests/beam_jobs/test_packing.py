from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.packing import TokenizedDocument, pack

CLS, SEP = 2, 3

token_lists = st.lists(st.lists(st.integers(10, 99), max_size=60), max_size=25)


def documents_of(lists):
    return [TokenizedDocument(f"{number:04d}", np.array(ids, np.int32)) for number, ids in enumerate(lists)]


@given(token_lists, st.integers(3, 40))
def test_packing_keeps_every_token_once(lists, length):
    packed = list(pack(documents_of(lists), length, CLS, SEP))

    found = Counter(chain.from_iterable(sequence.input_ids.tolist() for sequence in packed))
    del found[CLS], found[SEP]
    assert found == Counter(chain.from_iterable(lists))


@given(token_lists, st.integers(3, 40))
def test_every_sequence_begins_with_cls_ends_with_sep_and_fits(lists, length):
    for sequence in pack(documents_of(lists), length, CLS, SEP):
        ids = sequence.input_ids
        assert ids[0] == CLS
        assert ids[-1] == SEP
        assert len(ids) <= length
        assert (ids == SEP).sum() == len(sequence.documents)


@given(token_lists, st.integers(3, 40), st.randoms())
def test_packing_does_not_depend_on_the_order_of_documents(lists, length, random):
    documents = documents_of(lists)
    shuffled = random.sample(documents, len(documents))

    ordered, other = (list(pack(d, length, CLS, SEP)) for d in (documents, shuffled))

    assert [s.input_ids.tolist() for s in ordered] == [s.input_ids.tolist() for s in other]


def test_a_long_document_stays_in_order_over_consecutive_sequences_and_its_tail_meets_a_short_one():
    long, short = (
        TokenizedDocument("a", np.arange(10, 35, dtype=np.int32)),
        TokenizedDocument("b", np.array([90])),
    )

    first, second, third = pack([short, long], 12, CLS, SEP)

    assert first.input_ids.tolist() == [CLS, *range(10, 20), SEP]
    assert second.input_ids.tolist() == [CLS, *range(20, 30), SEP]
    assert third.input_ids.tolist() == [CLS, *range(30, 35), SEP, 90, SEP]
    assert third.segment_starts == [7]
    assert third.documents == ["a", "b"]


def test_a_short_document_is_never_cut():
    documents = documents_of([[number] * 7 for number in range(10, 20)])

    packed = list(pack(documents, 20, CLS, SEP))

    assert all(len(sequence.documents) == 2 for sequence in packed)


def test_a_length_without_room_for_a_token_is_refused():
    with pytest.raises(ValueError, match="use at least 3"):
        list(pack([], 2, CLS, SEP))
