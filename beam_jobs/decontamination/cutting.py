"""Pure: what becomes of a text that holds evaluation examples; the manner is GPT-3's (arXiv:2005.14165, app. C).

There, a match goes with 200 characters on both sides, what is left between two matches goes if it is shorter than
200, and a document in more than ten pieces goes as a whole. Here a cut ends where a sentence does.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from beam_jobs.decontamination.matching import Match
from beam_jobs.dedupe_config import DecontaminateConfig

_REACH = 200
"""Characters within which a sentence's border is looked for."""
_BORDER = re.compile(r"""\n|[.!?…。！？]+["'”’」』)\]]*(?=\s)""")


class Verdict(NamedTuple):
    """What becomes of a text."""

    text: str | None
    """What stays; None where the document goes."""
    cut: list[tuple[int, int]]
    """The places [start, end) that were to be cut."""


def judge(text: str, matches: Sequence[Match], config: DecontaminateConfig) -> Verdict:
    """Cuts the sentences that hold examples, or gives the whole text up."""
    cuts = _merged(text, [_to_borders(text, match.start, match.end) for match in matches])
    borders = [0, *(border for cut in cuts for border in cut), len(text)]
    left = "".join(text[start:end] for start, end in zip(borders[::2], borders[1::2], strict=True)).strip()
    hopeless = (
        config.action == "drop"
        or len(left) < config.min_text_characters
        or len(cuts) > config.max_places
        or sum(end - start for start, end in cuts) > config.max_cut_share * len(text)
    )
    return Verdict(None if hopeless else left, cuts)


def _to_borders(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentences that a place touches; if none begins or ends nearby, the words within reach."""
    earliest = max(0, start - _REACH)
    before = list(_BORDER.finditer(text, earliest, start))
    first = 0 if earliest == 0 else _after_blank(text, earliest, start)
    start = before[-1].end() if before else first
    latest = min(len(text), end + _REACH)
    after = _BORDER.search(text, end, min(len(text), latest + 1))
    last = len(text) if latest == len(text) else max(text.rfind(" ", end, latest), end)
    end = last if after is None else after.start() if after[0] == "\n" else after.end()
    whole_line = text[start - 1 : start] in ("", "\n") and text.startswith("\n", end)
    return start, end + whole_line  # its line end goes, too


def _after_blank(text: str, earliest: int, start: int) -> int:
    found = text.find(" ", earliest, start)
    return found + 1 if found >= 0 else start


def _merged(text: str, cuts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that overlap or have nothing but blanks between them as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(cuts):
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
