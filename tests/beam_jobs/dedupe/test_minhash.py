import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.dedupe.minhash import MinHasher, agreement, narrowed, shingles
from beam_jobs.dedupe_config import NearConfig

LETTERS = "가나다라마바사아자차카타파하abcdefg0123"
texts = st.lists(st.text(st.sampled_from(LETTERS + " .,!\n·~"), max_size=60), min_size=1, max_size=8)


def letters_of(text):
    """What counts of a text, by the documented rule."""
    return "".join(filter(str.isalnum, text.lower())) or text.lower()


def runs_of(text, length):
    kept = letters_of(text)
    return {kept[start : start + length] for start in range(max(len(kept) - length + 1, 1))}


def random_letters(generator, count):
    return "".join(generator.choice(list(LETTERS), count))


@given(texts, st.integers(1, 7))
def test_a_text_has_a_hash_for_each_run_of_letters_equal_only_where_the_runs_are(batch, length):
    hashes, counts = shingles(batch, length)

    parts = np.split(hashes, np.cumsum(counts)[:-1])
    run_of = {}
    for text, part in zip(batch, parts, strict=True):
        kept = letters_of(text)
        runs = [kept[start : start + length] for start in range(max(len(kept) - length + 1, 1))]
        assert len(part) == len(runs)
        for value, run in zip(part.tolist(), runs, strict=True):
            assert run_of.setdefault(value, run) == run
    assert len(set(run_of.values())) == len(run_of)


@given(texts)
def test_a_text_has_one_signature_whatever_stands_beside_it(batch):
    hasher = MinHasher(NearConfig(permutations=32, recall=0.1))

    together = hasher.signatures(batch)

    for text, signature in zip(batch, together, strict=True):
        np.testing.assert_array_equal(signature, hasher.signatures([text])[0])


@settings(max_examples=30)
@given(st.text(st.sampled_from(LETTERS), min_size=1, max_size=80), st.data())
def test_case_punctuation_and_spacing_change_no_signature(text, data):
    spaced = "".join(letter + data.draw(st.sampled_from(["", " ", "\n", ", ", "…"])) for letter in text)

    one, other = MinHasher(NearConfig()).signatures([text, spaced.upper()])

    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("length", [30, 250, 2_500])
@pytest.mark.parametrize("permutations", [112, 256])
def test_signatures_agree_as_much_as_the_sets_of_runs_overlap(length, permutations):
    generator, errors, spreads = np.random.default_rng(length), [], []
    for seed in range(60):
        common, *tails = (random_letters(generator, length) for _ in range(3))
        pair = [common + tail[: length // 2] for tail in tails]
        one, other = (runs_of(text, 5) for text in pair)
        jaccard = len(one & other) / len(one | other)
        signatures = MinHasher(NearConfig(permutations=permutations, seed=seed)).signatures(pair)
        first, second = narrowed(signatures)
        errors.append(agreement(first, second[np.newaxis])[0] - jaccard)
        spreads.append(jaccard * (1 - jaccard) / permutations)

    deviation = np.sqrt(np.mean(spreads))  # of MinHash with as many permutations
    assert abs(np.mean(errors)) <= 3 * deviation / np.sqrt(len(errors)) + 1e-3
    assert np.std(errors) <= 1.3 * deviation


@pytest.mark.parametrize("text", ["", "!", "가", "가나 다", "ㅋ"])
def test_a_text_shorter_than_a_run_has_a_whole_signature_of_its_own(text):
    hasher = MinHasher(NearConfig())

    one, other, again = hasher.signatures([text, "다른 글", text])

    assert (one == other).mean() < 0.05
    np.testing.assert_array_equal(one, again)


def test_no_texts_have_no_signatures():
    assert MinHasher(NearConfig()).signatures([]).shape == (0, 256)


def test_another_seed_makes_other_signatures():
    one, other = (MinHasher(NearConfig(seed=seed)).signatures(["같은 글이라도 다르게"])[0] for seed in (1, 2))

    assert (one == other).mean() < 0.05


def test_a_signature_is_the_same_in_another_process_with_another_hash_seed():
    program = (
        "from beam_jobs.dedupe_config import NearConfig; from beam_jobs.dedupe.minhash import MinHasher;"
        "print(MinHasher(NearConfig()).signatures(['모든 국민은 법 앞에 평등하다.']).tobytes().hex())"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert outputs == {MinHasher(NearConfig()).signatures(["모든 국민은 법 앞에 평등하다."]).tobytes().hex()}
