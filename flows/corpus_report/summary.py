"""The report's opening: what came in, what stayed, and what each stage took and why."""

import dataclasses

from flows.corpus_report.corpus_flow import flows
from flows.corpus_report.facts import Amount, CorpusFacts, StageFacts, total
from flows.corpus_report.figures import share
from flows.corpus_report.rule_sentences import stage_name

_NAMED_RULES = 3


@dataclasses.dataclass(frozen=True)
class Step:
    """What one stage did to the corpus."""

    stage: str
    came_in: Amount
    stayed: Amount
    sentence: str


@dataclasses.dataclass(frozen=True)
class Headline:
    """One figure at the top: before all stages and after them."""

    unit: str
    before: int
    after: int
    estimated: bool


def headline(facts: CorpusFacts) -> list[Headline]:
    """Documents, characters and, where known, tokens."""
    return [Headline(flow.unit, flow.points[0].total, flow.points[-1].total, flow.estimated) for flow in flows(facts)]


def steps(facts: CorpusFacts) -> list[Step]:
    """Each stage in order."""
    return [
        Step(stage_name(stage.name), total(stage.came_in), total(stage.went_out), _sentence(stage))
        for stage in facts.stages
    ]


def duplicates(facts: CorpusFacts) -> int | None:
    """Documents that deduplication dropped; None where it has not run."""
    found = [total(stage.dropped).documents for stage in facts.stages if stage.name == "dedupe"]
    return sum(found) if found else None


def _sentence(stage: StageFacts) -> str:
    came, stayed = total(stage.came_in), total(stage.went_out)
    gone = came - stayed
    if not gone.documents:
        return f"It dropped no document, and {_characters(gone, came)}."
    most = [rule for rule in stage.rules if rule.dropped_in_all.documents][:_NAMED_RULES]
    named = ", ".join(f"{rule.name} {rule.dropped_in_all.documents:,}" for rule in most)
    return (
        f"It dropped {gone.documents:,} of {came.documents:,} documents ({share(gone.documents, came.documents)}), and "
        f"{_characters(gone, came)}. Most went by {named}."
    )


def _characters(gone: Amount, came: Amount) -> str:
    if gone.characters < 0:
        return f"texts grew by {-gone.characters:,} characters"
    return f"{share(gone.characters, came.characters)} of the characters went"
