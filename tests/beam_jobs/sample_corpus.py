"""Where the sample corpus and the goldens lie, for the readers' tests."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from beam_jobs.document import BadRecord, Document
from beam_jobs.sources.outcome import Outcome, Skipped

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample" / "corpus"
GOLDEN = ROOT / "tests" / "data" / "golden"

Reader = Callable[[BinaryIO, str, str], Iterator[Outcome]]


def read(reader: Reader, stored: bytes, name: str = "file") -> tuple[list[Document], list[BadRecord], list[str]]:
    """What a reader makes of a file's bytes: documents, bad records, reasons for skipping."""
    outcomes = list(reader(io.BytesIO(stored), "a_source", name))
    return (
        [outcome for outcome in outcomes if isinstance(outcome, Document)],
        [outcome for outcome in outcomes if isinstance(outcome, BadRecord)],
        [outcome.reason for outcome in outcomes if isinstance(outcome, Skipped)],
    )


def as_golden(document: Document) -> str:
    """A document as its golden file has it: title, URL and date above the text."""
    return f"{document.title}\n{document.url}\n{document.date}\n\n{document.text}\n"
