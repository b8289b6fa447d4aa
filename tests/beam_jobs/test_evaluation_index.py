import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.decontamination.compared_letters import PARTICLES, letters_of, ngram_hashes, run_hashes
from beam_jobs.decontamination.evaluation_index import build_index
from beam_jobs.dedupe_config import DecontaminateConfig
from model.contract.errors import InputError, SettingError
from tests.beam_jobs.evaluation_files import evaluation_text

CONFIG = DecontaminateConfig()
SENTENCE = "누리장터 강가 너른 터 닷새마다 서던 장터 소금 삼베 많던 곳"
letters = st.text(alphabet="가나다라마바사", max_size=60)


def compared(text):
    return "".join(map(chr, letters_of(text).codes))


def long_text(passages, seed=0):
    """A text without particles and repeats, of so many passages' letters."""
    generator = np.random.default_rng(seed)
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4) if chr(code) not in PARTICLES]
    return "".join(generator.choice(syllables, passages * CONFIG.passage_characters))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("강가에 서던 장이다.", "강가 서던 장 다"),
        ("나는 학교에 갔다", "나도 학교로 갔다"),
        ("한 번도, 무너지지 않았다고!", "한번도무너지지않았다고"),
        ("ＢＥＲＴ 모델", "bert 모델"),
        ("재밌다ㅋㅋㅋㅋ ㅠㅠ", "재밌다"),
        ("１２월 5일", "12월5일"),
    ],
)
def test_spacing_punctuation_case_and_particles_are_not_compared(text, other):
    assert compared(text) == compared(other) != ""


def test_each_letter_knows_its_place_in_the_text():
    text = "둘째 줄은,\n소금 장수 3명"

    found = letters_of(text)

    assert [text[place] for place in found.places] == list("둘째줄소금장수3명")
    assert found.line_ends.tolist() == [3]


def test_lines_and_sentences_end_where_they_end():
    found = letters_of("하나. 둘둘!\n\n셋셋셋")

    assert found.line_ends.tolist() == [4, 4]
    assert found.sentence_ends.tolist() == [2, 4, 4, 4]


@pytest.mark.parametrize("text", ["", "!?", "😀𠀀"])
def test_a_text_without_letters_has_none(text):
    assert letters_of(text).codes.tolist() == []


@given(letters, st.integers(1, 20))
def test_two_runs_have_one_hash_only_if_they_are_the_same(text, length):
    codes = letters_of(text).codes
    word = compared(text)
    runs = [word[start : start + length] for start in range(len(word) - length + 1)]

    hashes = ngram_hashes(codes, length).tolist()

    assert len(hashes) == len(runs)
    assert len(set(zip(hashes, runs, strict=True))) == len(set(hashes)) == len(set(runs))


@given(st.lists(st.text(alphabet="나다라마", min_size=1, max_size=6), min_size=1, max_size=20))
def test_whole_runs_have_one_hash_only_if_they_are_the_same(runs):
    lengths = np.array(list(map(len, runs)))

    hashes = run_hashes(letters_of("".join(runs)).codes, np.cumsum(lengths) - lengths, lengths)

    assert len(set(zip(hashes.tolist(), runs, strict=True))) == len(set(hashes.tolist())) == len(set(runs))


def test_every_ngram_of_a_sentence_is_found_with_its_offset():
    index = build_index([evaluation_text(SENTENCE)], CONFIG)
    codes = letters_of(SENTENCE).codes

    found = index.find(ngram_hashes(codes, CONFIG.ngram_characters))

    assert found.letters.tolist() == found.offsets.tolist() == list(range(len(codes) - 7))
    assert set(found.passages.tolist()) == {0}


def test_what_is_in_no_example_is_not_found():
    index = build_index([evaluation_text(SENTENCE)], CONFIG)
    other = letters_of(long_text(20)).codes

    assert len(index.find(ngram_hashes(other, CONFIG.ngram_characters)).letters) == 0


def test_an_ngram_of_two_examples_is_found_in_both():
    texts = [evaluation_text(f"{SENTENCE} {end}", end) for end in ("첫째 문장 끝부분", "둘째 글자 나머지")]
    index = build_index(texts, CONFIG)

    found = index.find(ngram_hashes(letters_of(SENTENCE).codes, CONFIG.ngram_characters))

    assert {str(index.examples[passage]) for passage in found.passages} == {
        "nsmc/첫째 문장 끝부분",
        "nsmc/둘째 글자 나머지",
    }


def test_a_long_text_is_cut_into_passages_of_that_length_and_up_to_twice():
    index = build_index([evaluation_text(long_text(7))], CONFIG)

    assert sum(index.lengths) == 7 * CONFIG.passage_characters
    assert len(index.lengths) == len(index.examples) == 7
    assert CONFIG.passage_characters <= min(index.lengths) <= max(index.lengths) < 2 * CONFIG.passage_characters


def test_every_text_is_counted_under_its_task_by_what_became_of_it():
    texts = [
        evaluation_text(SENTENCE),
        evaluation_text(f"{SENTENCE}!!", "2"),
        evaluation_text("강호동 그만둔 후부터 재미없어짐", "3"),
        evaluation_text("빛 좋은 개살구", "4"),
        evaluation_text(long_text(3), "5", task="korquad_1"),
    ]

    index = build_index(texts, CONFIG)

    assert index.counts == {
        "nsmc": {"indexed": 1, "repeated": 1, "too_short": 1, "whole": 1},
        "korquad_1": {"indexed": 1},
    }


def test_ngrams_of_too_many_passages_do_not_count():
    stock = "모두 함께 만드는 열린 백과사전 문서"
    texts = [evaluation_text(f"{stock} {long_text(1, seed)[:24]}", str(seed)) for seed in range(4)]
    hashes = ngram_hashes(letters_of(stock).codes, CONFIG.ngram_characters)

    few = build_index(texts, CONFIG.model_copy(update={"max_passages_per_ngram": 3}))
    enough = build_index(texts, CONFIG.model_copy(update={"max_passages_per_ngram": 4}))

    assert len(few.find(hashes).letters) == 0
    assert len(enough.find(hashes).letters) == 4 * len(hashes)
    assert "too_common" not in few.counts["nsmc"]


def test_passages_of_stock_phrases_and_of_one_word_are_counted_as_too_common():
    stock = "모두 함께 만드는 열린 백과사전 문서 편집 안내"
    texts = [evaluation_text(f"{stock} {word}", word) for word in ("갑", "을지", "병정")]

    index = build_index(
        [*texts, evaluation_text("재밌다 " * 20)], CONFIG.model_copy(update={"max_passages_per_ngram": 2})
    )

    assert index.counts["nsmc"]["too_common"] == 4


def test_examples_that_are_all_too_short_stop_the_work():
    with pytest.raises(InputError, match=r"none of the 2 evaluation texts has 12 compared letters, so nothing could"):
        build_index([evaluation_text("빛 좋은 개살구"), evaluation_text("!!")], CONFIG)


def test_an_index_of_short_examples_alone_finds_no_ngram():
    index = build_index([evaluation_text("강호동 그만둔 후부터 재미없어짐")], CONFIG)

    assert len(index.find(ngram_hashes(letters_of(SENTENCE).codes, CONFIG.ngram_characters)).letters) == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"ngram_characters": 13}, "ngram_characters 13 exceeds min_whole_characters 12; use at most 12"),
        ({"min_whole_characters": 17}, "min_whole_characters 17 exceeds min_characters 16"),
        ({"passage_characters": 10}, "min_characters 16 exceeds passage_characters 10"),
    ],
)
def test_lengths_that_cannot_be_are_refused(settings, sentence):
    with pytest.raises(SettingError, match=sentence):
        DecontaminateConfig.parse(settings, "a.yaml")


def test_an_index_is_the_same_in_another_process_with_another_hash_seed():
    program = (
        "from tests.beam_jobs.test_evaluation_index import *;"
        "index = build_index([evaluation_text(SENTENCE), evaluation_text(long_text(3), '2')], CONFIG);"
        "print(index.ngrams.tobytes().hex(), index.passages.tolist())"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
