"""Where the sample corpus and the goldens lie, for the readers' tests."""

import io
from pathlib import Path
from typing import Any

from beam_jobs.config import SourceConfig
from beam_jobs.document import BadRecord, Document
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.formats import Reader
from beam_jobs.sources.outcome import Skipped

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample" / "corpus"
GOLDEN = ROOT / "tests" / "data" / "golden"


def source_config(kind: str = "plain_text", **settings: Any) -> SourceConfig:
    """A source called a_source; its files are given to the reader, so that it names none."""
    return SourceConfig.model_validate({"kind": kind, "name": "a_source", "paths": ["unused"]} | settings)


def read(
    reader: Reader,
    stored: bytes,
    name: str = "file",
    source: SourceConfig | None = None,
    start: int = 0,
    end: int | None = None,
) -> tuple[list[Document], list[BadRecord], list[str]]:
    """What a reader makes of a file's bytes: documents, bad records, reasons for skipping."""
    stretch = Stretch(path="unused", name=name, format="", start=start, end=end)
    outcomes = list(reader(io.BytesIO(stored), source or source_config(), stretch))
    return (
        [outcome for outcome in outcomes if isinstance(outcome, Document)],
        [outcome for outcome in outcomes if isinstance(outcome, BadRecord)],
        [outcome.reason for outcome in outcomes if isinstance(outcome, Skipped)],
    )


def as_golden(document: Document) -> str:
    """A document as its golden file has it: title, URL and date above the text."""
    return f"{document.title}\n{document.url}\n{document.date}\n\n{document.text}\n"
