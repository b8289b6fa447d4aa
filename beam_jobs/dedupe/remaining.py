"""What of a file is left once copies are gone and recurring passages cut: each pass over it sees the same."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from beam_jobs.dedupe.nodes import row_of
from beam_jobs.dedupe.passages import Passages
from beam_jobs.dedupe_config import DedupeConfig
from beam_jobs.document import Document
from beam_jobs.each_file import InputFile

FILE, GONE, CUTS, MARKED = "file", "gone", "cuts", "marked"
TOO_SHORT = "too_short_without_repeats"
Verdicts = Mapping[str, Iterable[Any]]
"""Of one file: its InputFile; (rule, `copies.gone`) pairs; `passages.CUT` arrays; pairs of what stays with a mark."""


class Gone(NamedTuple):
    """Why a document goes."""

    rule: str
    matched: str
    value: float


class Left(NamedTuple):
    """What is left of a document, and what was cut out of it."""

    text: str
    cut: list[str]
    near_copies: str = ""
    """The id that marks its near copies, which stay, too; empty where there are none."""


class Remaining:
    """Applies what was found out about a file to its documents.

    Args:
      config: of the job.
      verdicts: of this file.
    """

    def __init__(self, config: DedupeConfig, verdicts: Verdicts):
        self.file: InputFile = next(iter(verdicts[FILE]))
        self._passages = Passages(config.lines)
        self._shortest = config.lines.min_text_characters
        self._gone: dict[int, Gone] = {}
        for rule, blob in verdicts.get(GONE, ()):
            for row, record in zip(row_of(blob["node"]).tolist(), blob, strict=True):
                self._gone[row] = Gone(rule, record["matched"].decode(), float(record["value"]))
        self._marks: dict[int, str] = {}
        for _, blob in verdicts.get(MARKED, ()):
            for row, record in zip(row_of(blob["node"]).tolist(), blob, strict=True):
                self._marks[row] = record["matched"].decode()
        self._cuts: dict[int, set[int]] = {}
        for blob in verdicts.get(CUTS, ()):
            for row, place in zip(row_of(blob["node"]).tolist(), blob["place"].tolist(), strict=True):
                self._cuts.setdefault(row, set()).add(place)

    def judge(self, row: int, doc: Document) -> Gone | Left:
        """Why the document in a row goes, or what is left of it."""
        if (gone := self._gone.get(row)) is not None:
            return gone
        mark = self._marks.get(row, "")
        if not (places := self._cuts.get(row)):
            return Left(doc.text, [], mark)
        left = Left(*self._passages.cut(doc.text, doc.source, places), mark)
        return left if len(left.text) >= self._shortest else Gone(TOO_SHORT, "", float(len(left.text)))
