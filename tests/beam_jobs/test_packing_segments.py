"""Short sequences and pairs of segments, which the original's settings ask for."""

import numpy as np
import pytest

from beam_jobs.packing import pack, pack_remnants
from tests.beam_jobs.tokenized_documents import document_of, goes_on_at, plain_documents, rules_of, shown


@pytest.mark.parametrize("length", [20, 530, 3_000])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_so_many_sequences_as_asked_are_short_and_of_any_length(length, share):
    documents = plain_documents([length] * (600_000 // length), 20)

    packed = pack(documents, rules_of(256, cut_back=16, short_share=share))

    lengths = np.array([len(sequence.input_ids) for sequence in packed.sequences])
    short = lengths[lengths < 250]
    assert len(short) / len(lengths) == pytest.approx(share * 245 / 252, abs=0.03)
    assert np.quantile(short, [0.0, 0.25, 0.5, 0.75]) == pytest.approx([5, 66, 127, 189], abs=12)


@pytest.mark.parametrize("length", [20, 530, 3_000])
def test_so_many_sequences_as_asked_have_a_second_segment_that_begins_near_the_middle(length):
    documents = plain_documents([length] * (600_000 // length), 20)

    packed = pack(documents, rules_of(256, cut_back=16, pair_share=0.3))

    pairs = [sequence for sequence in packed.sequences if sequence.second_segment]
    assert len(pairs) / len(packed.sequences) == pytest.approx(0.3, abs=0.03)
    assert all(sequence.second_segment in sequence.segment_starts for sequence in pairs)
    middles = [sequence.second_segment / len(sequence.input_ids) for sequence in pairs]
    assert np.mean(middles) == pytest.approx(0.5, abs=0.05)


def test_each_place_in_a_document_has_a_draw_of_its_own():
    whole = document_of([[1] * 5, [1] * 4])
    pieces = [whole._replace(offset=9 * number) for number in range(200)]

    sequences = pack_remnants(pieces, rules_of(12, pair_share=0.5))

    assert 60 < sum(sequence.second_segment > 0 for sequence in sequences) < 140


def test_a_document_by_itself_is_parted_where_a_sentence_ends_nearest_its_middle():
    document = document_of([[1] * 3, [1] * 2, [1] * 4])

    (sequence,) = pack_remnants([document], rules_of(12, pair_share=1.0))

    assert shown(sequence) == "[CLS] a1 a2 a3 a4 a5 [SEP] a6 a7 a8 a9 [SEP]"
    assert (sequence.second_segment, sequence.segment_starts) == (7, [7])
    assert (sequence.documents, sequence.document_offsets) == (["a", "a"], [0, 5])


def test_several_documents_are_parted_where_the_one_nearest_the_middle_begins():
    documents = [document_of([[1] * length], name) for name, length in [("a", 1), ("b", 3), ("c", 3)]]

    (sequence,) = pack_remnants(documents, rules_of(12, pair_share=1.0))

    assert shown(sequence) == "[CLS] a1 [SEP] b1 b2 b3 [SEP] c1 c2 c3 [SEP]"
    assert (sequence.second_segment, sequence.segment_starts) == (7, [3, 7])


def test_a_single_sentence_has_no_second_segment():
    (sequence,) = pack_remnants([document_of([[1] * 9])], rules_of(12, pair_share=1.0))

    assert (sequence.second_segment, sequence.segment_starts) == (0, [])


@pytest.mark.parametrize("length", [23, 32])
def test_what_short_sequences_took_apart_and_left_is_put_together_again(length):
    for seed in range(100):
        sequences = pack_remnants(plain_documents([length], 3), rules_of(12, 2, short_share=0.5, seed=seed))

        assert not any(goes_on_at(sequence) for sequence in sequences)
