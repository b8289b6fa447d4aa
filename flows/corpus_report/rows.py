"""The report's figures as tables and text for the run's page in Prefect: the same facts as the HTML page has."""

from flows.corpus_report.corpus_flow import disagreements, flows
from flows.corpus_report.facts import CorpusFacts
from flows.corpus_report.figures import share
from flows.corpus_report.histograms import bars_of_all
from flows.corpus_report.rule_sentences import rule_sentence, stage_name
from flows.corpus_report.summary import duplicates, headline, steps
from flows.tables import Row


def summary_markdown(facts: CorpusFacts) -> str:
    """The page's opening: what came in, what stayed, what each stage took, and sums that do not agree."""
    lines = [
        f"- {figure.unit}: {'about ' if figure.estimated else ''}{figure.after:,} of {figure.before:,} stay "
        f"({share(figure.after, figure.before)})"
        for figure in headline(facts)
    ]
    if (copies := duplicates(facts)) is not None:
        lines.append(f"- copies that deduplication dropped: {copies:,}")
    lines += [f"- {step.stage}: {step.sentence}" for step in steps(facts)]
    lines += [f"- **these sums do not agree:** {warning}" for warning in disagreements(facts)]
    return "\n".join(lines)


def flow_rows(facts: CorpusFacts) -> list[Row]:
    """A row for each unit and source, and one for all sources; a column for each point of the way."""
    rows: list[Row] = []
    for flow in flows(facts):
        unit = f"{flow.unit}, about" if flow.estimated else flow.unit
        for source in facts.sources:
            points = {point.label: point.amounts[source] for point in flow.points}
            rows.append({"unit": unit, "source": source, **points})
        rows.append({"unit": unit, "source": "all", **{point.label: point.total for point in flow.points}})
    return rows


def rule_rows(facts: CorpusFacts) -> list[Row]:
    """What each rule dropped and changed, and what it is."""
    return [
        {
            "stage": stage_name(rule.stage),
            "rule": rule.name,
            "documents dropped": rule.dropped_in_all.documents,
            "characters dropped": rule.dropped_in_all.characters,
            "documents changed": rule.changed_in_all.documents,
            "places": rule.changed_in_all.places,
            "characters cut": rule.changed_in_all.characters,
            "what it is": rule_sentence(rule.name),
        }
        for rule in facts.rules
    ]


def example_rows(facts: CorpusFacts) -> list[Row]:
    """Each rule's examples, before and after."""
    return [
        {
            "rule": rule.name,
            "source": example.source,
            "title": example.title,
            "address": example.url,
            "before": example.before,
            "after": example.after,
            "id": example.id,
        }
        for rule in facts.rules
        for example in rule.examples
    ]


def histogram_rows(facts: CorpusFacts) -> list[Row]:
    """Documents in each bin of each measure, before and after."""
    return [
        {"measure": drawn.title, "from": bar.name, "before": bar.before, "after": bar.after}
        for drawn in map(bars_of_all, facts.histograms)
        for bar in drawn.bars
    ]


def cluster_rows(facts: CorpusFacts) -> list[Row]:
    """The documents of the largest sets of near copies; the one that stays is first of each."""
    return [
        {
            "set": number,
            "documents": cluster.size,
            "fate": "stays" if copy is cluster.survivor or cluster.all_stay else "goes",
            "similarity": round(copy.similarity, 2),
            "source": copy.source,
            "title": copy.title,
            "address": copy.url,
            "id": copy.id,
        }
        for number, cluster in enumerate(facts.clusters, start=1)
        for copy in (cluster.survivor, *cluster.members)
    ]


def host_rows(facts: CorpusFacts) -> list[Row]:
    """The hosts with most documents, and what each stage let through."""
    after = [f"after {stage_name(stage.name)}" for stage in facts.stages]
    return [
        {"host": host.host, "came in": host.came_in}
        | {label: "" if count is None else count for label, count in zip(after, host.stayed, strict=True)}
        for host in facts.hosts
    ]
