"""How well the main content of annotated pages is found: our extraction beside the libraries' own.

An annotation says of a page what its main content begins and ends with, sentences that must be kept, and strings
that must not be in it; tests/data/extraction/README.md tells how they were made. A string counts as kept where it
stands in the extracted text, white space collapsed.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from resiliparse.extract.html2text import extract_plain_text

from beam_jobs.config import HtmlConfig
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.crawl.html_encoding import decode_html
from beam_jobs.sources.crawl.html_text import title_and_text
from beam_jobs.sources.crawl.http_response import HttpResponse
from beam_jobs.sources.crawl.warc_records import WarcRecord, warc_records
from flows.tables import Row

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "extraction"
SETS = ("dev", "unseen")
"""The annotations that the rules were tuned on, and those that nobody looked at before they were done."""
Extract = Callable[[str], str]
_MOST_BYTES = 1 << 24


class Annotation(NamedTuple):
    """What a person says of a page."""

    url: str
    site: str
    kept: tuple[str, ...]
    """The first and the last sentence of the main content, and others from it."""
    absent: tuple[str, ...]
    """Menu entries, footers and the like."""


@dataclasses.dataclass(frozen=True)
class Score:
    """Strings counted over all pages of a set."""

    kept: int
    lost: int
    intruding: int

    @property
    def precision(self) -> float:
        """Of the annotated strings in the texts, the share that belongs there."""
        found = self.kept + self.intruding
        return self.kept / found if found else 0.0

    @property
    def recall(self) -> float:
        """Of the strings that must be kept, the share that is in the texts."""
        return self.kept / (self.kept + self.lost)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.kept / (2 * self.kept + self.lost + self.intruding)


class Quality(NamedTuple):
    """What `measure_extraction` finds."""

    rows: list[Row]
    figures: dict[str, Any]


def measure_extraction() -> Quality:
    """A row for each set and extraction; as figures the F1 on the unseen set, ours by the default setting."""
    pages = annotated_pages()
    scores = {name: score_all(annotations(name), pages) for name in SETS}
    rows = [
        {
            "pages": f"{name} ({len(annotations(name))})",
            "extraction": extraction,
            "precision": f"{score.precision:.3f}",
            "recall": f"{score.recall:.3f}",
            "F1": f"{score.f1:.3f}",
        }
        for name, by_extraction in scores.items()
        for extraction, score in by_extraction.items()
    ]
    unseen = {name: round(score.f1, 4) for name, score in scores["unseen"].items()}
    figures = {
        "extraction_f1": unseen[f"ours, {HtmlConfig().extractor}"],
        "extraction_f1_trafilatura": unseen["trafilatura"],
        "extraction_f1_resiliparse": unseen["resiliparse"],
    }
    return Quality(rows, figures)


def score_all(annotated: Sequence[Annotation], pages: Mapping[str, str]) -> dict[str, Score]:
    """Our extraction by either setting, and the libraries on their own."""
    return {name: score(annotated, pages, extract) for name, extract in _extractions().items()}


def score(annotated: Sequence[Annotation], pages: Mapping[str, str], extract: Extract) -> Score:
    """Counts the annotated strings in the texts that an extraction makes of the pages."""
    kept = lost = intruding = 0
    for annotation in annotated:
        text = _collapsed(extract(pages[annotation.url]))
        found = sum(_collapsed(string) in text for string in annotation.kept)
        kept, lost = kept + found, lost + len(annotation.kept) - found
        intruding += sum(_collapsed(string) in text for string in annotation.absent)
    return Score(kept, lost, intruding)


@functools.cache
def annotations(name: str) -> tuple[Annotation, ...]:
    """A set's annotations."""
    with (FOLDER / f"{name}.jsonl").open(encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return tuple(
        Annotation(each["url"], each["site"], (each["first"], each["last"], *each["present"]), tuple(each["absent"]))
        for each in read
    )


@functools.cache
def annotated_pages() -> dict[str, str]:
    """The decoded HTML of the annotated pages by their URLs."""
    path = FOLDER / "pages.warc.gz"
    pages = {}
    with path.open("rb") as file:
        for record in warc_records(file, Stretch(str(path), path.name, "warc"), _MOST_BYTES):
            assert isinstance(record, WarcRecord), record
            response = HttpResponse(record.block)
            decoded = decode_html(response.body(_MOST_BYTES) or b"", response.charset)
            assert decoded is not None
            pages[record.headers["warc-target-uri"]] = decoded.html
    return pages


def _extractions() -> dict[str, Extract]:
    import trafilatura

    return {
        "ours, resiliparse": lambda html: title_and_text(html, "resiliparse")[1],
        "ours, trafilatura": lambda html: title_and_text(html, "trafilatura")[1],
        "trafilatura": lambda html: trafilatura.extract(html) or "",
        "trafilatura, fast": lambda html: trafilatura.extract(html, fast=True) or "",
        "resiliparse": lambda html: extract_plain_text(html, main_content=True),
    }


def _collapsed(text: str) -> str:
    return " ".join(text.split())
