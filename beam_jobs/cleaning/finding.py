"""Pure: what a rule found, in one form for every rule: counters, the removed-table and `--explain` all read it."""

from typing import NamedTuple


class Finding(NamedTuple):
    """A rule that a text broke; `rule` is what its counter is called."""

    rule: str
    value: float
    """What was measured."""
    threshold: float
    """What the settings allow at most, or ask for at least."""


class Cut(NamedTuple):
    """A piece of text that a rule took out or masked."""

    rule: str
    before: str
    after: str
    """What stands there now; empty where nothing does."""
