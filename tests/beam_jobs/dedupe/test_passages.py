from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.dedupe.nodes import together
from beam_jobs.dedupe.passages import Passages, repeated
from beam_jobs.dedupe_config import LineDedupeConfig

LINES = LineDedupeConfig(rule="lines", min_characters=5)
SENTENCES = LineDedupeConfig(rule="three_sentences")
line = st.sampled_from(["첫째 줄이다.", "둘째 줄이다.", "셋째 줄이다.", "짧다", ""])
text = st.lists(line, min_size=1, max_size=6).map("\n".join)


def cuts_of(texts, config, ranks=None):
    """The places that are cut, by the number of the text."""
    passages = Passages(config)
    records = [
        passages.records(each, "news", number, (ranks or [0] * len(texts))[number]) for number, each in enumerate(texts)
    ]
    found = defaultdict(set)
    for node, place in repeated(together(records)).tolist():
        found[node].add(place)
    return found


@given(st.lists(text, min_size=1, max_size=6))
def test_each_line_stands_in_one_text_only_afterwards_and_every_line_still_stands_somewhere(texts):
    cuts = cuts_of(texts, LINES)

    left = [Passages(LINES).cut(each, "news", cuts[number])[0] for number, each in enumerate(texts)]

    def lines(each):
        return {part for part in each.split("\n") if len(part) >= 5}

    assert set().union(*map(lines, left)) == set().union(*map(lines, texts))
    for number, own in enumerate(left):
        assert not lines(own) & set().union(*map(lines, texts[:number]))


def test_lines_that_are_too_short_stay_wherever_they_recur():
    assert cuts_of(["짧다\n긴 줄이다.", "짧다\n다른 줄이다."], LINES) == {}


def test_the_first_document_of_the_best_source_keeps_the_line():
    cuts = cuts_of(["같은 줄이다.", "같은 줄이다.", "같은 줄이다."], LINES, ranks=[1, 0, 1])

    assert cuts == {0: {0}, 2: {0}}


def test_a_line_that_recurs_in_one_document_alone_is_left_to_the_quality_rules():
    assert cuts_of(["같은 줄이다.\n같은 줄이다."], LINES) == {}


SHARED = "대한민국은 민주공화국이다. 주권은 국민에게 있다. 모든 권력은 국민으로부터 나온다."


def test_three_sentences_in_a_row_are_cut_from_the_second_text_and_the_rest_stays():
    texts = [f"머리말을 쓴다. {SHARED}", f"{SHARED} 여기부터 다르다.\n\n끝까지 다르다."]
    cuts = cuts_of(texts, SENTENCES)

    left, cut = Passages(SENTENCES).cut(texts[1], "news", cuts[1])

    assert cuts[0] == set()
    assert cut == [SHARED]
    assert left == "여기부터 다르다.\n\n끝까지 다르다."


def test_two_sentences_in_a_row_stay():
    two = "대한민국은 민주공화국이다. 주권은 국민에게 있다."

    assert cuts_of([f"{two} 이쪽은 이렇다.", f"{two} 저쪽은 저렇다."], SENTENCES) == {}


def test_a_longer_run_is_cut_as_one_passage():
    run = f"{SHARED} 넷째 문장이다. 다섯째 문장이다."
    texts = [run, f"다른 머리말이다. {run} 다른 맺음말이다."]

    _, cut = Passages(SENTENCES).cut(texts[1], "news", cuts_of(texts, SENTENCES)[1])

    assert cut == [run]


@pytest.mark.parametrize("rule", ["none", "lines", "three_sentences"])
def test_a_source_can_have_a_rule_of_its_own(rule):
    config = LineDedupeConfig(rule="none", per_source={"crawl": rule})

    assert config.any == (rule != "none")
    assert Passages(config).spans(SHARED + "\n" + SHARED, "news") == []
    assert bool(Passages(config).spans(SHARED + "\n" + SHARED, "crawl")) == (rule != "none")
