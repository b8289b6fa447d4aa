"""The corpus report as one HTML page that loads nothing: no network, and no script needed to read it.

Every text goes through the template's escaping; nothing is ever marked as safe. A content policy forbids all that the
page does not hold itself, so that a passage from the web that got through would still do nothing.
"""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from beam_jobs.tally import Example
from flows.corpus_report import figures
from flows.corpus_report.corpus_flow import Flow, disagreements, flows
from flows.corpus_report.differences import Piece, differences, shown
from flows.corpus_report.facts import CorpusFacts, Rule
from flows.corpus_report.flow_chart import Band, Chart, bands, tall_chart, wide_chart
from flows.corpus_report.histograms import bars_by_source, bars_of_all
from flows.corpus_report.rule_sentences import rule_sentence, stage_name
from flows.corpus_report.summary import duplicates, headline, steps
from model.contract import places

REPORT_PAGE = "corpus-report.html"
_TEMPLATE, _SCRIPT = "page.html.j2", "page.js"
DESIGN = [(name, str(Path(__file__).with_name(name))) for name in (_TEMPLATE, "parts.html.j2", "page.css", _SCRIPT)]
"""The files besides the code that say what the page looks like, by name."""
_LINKS = ("https://", "http://")


@dataclasses.dataclass(frozen=True)
class DrawnFlow:
    """A flow with its two charts."""

    flow: Flow
    bands: tuple[Band, ...]
    wide: Chart
    tall: Chart


@dataclasses.dataclass(frozen=True)
class ShownExample:
    """An example as the page shows it."""

    example: Example
    before: Sequence[Piece]
    after: Sequence[Piece]
    """Empty where nothing stayed."""
    dropped: bool
    """Whether the document as a whole is gone."""


def write_report(facts: CorpusFacts, path: str) -> None:
    """Writes the page to a local path or a gs:// address; equal facts give equal bytes.

    Raises:
      OutputError: when it cannot be written.
    """
    places.replace_bytes(path, report_page(facts).encode())


def report_page(facts: CorpusFacts) -> str:
    """The page."""
    environment = _environment()
    script = environment.get_template(_SCRIPT).render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template(_TEMPLATE).render(
        facts=facts,
        headline=headline(facts),
        steps=steps(facts),
        duplicates=duplicates(facts),
        warnings=disagreements(facts),
        flows=[DrawnFlow(flow, bands(flow), wide_chart(flow), tall_chart(flow)) for flow in flows(facts)],
        histograms=[(bars_of_all(found), bars_by_source(found, facts.sources)) for found in facts.histograms],
        script_digest=digest,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("flows.corpus_report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "grouped": figures.grouped,
        "short": figures.short,
        "differences": differences,
        "shown": shown,
        "rule_sentence": rule_sentence,
        "stage_name": stage_name,
        "settings": _settings,
    }
    environment.globals |= {"share": figures.share, "shown_examples": shown_examples}
    environment.tests["web_address"] = is_web_address
    return environment


def is_web_address(url: str) -> bool:
    """Whether an address may become a link; "javascript:" and its like may not.

    >>> [is_web_address(url) for url in ("https://example.org/", "javascript:alert(1)", "//example.org", "")]
    [True, False, False, False]
    """
    return url.lower().startswith(_LINKS)


def shown_examples(rule: Rule) -> list[ShownExample]:
    """A rule's examples with what differs marked; of documents that are gone, what there was."""
    made = []
    for example in rule.examples:
        if not example.after and not rule.changed:
            made.append(ShownExample(example, shown(example.before), [], True))
        else:
            before, after = differences(example.before, example.after)
            made.append(ShownExample(example, before, after, False))
    return made


def _settings(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)
