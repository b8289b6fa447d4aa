import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.cleaning.korean_sentences import sentences
from beam_jobs.wordpiece import WordPiece
from model.contract.record import SPECIAL_TOKENS
from tests.awkward_texts import (
    EVERY_CHARACTER_WITHIN_WORDS,
    PIECES,
    ids_by,
    odd_characters,
    original_tokenizer,
    texts,
    usual_characters,
)


@pytest.fixture(scope="module")
def wordpiece():
    return WordPiece(PIECES)


@pytest.fixture(scope="module")
def original():
    return original_tokenizer(PIECES)


def as_lists(arrays):
    return [ids.tolist() for ids in arrays]


@pytest.fixture(scope="module")
def sample_texts():
    return [
        "\n".join(paragraph["form"] for paragraph in document["paragraph"])
        for path in sorted(Path("sample/corpus/nikl").glob("*.json"))
        for document in json.loads(path.read_text())["document"]
    ]


def test_ids_equal_those_of_transformers_on_every_document_of_the_sample(wordpiece, original, sample_texts):
    assert len(sample_texts) > 100
    expected = ids_by(original, sample_texts)

    assert as_lists(wordpiece.tokenize(sample_texts)) == expected
    assert as_lists(ids for ids, _ in wordpiece.tokenize_sentences(sample_texts)) == expected


def test_every_character_of_unicode_parts_joins_or_leaves_words_as_in_transformers():
    pieces = [*SPECIAL_TOKENS, "a", "##a", "b", "##b"]

    found = as_lists(WordPiece(pieces).tokenize(EVERY_CHARACTER_WITHIN_WORDS))

    assert found == ids_by(original_tokenizer(pieces), EVERY_CHARACTER_WITHIN_WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "한국어 위키백과, 우리 모두의 백과사전.",
        "漢字와 한글 mixed Text 123",
        "가" * 33 + " " + "가" * 34 + " " + "나" * 100 + " " + "나" * 101,
        "a" * 100 + " " + "a" * 101,
        "a" * 100 + "." + "b" * 101 + "字" + "c" * 100,
        "a" * 50 + "\u200b" + "b" * 50 + " " + "a" * 50 + "\u200b" + "b" * 51,
        "이모지 👍🏽👍🏽 그리고 " + "👍" * 30 + " " + "👍" * 101,
        "문서 속의 [MASK]와 [CLS], <s> 그리고 </s>는 글자일 뿐이다",
        "한글\u00a0나눔\u2028줄\ttab\u0085줄",
        "다.\x0b가 다.\x1c나 다\x1d.",
    ],
)
def test_ids_equal_those_of_transformers_on_hard_texts(wordpiece, original, text):
    expected = ids_by(original, [text])

    assert as_lists(wordpiece.tokenize([text])) == expected
    assert as_lists(ids for ids, _ in wordpiece.tokenize_sentences([text])) == expected


@given(st.lists(texts, max_size=5))
@settings(max_examples=300, deadline=None)
def test_ids_equal_those_of_transformers_on_any_texts(wordpiece, original, some):
    expected = ids_by(original, some)

    assert as_lists(wordpiece.tokenize(some)) == expected
    assert as_lists(ids for ids, _ in wordpiece.tokenize_sentences(some)) == expected


@given(
    st.lists(
        st.builds(str.__add__, st.sampled_from(["", "##"]), st.text(odd_characters | usual_characters, max_size=3)),
        max_size=30,
        unique=True,
    ),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_ids_equal_those_of_transformers_with_any_vocabulary(pieces, data):
    vocabulary = list(dict.fromkeys([*SPECIAL_TOKENS, *pieces]))
    joined = st.lists(st.sampled_from([piece.removeprefix("##") for piece in vocabulary])).map("".join)
    some = data.draw(st.lists(texts | joined, max_size=3))

    found = as_lists(WordPiece(vocabulary).tokenize(some))

    assert found == ids_by(original_tokenizer(vocabulary), some)


@given(st.lists(texts, max_size=5))
@settings(deadline=None)
def test_sentences_end_where_those_of_the_splitter_do_unless_within_a_word(wordpiece, original, some):
    found = wordpiece.tokenize_sentences(some)

    for text, (ids, ends) in zip(some, found, strict=True):
        after = {end: len(ids_by(original, [text[:end]])[0]) for _, end in sentences(text)}
        parted = {after[end] for end in after if text[end : end + 1] in ("", " ", "\n")}
        assert parted - {0} <= set(ends.tolist()) <= set(after.values())
        assert ends.tolist() == sorted(set(ends.tolist()) - {0})
        assert ends[-1:].tolist() == [len(ids)][: len(ends)]
        assert (ids.dtype, ends.dtype) == (np.int32, np.int32)


@pytest.mark.parametrize(
    ("spans", "ends"),
    [
        (["다. ", "가나"], [2, 3]),
        (["다.", "가나"], [2, 3]),
        (["다", "“가나"], [1, 3]),
        (["ㅋㅋ", "가나 ", "다"], [1, 2]),
        (["다\x0b", "가"], [1]),
        (["다\u3000", "가"], [1, 2]),
        (["\u200b\n", "다"], [1]),
    ],
)
def test_a_sentence_that_ends_within_a_word_goes_on(spans, ends, monkeypatch):
    stops = np.cumsum([len(span) for span in spans]).tolist()
    cut = [(stop - len(span), stop - len(span) + len(span.rstrip())) for span, stop in zip(spans, stops, strict=True)]
    monkeypatch.setattr("beam_jobs.wordpiece.sentences", lambda _: cut)
    text = "".join(spans)
    pieces = [*SPECIAL_TOKENS, "가", "나", "다", "가나", ".", "“", "ㅋㅋ"]

    ((ids, found),) = WordPiece(pieces).tokenize_sentences([text])

    assert ids.tolist() == ids_by(original_tokenizer(pieces), [text])[0]
    assert found.tolist() == ends


def test_a_text_has_the_same_ids_and_ends_whatever_is_tokenized_with_it(wordpiece, sample_texts, monkeypatch):
    together = wordpiece.tokenize_sentences(["", *sample_texts[:50], "\u200b", "\n"])

    monkeypatch.setattr("beam_jobs.wordpiece._BATCH", 64)
    alone = [wordpiece.tokenize_sentences([text])[0] for text in ["", *sample_texts[:50], "\u200b", "\n"]]

    for (ids, ends), (own_ids, own_ends) in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ids, own_ids)
        np.testing.assert_array_equal(ends, own_ends)


def test_no_texts_give_no_ids(wordpiece):
    assert wordpiece.tokenize([]) == []
    assert wordpiece.tokenize_sentences([]) == []
