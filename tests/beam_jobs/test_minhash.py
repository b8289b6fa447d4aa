import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.config import DedupeConfig
from beam_jobs.minhash import MinHasher, shingles, similarity, word_hashes

words = st.text(st.sampled_from("가나다라abc1"), min_size=1, max_size=6)


def text_of(numbers):
    return " ".join(f"낱말{number}" for number in numbers)


@given(st.lists(words, min_size=1, max_size=40), st.sampled_from([" ", "\n\n", ", ", ". «"]))
def test_case_punctuation_and_layout_change_no_hash(text, between):
    plain = word_hashes(" ".join(text))

    np.testing.assert_array_equal(plain, word_hashes(f"  {between.join(text).upper()}!"))
    assert len(plain) == len(text)


@given(st.lists(words, min_size=1, max_size=40))
def test_two_words_have_one_hash_only_if_they_are_the_same(text):
    assert len(set(word_hashes(" ".join(text)).tolist())) == len(set(text))


@given(st.lists(words, max_size=12), st.integers(1, 6))
def test_shingles_tell_word_runs_apart(text, length):
    runs = [tuple(text[i : i + length]) for i in range(len(text) - length + 1)] or [tuple(text)]

    hashes = shingles(" ".join(text), length).tolist()

    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))


def test_the_order_of_words_counts():
    assert shingles("가 나 다 라 마", 5) != shingles("마 라 다 나 가", 5)


@pytest.mark.parametrize("jaccard", [0.0, 0.3, 0.5, 0.75, 0.9, 1.0])
def test_signatures_agree_as_much_as_the_sets_overlap(jaccard):
    size, errors = 300, []
    common = round(2 * size * jaccard / (1 + jaccard))
    first, second = text_of(range(size)), text_of(range(size - common, 2 * size - common))

    for seed in range(30):
        hasher = MinHasher(DedupeConfig(shingle_words=1, seed=seed))
        estimate = similarity(hasher.signature(first), hasher.signature(second)[np.newaxis])[0]
        errors.append(estimate - common / (2 * size - common))

    deviation = np.sqrt(jaccard * (1 - jaccard) / 112)  # of one estimate from 112 permutations
    assert abs(np.mean(errors)) <= 3 * deviation / np.sqrt(30) + 1e-3
    assert np.std(errors) <= 1.6 * deviation + 1e-3


def test_a_long_text_has_the_minima_of_its_parts():
    hasher = MinHasher(DedupeConfig(shingle_words=1))
    numbers = range(5000)

    whole = hasher.signature(text_of(numbers))
    parts = [hasher.signature(text_of(numbers[start : start + 100])) for start in range(0, 5000, 100)]

    assert all(value in column for value, column in zip(whole, np.array(parts).T, strict=True))


def test_band_keys_are_equal_exactly_where_every_row_of_the_band_is():
    hasher = MinHasher(DedupeConfig(bands=4, rows=3))
    signature = np.arange(12, dtype=np.uint16)
    other = signature.copy()
    other[4] = 99

    keys, other_keys = hasher.band_keys(signature), hasher.band_keys(other)

    assert [a == b for a, b in zip(keys, other_keys, strict=True)] == [True, False, True, True]
    assert len(set(keys)) == 4
    assert {len(key) for key in keys} == {8}


def test_two_bands_with_equal_rows_have_different_keys():
    keys = MinHasher(DedupeConfig(bands=2, rows=2)).band_keys(np.array([7, 8, 7, 8], np.uint16))

    assert keys[0] != keys[1]


@pytest.mark.parametrize("text", ["", "!!", "한 낱말"])
def test_texts_shorter_than_a_shingle_have_a_signature_of_their_own_words(text):
    hasher = MinHasher(DedupeConfig())

    signature = hasher.signature(text)

    assert signature.shape == (112,)
    np.testing.assert_array_equal(signature, hasher.signature(f" {text}."))


def test_another_seed_draws_other_permutations():
    one, other = (MinHasher(DedupeConfig(seed=seed)).signature("같은 글") for seed in (1, 2))

    assert not np.array_equal(one, other)


def test_a_signature_is_the_same_in_another_process_with_another_hash_seed():
    program = (
        "from beam_jobs.config import DedupeConfig; from beam_jobs.minhash import MinHasher;"
        "print(MinHasher(DedupeConfig()).signature('모든 국민은 법 앞에 평등하다. 누구든지').tobytes().hex())"
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
    assert (
        outputs.pop().strip()
        == MinHasher(DedupeConfig()).signature("모든 국민은 법 앞에 평등하다. 누구든지").tobytes().hex()
    )
