import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.packing_cuts import cut_before, first_word_end

BEGINS, GOES_ON = 0, 1
CONTINUES = np.array([False, True])


@st.composite
def cuts(draw):
    """Tokens that begin with a word, sentence ends before words, and a start, a limit and a reach."""
    words = draw(st.lists(st.integers(1, 8), min_size=1, max_size=12))
    tokens = [kind for length in words for kind in [BEGINS] + [GOES_ON] * (length - 1)] + [BEGINS]
    begins = [number for number, kind in enumerate(tokens) if kind == BEGINS and number] + [len(tokens)]
    ends = sorted(draw(st.sets(st.sampled_from(begins)))) or [len(tokens)]
    start = draw(st.integers(0, len(tokens) - 2))
    limit = draw(st.integers(start + 1, len(tokens) - 1))
    return np.array(tokens, np.int32), np.array(ends, np.int32), start, limit, draw(st.integers(0, 12))


@given(cuts())
def test_a_cut_is_the_last_sentence_end_in_reach_or_else_the_last_word_that_begins(case):
    tokens, ends, start, limit, back = case

    cut = cut_before(tokens, ends, start, limit, back, CONTINUES)

    places = range(start + 1, limit + 1)
    in_reach = [place for place in places if place in ends.tolist() and limit - place <= back]
    begins = [place for place in places if tokens[place] == BEGINS]
    assert cut == (in_reach or begins or [start])[-1]


@given(cuts())
def test_the_first_word_ends_where_the_next_begins_or_at_the_limit(case):
    tokens, _, start, limit, _ = case

    end = first_word_end(tokens, start, limit, CONTINUES)

    begins = [place for place in range(start + 1, limit) if tokens[place] == BEGINS]
    assert end == (begins or [limit])[0]


@pytest.mark.parametrize(("back", "cut"), [(0, 7), (1, 7), (2, 5), (5, 5)])
def test_a_sentence_counts_only_as_far_back_as_allowed(back, cut):
    # Words:           [     ] [     ] [ ] [        ]
    tokens = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0], np.int32)
    sentence_ends = np.array([2, 5, 11], np.int32)

    assert cut_before(tokens, sentence_ends, 0, 7, back, CONTINUES) == cut
