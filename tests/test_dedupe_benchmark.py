"""The planted set of the deduplication benchmark is what it says it is, and its short form runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.dedupe_config import NearConfig
from benchmarks.dedupe_growth import clusters_of, drawn_signatures
from benchmarks.dedupe_job import Run
from benchmarks.dedupe_quality import Pair, measure_quality, natural_pairs
from benchmarks.peer_environment import NoPeersError, PeerError, Peers, find_peers
from benchmarks.planted import (
    WAYS,
    Planted,
    edit,
    parts_of,
    planted_set,
    reorder,
)
from benchmarks.repeated_corpus import of_bytes, repeated_with_edits
from benchmarks.true_similarity import character_shingles, jaccard, similar_pairs, word_shingles
from model.contract.errors import InputError

PROJECT = Path(__file__).parents[1]
STRANGERS = [f"낯선{number}말" for number in range(50)]


def text_of(eojeols, lines=10, start=0):
    """Eojeols that all differ from each other, in so many lines."""
    words = [f"어절{number}번째" for number in range(start, start + eojeols)]
    return "\n".join(" ".join(part) for part in np.array_split(words, lines))


def documents(count, eojeols=150):
    return [text_of(eojeols, start=number * eojeols) for number in range(count)]


@given(eojeols=st.integers(10, 400), share=st.floats(0.001, 1.0), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_an_edit_changes_the_stated_share_of_the_eojeols_and_keeps_the_others_in_order(eojeols, share, seed):
    text = text_of(eojeols)

    edited = edit(text, share, np.random.default_rng(seed), STRANGERS).split()

    original = text.split()
    kept = [word for word in edited if word in set(original)]
    assert len(original) - len(kept) == max(round(share * eojeols), 1)
    assert kept == [word for word in original if word in set(kept)]


def test_an_edit_leaves_the_lines_as_they_were():
    text = text_of(100, lines=10)

    edited = edit(text, 0.1, np.random.default_rng(1), STRANGERS, ["replaced"])

    changed = [one != other for one, other in zip(text.split("\n"), edited.split("\n"), strict=True)]
    assert 1 <= sum(changed) <= 10


def test_an_eojeol_is_never_replaced_by_itself():
    edited = edit("말 말 말 말", 1.0, np.random.default_rng(0), ["말"], ["replaced"])

    assert "말" not in edited.split()


@pytest.mark.parametrize("text", [text_of(60), "하나 했다. 둘 했다. 셋 했다. 넷 했다. 다섯 했다."])
def test_a_reordered_text_has_the_same_words_in_another_order(text):
    reordered = reorder(text, np.random.default_rng(3))

    assert sorted(reordered.split()) == sorted(text.split())
    assert reordered.split() != text.split()


def test_the_planted_set_is_the_same_every_time_and_another_with_another_seed():
    texts = documents(30)

    assert planted_set(texts, 30) == planted_set(texts, 30)
    assert planted_set(texts, 30) != planted_set(texts, 30, seed=7)


def test_each_real_text_has_one_copy_at_most_and_it_is_made_of_that_text():
    planted = planted_set(documents(44), 44)

    real = {text.origin: set(text.text.split()) for text in planted if not text.way}
    copies = {text.origin: text for text in planted if text.way}
    assert (len(real), len(copies), len(planted)) == (44, 40, 84)
    assert len({text.id for text in planted}) == len(planted)
    for copy in copies.values():
        own = len(real[copy.origin] & set(copy.text.split()))
        assert own > max(len(words & set(copy.text.split())) for origin, words in real.items() if origin != copy.origin)
        assert copy.way == "reordered" or own < len(real[copy.origin])


def test_every_way_makes_as_many_copies():
    planted = planted_set(documents(44), 44)

    ways = [text.way for text in planted if text.way]
    assert {way: ways.count(way) for way in WAYS} == dict.fromkeys(WAYS, 4)


@pytest.mark.parametrize("way", ["cut to 75 %", "cut to 50 %"])
def test_a_cut_copy_begins_like_its_original_and_has_the_stated_share_of_it(way):
    text = text_of(200)

    copy = WAYS[way].copy(text, np.random.default_rng(0), STRANGERS)

    assert text.startswith(copy)
    assert len(copy.split()) == 200 * WAYS[way].kept


def test_texts_too_short_to_edit_by_one_per_cent_are_refused_in_one_sentence():
    with pytest.raises(InputError, match="no document has 100 words"):
        planted_set([text_of(99)], 10)


@given(st.lists(st.text("가나 \n", max_size=30), min_size=1), st.integers(1, 40))
def test_the_parts_of_a_text_hold_every_line_once(lines, most):
    text = "\n".join(lines)

    assert "\n".join(parts_of(text, most)) == text


def test_a_repeated_corpus_begins_with_the_real_texts_and_has_the_size_asked_for():
    texts = documents(3)

    repeated = list(of_bytes(repeated_with_edits(texts), 40_000))

    assert repeated[:3] == texts
    assert len(set(repeated)) == len(repeated)
    assert 40_000 <= sum(len(text.encode()) for text in repeated) < 40_000 + len(repeated[-1].encode())


def test_every_pair_is_found_that_comparing_each_with_each_finds():
    texts = [text.text for text in planted_set(documents(22), 22)]
    pairs = [(one, other) for one in range(len(texts)) for other in range(one + 1, len(texts))]

    found = similar_pairs(texts, word_shingles, 0.2)

    slow = {pair: jaccard(texts[pair[0]], texts[pair[1]], word_shingles) for pair in pairs}
    expected = {pair: similarity for pair, similarity in slow.items() if similarity >= 0.2}
    assert len(expected) >= 10
    assert {(pair.first, pair.second): pair.similarity for pair in found} == pytest.approx(expected)


def test_similarity_is_that_of_the_n_grams_and_blind_to_what_the_definition_leaves_out():
    assert jaccard("가나다라마바", "가나다라마사", character_shingles) == pytest.approx(1 / 3)
    assert jaccard("하나 둘 셋 넷 다섯 여섯", "하나 둘 셋 넷 다섯 일곱", word_shingles) == pytest.approx(1 / 3)
    assert jaccard("가나 다라, 마바사!", "가 나다라마바사", character_shingles) == 1.0
    assert jaccard("A b, c d e", "a B c (d) e", word_shingles) == 1.0


def test_a_pair_counts_as_found_when_both_went_for_a_third_one_and_not_when_each_has_its_own():
    pair = Pair.of(Planted("a", "하나", 0, ""), Planted("b", "하나", 0, "reordered"))

    assert pair.found({"a": "c", "b": "d", "d": "c"})
    assert pair.found({"a": "b"})
    assert not pair.found({"a": "c", "b": "d"})
    assert not pair.found({})


def test_what_went_is_right_only_for_its_own_original_or_for_a_text_like_it(monkeypatch):
    texts = documents(22)
    planted = planted_set(texts, 22)
    copies = [text for text in planted if text.way]
    matched = {copy.id: f"real-{copy.origin:06d}" for copy in copies}
    wrong = next(text for text in planted if not text.way and f"copy-{text.origin:06d}" not in matched)
    matched[wrong.id] = f"real-{copies[0].origin:06d}"
    run = Run(kept=0, matched=matched, seconds=1.0, job_seconds=1.0, peak_bytes=0)
    monkeypatch.setattr("benchmarks.dedupe_job.run", lambda *_: run)

    findings = measure_quality(texts, None, most=22)

    assert findings.figures == {"recall_5pct": 1.0, "recall_10pct": 1.0, "precision": round(20 / 21, 4)}


def test_real_texts_that_resemble_each_other_are_known():
    one = text_of(150)
    planted = [Planted("x", one, 0, ""), Planted("y", one + " 끝", 1, ""), Planted("z", text_of(150, start=900), 2, "")]

    (pair,) = natural_pairs([*planted, Planted("copy", one, 0, "reordered")])

    assert {pair.one.id, pair.other.id} == {"x", "y"}
    assert pair.characters > 0.95


def test_drawn_signatures_hold_as_many_near_copies_as_they_should():
    near = NearConfig()

    candidates, labels = clusters_of(drawn_signatures(2_000, near.permutations), near)

    gone = len(candidates) - len(np.unique(labels))
    assert 190 <= gone <= 200


def test_peers_that_may_not_be_installed_are_left_out_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.peer_environment.BUILD", tmp_path)

    with pytest.raises(NoPeersError, match="a run without --short installs them"):
        find_peers(make=False)


def test_peers_that_cannot_be_installed_are_left_out_with_what_pip_said(tmp_path, monkeypatch):
    def refuse(command, **_):
        raise subprocess.CalledProcessError(1, command, stderr="looking\nERROR: no matching distribution\n")

    monkeypatch.setattr("benchmarks.peer_environment.BUILD", tmp_path)
    monkeypatch.setattr(subprocess, "run", refuse)

    with pytest.raises(NoPeersError, match="ERROR: no matching distribution.*so they are left out"):
        find_peers(make=True)

    assert not (tmp_path / "dedupe-peers" / "made-of.txt").exists()


def test_a_script_that_fails_is_told_of_in_one_sentence():
    with pytest.raises(PeerError, match=r"signatures\.py failed: KeyError: 'parquet'"):
        Peers(Path(sys.executable)).ask("signatures.py", {})


def test_the_short_form_prints_its_tables_and_ends_with_its_figures():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.dedupe", "--short"],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["benchmark"], figures["short"]) == ("dedupe", True)
    assert 0.9 <= figures["recall_5pct"] <= 1
    assert 0.9 <= figures["precision"] <= 1
    assert figures["growth_10x"] > 0
    measured = "datatrove" in done.stdout.splitlines()[0]
    for ratio in ("signatures_vs_fastest", "near_dedupe_vs_datatrove"):
        assert (figures[ratio] is not None) == measured
