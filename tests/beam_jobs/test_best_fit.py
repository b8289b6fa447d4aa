from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.best_fit import Bin, best_fit_decreasing

ROOM = 30


def slow_best_fit_decreasing(sizes, room):
    """The twin: looks at every bin for every thing."""
    bins = []
    for member in sorted(range(len(sizes)), key=lambda member: -sizes[member]):
        fitting = [number for number, found in enumerate(bins) if found.left >= sizes[member]]
        if not fitting:
            fitting = [len(bins)]
            bins.append(Bin([], room))
        fullest = min(fitting, key=lambda number: bins[number].left)
        members, left = bins[fullest]
        bins[fullest] = Bin([*members, member], left - sizes[member])
    return bins


@given(st.lists(st.integers(1, ROOM), max_size=60))
def test_bins_are_those_of_looking_at_every_bin(sizes):
    bins = best_fit_decreasing(sizes, ROOM)

    assert bins == slow_best_fit_decreasing(sizes, ROOM)


@given(st.lists(st.integers(1, ROOM), max_size=60))
def test_everything_lies_in_one_bin_and_no_bin_overflows(sizes):
    bins = best_fit_decreasing(sizes, ROOM)

    assert sorted(member for found in bins for member in found.members) == list(range(len(sizes)))
    for members, left in bins:
        assert 0 <= left == ROOM - sum(sizes[member] for member in members)


def test_what_fits_into_several_bins_goes_into_the_fullest():
    sizes = [17, 20, 9, 13]

    bins = best_fit_decreasing(sizes, ROOM)

    assert bins == [Bin([1, 2], 1), Bin([0, 3], 0)]
