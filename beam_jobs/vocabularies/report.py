"""How well vocabularies fit a text: from counted eojeols to figures, and to tables that people read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from beam_jobs.wordpiece import WordPiece
from model.contract.record import SPECIAL_TOKENS, UNKNOWN

REPORT_JSON, REPORT_TABLES = "report.json", "report.md"
ALL = "all sources"
"""Together, in the report; no source is called so."""
LONGEST = 10
Counts = NDArray[np.int64]
_COLUMNS = {
    "tokens_per_eojeol": ("tokens an eojeol", ".4f"),
    "tokens_per_character": ("tokens a character", ".4f"),
    "unknown_token_share": ("[UNK], of tokens", ".4%"),
    "unknown_eojeol_share": ("eojeols with one", ".4%"),
    "one_piece_share": ("eojeols of one piece", ".2%"),
}


class Fit(NamedTuple):
    """What a vocabulary makes of a text."""

    eojeols: int
    characters: int
    """Of eojeols: blanks are none."""
    tokens: int
    unknown_tokens: int
    unknown_eojeols: int
    """Those with an [UNK] in them."""
    one_piece_eojeols: int
    """Those that are one piece, but not [UNK]."""

    def figures(self) -> dict[str, float]:
        """The counts and their ratios; of no text, ratios are 0."""
        eojeols, tokens = max(self.eojeols, 1), max(self.tokens, 1)
        return self._asdict() | {
            "tokens_per_eojeol": self.tokens / eojeols,
            "tokens_per_character": self.tokens / max(self.characters, 1),
            "unknown_token_share": self.unknown_tokens / tokens,
            "unknown_eojeol_share": self.unknown_eojeols / eojeols,
            "one_piece_share": self.one_piece_eojeols / eojeols,
        }


def report_on(
    vocabularies: Mapping[str, Sequence[str]], counted: Iterable[tuple[str, str, int]]
) -> dict[str, dict[str, Any]]:
    """What each vocabulary makes of the same text.

    Args:
      vocabularies: by name, the pieces by id; [UNK] is one of them.
      counted: source, eojeol and how often it stands in that source's text.

    Returns:
      By the vocabulary's name: `size`, `fit` by source and of ALL, `longest` pieces, `spelling_pieces` and
      `unused_pieces`: how many pieces may be found in text at all, and how many of them this text has none of.
    """
    columns = [list(column) for column in zip(*counted, strict=True)] or [[], [], []]
    sources, eojeols = columns[:2]
    counts = np.array(columns[2], np.int64)
    return {name: _one(pieces, sources, eojeols, counts) for name, pieces in vocabularies.items()}


def _one(pieces: Sequence[str], sources: list[str], eojeols: list[str], counts: Counts) -> dict[str, Any]:
    ids = WordPiece(pieces).tokenize(eojeols)
    unknown = pieces.index(UNKNOWN)
    tokens = np.array([len(each) for each in ids], np.int64)
    unknowns = np.array([np.count_nonzero(each == unknown) for each in ids], np.int64)
    characters = np.array([len(eojeol) for eojeol in eojeols], np.int64)
    of_source = np.array(sources, np.str_)
    masks = {ALL: np.ones(len(counts), bool)} | {name: of_source == name for name in sorted(set(sources))}
    found = {name: _fit(counts * mask, characters, tokens, unknowns) for name, mask in masks.items()}
    used = np.unique(np.concatenate([np.zeros(0, np.int32), *ids]))
    spelling = [number for number, piece in enumerate(pieces) if not _is_reserved(piece)]
    return {
        "size": len(pieces),
        "fit": {name: fit.figures() for name, fit in found.items()},
        "longest": sorted((pieces[number] for number in spelling), key=_length, reverse=True)[:LONGEST],
        "spelling_pieces": len(spelling),
        "unused_pieces": len(set(spelling) - set(used.tolist())),
    }


def _fit(counts: Counts, characters: Counts, tokens: Counts, unknowns: Counts) -> Fit:
    def total(of_each: NDArray[Any]) -> int:
        return int((counts * of_each).sum())

    return Fit(
        eojeols=int(counts.sum()),
        characters=total(characters),
        tokens=total(tokens),
        unknown_tokens=total(unknowns),
        unknown_eojeols=total(unknowns > 0),
        one_piece_eojeols=total((tokens == 1) & (unknowns == 0)),
    )


def _is_reserved(piece: str) -> bool:
    return piece in SPECIAL_TOKENS or (piece.startswith("[unused") and piece.endswith("]"))


def _length(piece: str) -> int:
    return len(piece.removeprefix("##"))


def report_json(found: Mapping[str, Any]) -> bytes:
    """The file for programs."""
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def report_tables(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The file for people, in Markdown: all sources together, each by itself, the longest pieces."""
    sources = list(next(iter(found.values()))["fit"])
    fits = {source: {name: one["fit"][source] for name, one in found.items()} for source in sources}
    everywhere = fits.pop(ALL)
    sizes = {name: [f"{one['size']:,}", f"{one['unused_pieces']:,}"] for name, one in found.items()}
    longest = (f"- {name}: {' '.join(f'`{piece}`' for piece in one['longest'])}" for name, one in found.items())
    parts = [
        f"# Vocabularies on {next(iter(everywhere.values()))['eojeols']:,} eojeols",
        _table(["vocabulary", "pieces", "never used here"], everywhere, sizes),
        *(f"## {source}\n\n{_table(['vocabulary'], fit)}" for source, fit in fits.items()),
        "## Longest pieces\n\n" + "\n".join(longest),
    ]
    return "\n\n".join(parts) + "\n"


def _table(
    first: Sequence[str], rows: Mapping[str, Mapping[str, float]], more: Mapping[str, Sequence[str]] | None = None
) -> str:
    lines = [[*first, *(title for title, _ in _COLUMNS.values())]]
    lines.append(["---"] * len(lines[0]))
    for name, figures in rows.items():
        values = [format(figures[key], form) for key, (_, form) in _COLUMNS.items()]
        lines.append([name, *(more or {}).get(name, ()), *values])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
