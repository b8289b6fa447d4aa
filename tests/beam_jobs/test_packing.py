import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.packing import pack, pack_remnants
from model.contract.errors import SettingError
from tests.beam_jobs.tokenized_documents import (
    CLS,
    CONTINUES,
    MANY_DOCUMENTS,
    MANY_RULES,
    SEP,
    document_of,
    goes_on_at,
    padding_of,
    pieces_of,
    plain_documents,
    put_together,
    rules_of,
    shown,
    words_up_to,
)


def test_short_documents_go_whole_into_the_fullest_sequence_that_has_room():
    documents = [document_of([[1] * length], name) for name, length in [("a", 2), ("b", 7), ("c", 3), ("d", 6)]]

    packed = pack(documents, rules_of(12))

    assert [shown(sequence) for sequence in packed.sequences] == [
        "[CLS] a1 a2 [SEP] b1 b2 b3 b4 b5 b6 b7 [SEP]",
        "[CLS] c1 c2 c3 [SEP] d1 d2 d3 d4 d5 d6 [SEP]",
    ]
    assert [sequence.segment_starts for sequence in packed.sequences] == [[4], [5]]
    assert packed.remnants == []


def test_a_long_document_is_cut_where_a_sentence_ends_and_short_ones_fill_the_room_that_leaves():
    long, short = document_of([[1] * 8, [1] * 10, [1] * 5], "a"), document_of([[1]], "b")

    packed = pack([long, short], rules_of(12, cut_back=3))

    assert [shown(sequence) for sequence in packed.sequences] == [
        "[CLS] a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 [SEP]",
        "[CLS] a1 a2 a3 a4 a5 a6 a7 a8 [SEP] b1 [SEP]",
    ]
    assert [sequence.document_offsets for sequence in packed.sequences] == [[8], [0, 0]]
    (rest,) = packed.remnants
    assert (rest.id, rest.offset, rest.sentence_ends.tolist()) == ("a", 18, [5])


def test_documents_that_fit_badly_are_laid_end_to_end_and_what_is_left_is_handed_back():
    documents = [document_of([[1] * length], name) for name, length in [("a", 6), ("b", 6), ("c", 4)]]

    packed = pack(documents, rules_of(12))

    (sequence,) = packed.sequences
    assert shown(sequence) == "[CLS] a1 a2 a3 a4 a5 a6 [SEP] b1 b2 b3 [SEP]"
    assert [(rest.id, rest.offset, rest.tokens.tolist()) for rest in packed.remnants] == [
        ("b", 3, documents[1].tokens[3:].tolist()),
        ("c", 0, documents[2].tokens.tolist()),
    ]


def test_a_word_is_cut_only_if_it_is_longer_than_any_sequence_has_room_for():
    document = document_of([[6, 6, 13]])

    sequences = pack_remnants([document], rules_of(12))

    assert sorted(sequence.document_offsets for sequence in sequences) == [[0, 22], [6], [12]]


@given(MANY_DOCUMENTS, MANY_RULES)
def test_documents_can_be_put_together_again_from_sequences_and_remnants(documents, rules):
    packed = pack(documents, rules)
    again = pack(packed.remnants, rules)

    pieces = [piece for sequence in packed.sequences + again.sequences for piece in pieces_of(sequence)]
    pieces += [(rest.id, rest.offset, rest.tokens) for rest in again.remnants]
    assert put_together(pieces) == {doc.id: doc.tokens.tolist() for doc in documents if len(doc.tokens)}


@given(MANY_DOCUMENTS, MANY_RULES)
def test_a_sequence_fits_and_has_a_sep_after_each_piece_and_no_other_special_token(documents, rules):
    packed = pack(documents, rules)

    for sequence in [*packed.sequences, *pack_remnants(packed.remnants, rules)]:
        ids = sequence.input_ids
        assert ids.dtype == np.int32
        assert len(ids) <= rules.length
        assert np.flatnonzero(ids == CLS).tolist() == [0]
        seps = [*(start - 1 for start in sequence.segment_starts), len(ids) - 1]
        assert np.flatnonzero(ids == SEP).tolist() == seps
        assert all(len(tokens) for _, _, tokens in pieces_of(sequence))


@given(MANY_DOCUMENTS, MANY_RULES, st.randoms())
def test_packing_does_not_depend_on_the_order_of_documents(documents, rules, random):
    twice = [*documents, *(document._replace(id="0000") for document in documents)]

    ordered, other = (pack(docs, rules) for docs in (twice, random.sample(twice, len(twice))))

    assert repr(ordered) == repr(other)


@given(MANY_DOCUMENTS, MANY_RULES)
def test_no_piece_begins_within_a_word(documents, rules):
    packed = pack(documents, rules)

    for sequence in [*packed.sequences, *pack_remnants(packed.remnants, rules)]:
        assert not any(CONTINUES[tokens[0]] for _, _, tokens in pieces_of(sequence))


@given(MANY_DOCUMENTS, MANY_RULES)
def test_what_follows_upon_one_another_in_a_document_is_parted_only_for_a_second_segment(documents, rules):
    packed = pack(documents, rules)

    for sequence in [*packed.sequences, *pack_remnants(packed.remnants, rules)]:
        assert set(goes_on_at(sequence)) <= {sequence.second_segment}


@given(words_up_to(1), st.integers(60, 120), st.integers(0, 30))
def test_a_sentence_is_cut_only_in_a_full_sequence_with_no_sentence_end_in_reach(documents, length, cut_back):
    packed = pack(documents, rules_of(length, cut_back))

    by_name = {document.id: document for document in documents}
    for sequence in packed.sequences:
        for name, offset, tokens in pieces_of(sequence):
            ends = by_name[name].sentence_ends
            stop = offset + len(tokens)
            if stop not in ends:
                assert len(sequence.input_ids) == length
                reach = min(cut_back, (length - 1) // 50, len(tokens) - 1)
                assert not np.any((stop - reach <= ends) & (ends <= stop))


@given(words_up_to(1), st.integers(10, 150), st.integers(0, 30))
def test_every_sequence_is_full_and_what_is_left_fits_into_one(documents, length, cut_back):
    packed = pack(documents, rules_of(length, cut_back))

    assert all(length - len(sequence.input_ids) <= max(1, (length - 1) // 50) for sequence in packed.sequences)
    assert len(pack_remnants(packed.remnants, rules_of(length, cut_back))) <= 1


CORPORA = {
    "half a sequence and a bit": ([525] * 60, 13),
    "nearly a sequence": ([1_000] * 40, 13),
    "long sentences": ([1_000] * 40, 170),
    "a token each": ([1] * 4_000, 1),
    "more than a sequence without a sentence end": ([1_250] * 40, 5_000),
    "a token too many": ([1_023] * 40, 20),
    "all sizes": ([97 * number % 3_000 for number in range(60)], 25),
}


@pytest.mark.parametrize("name", CORPORA)
def test_less_than_two_percent_is_padding_however_badly_documents_fit(name):
    lengths, sentence = CORPORA[name]

    packed = pack(plain_documents(lengths, sentence), rules_of(1_024, cut_back=64))

    assert max(padding_of(packed.sequences, 1_024)) < 0.02
    kept = sum(len(tokens) for sequence in packed.sequences for _, _, tokens in pieces_of(sequence))
    assert kept > sum(lengths) - 1_024


def test_what_is_laid_end_to_end_stays_no_shorter_than_cut_back_allows():
    documents = plain_documents([650] * 20, 23)

    packed = pack(documents, rules_of(1_024, cut_back=2))

    assert min(len(sequence.input_ids) for sequence in packed.sequences) == 1_022


def test_documents_that_fit_are_never_cut():
    documents = plain_documents([338] * 30 + [91] * 110, 20)  # three with their [SEP]s, or eleven

    packed = pack(documents, rules_of(1_024, cut_back=64))

    offsets = [offset for sequence in packed.sequences for offset in sequence.document_offsets]
    assert set(offsets) == {0}


@given(st.lists(MANY_DOCUMENTS, max_size=4), MANY_RULES)
def test_remnants_of_many_files_are_packed_together_and_all_of_them(files, rules):
    renamed = [
        [document._replace(id=f"{number}/{document.id}") for document in file] for number, file in enumerate(files)
    ]
    packed = [pack(file, rules) for file in renamed]
    remnants = [rest for of_file in packed for rest in of_file.remnants]

    together = pack_remnants(remnants, rules)

    sequences = [*(sequence for of_file in packed for sequence in of_file.sequences), *together]
    assert put_together(piece for sequence in sequences for piece in pieces_of(sequence)) == {
        document.id: document.tokens.tolist() for file in renamed for document in file if len(document.tokens)
    }


def test_only_the_last_sequence_of_all_files_is_not_full():
    files = [plain_documents([300 + 50 * number] * 3, 20) for number in range(8)]
    rules = rules_of(1_024, cut_back=64)
    remnants = [
        rest._replace(id=f"{number}/{rest.id}") for number, file in enumerate(files) for rest in pack(file, rules)[1]
    ]

    padding = padding_of(pack_remnants(remnants, rules), 1_024)

    assert len(padding) > 2
    assert sum(share >= 0.02 for share in padding) <= 1


def test_documents_without_tokens_give_nothing():
    packed = pack([document_of([])], rules_of(12))

    assert packed == ([], [])
    assert pack_remnants([], rules_of(12)) == []


def test_a_length_without_room_for_two_segments_is_refused():
    with pytest.raises(SettingError, match="sequence_length 4 has no room .* use at least 5"):
        rules_of(4)
