"""Numbers as people read them."""

_SHORT = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_LONG = 10_000
_ROUNDS_UP = 0.9995
"""From this share of the next unit on, three digits would read 1,000."""


def grouped(number: int) -> str:
    """With a comma at each thousand.

    >>> grouped(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def short(number: int) -> str:
    """As it is below ten thousand, else to three digits, for where there is little room.

    >>> [short(number) for number in (0, 9999, 10_000, 56_789, 999_999, 12_345_678, 2_500_000_000)]
    ['0', '9,999', '10 k', '56.8 k', '1 M', '12.3 M', '2.5 G']
    """
    if number < _LONG:
        return grouped(number)
    size, letter = next(found for found in _SHORT if number >= found[0] * _ROUNDS_UP)
    return f"{float(f'{number / size:.3g}'):g} {letter}"


def share(part: float, whole: float) -> str:
    """A percentage that is 0% or 100% only when it is exactly so; "–" of nothing.

    >>> [share(part, 1000) for part in (0, 0.1, 500, 999.9, 1000)], share(1, 0)
    (['0%', '<0.1%', '50.0%', '>99.9%', '100%'], '–')
    """
    if not whole:
        return "–"
    if part in (0, whole):
        return "100%" if part else "0%"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "<0.1%"
    return ">99.9%" if 99.9 < percent < 100 else f"{percent:.1f}%"
