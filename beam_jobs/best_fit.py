"""Pure: best-fit decreasing, which puts things of many sizes into few bins of one size."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_GROUP_BITS = 32


class Bin(NamedTuple):
    """What lies in one bin, by number, in the order it was put there, and how much room is left."""

    members: list[int]
    left: int


def best_fit_decreasing(sizes: Sequence[int], room: int) -> list[Bin]:
    """Puts each thing, the largest first, into the fullest bin that still has room for it, or else into a new one.

    Of equally large things the first goes first, of equally full bins the first is taken. Takes n log n time.

    Args:
      sizes: of the things, from 1 to `room`.
      room: of a bin.

    >>> best_fit_decreasing([3, 7, 2, 8], room=10)
    [Bin(members=[3, 2], left=0), Bin(members=[1, 0], left=0)]
    """
    smallest = min(sizes, default=0)
    bins: list[list[int]] = []
    lefts: list[int] = []
    # One integer a bin that may still take something: its room, then its number. In ascending order, the first with
    # room enough is the fullest.
    open_bins: list[int] = []
    for member in np.argsort(-np.asarray(sizes, np.int64), kind="stable").tolist():
        size = sizes[member]
        at = bisect_left(open_bins, size << _GROUP_BITS)
        if at < len(open_bins):
            number = open_bins.pop(at) & ((1 << _GROUP_BITS) - 1)
            bins[number].append(member)
            lefts[number] -= size
        else:
            number = len(bins)
            bins.append([member])
            lefts.append(room - size)
        if lefts[number] >= smallest:
            insort(open_bins, lefts[number] << _GROUP_BITS | number)
    return [Bin(members, left) for members, left in zip(bins, lefts, strict=True)]
