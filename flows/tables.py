"""Counters and scores as tables: lists of rows by column, for artifacts and the report alike."""

from collections.abc import Iterator, Sequence
from typing import Any

from model.contract.manifest import StageOutput
from model.tasks.published import PUBLISHED

Row = dict[str, Any]
PUBLISHED_MODELS = sorted({model for scores in PUBLISHED.values() for model in scores})
NO_FATES = ("index_", "selected_")
"""Counters of what an index names, not of what became of documents."""
STAGE_OF_NAMESPACE = {
    "read_docs": "read",
    "clean_docs": "clean",
    "dedupe_docs": "dedupe",
    "decontaminate_docs": "decontaminate",
}


def drop_table(stages: Sequence[StageOutput]) -> list[Row]:
    """What each filter let through and dropped: a row for each stage and reason, a column for each source."""
    counts = [
        (STAGE_OF_NAMESPACE[namespace], reason, source, value)
        for stage in stages
        for namespace, source, reason, value in _by_source(stage)
        if namespace in STAGE_OF_NAMESPACE and not reason.startswith(NO_FATES)
    ]
    sources = sorted({source for _, _, source, _ in counts})
    found: dict[tuple[str, str], Row] = {}
    for stage_name, reason, source, value in counts:
        found.setdefault((stage_name, reason), dict.fromkeys(sources, 0))[source] += value
    return [
        {"stage": stage, "documents": reason, **row, "all": sum(row.values())} for (stage, reason), row in found.items()
    ]


def token_table(records: StageOutput) -> list[Row]:
    """Documents, tokens and records by source and split.

    `unique_tokens` are those of each text once, `tokens` those in the records, of which weights repeat some and leave
    some out; `empty` documents have no token.
    """
    found: dict[tuple[str, str], Row] = {}
    for namespace, source, counter, value in _by_source(records):
        split, _, kind = counter.partition("_")
        if namespace == "tokenize_docs":
            empty = {"documents": 0, "unique_tokens": 0, "tokens": 0, "examples": 0, "left_out": 0, "empty": 0}
            found.setdefault((source, split), empty)[kind] = value
    return [{"source": source, "split": split, **row} for (source, split), row in sorted(found.items())]


def _by_source(stage: StageOutput) -> Iterator[tuple[str, str, str, int]]:
    """Namespace, source, name and value of the counters that are kept by source."""
    for counter, value in stage.manifest.counters.items():
        namespace, _, rest = counter.partition("/")
        source, _, name = rest.rpartition("/")
        if source:
            yield namespace, source, name, value


def padding_share(records: StageOutput) -> float:
    """Padding among all positions of all sequences."""
    counters = records.manifest.counters
    return counters.get("tokenize_docs/padding", 0) / max(counters.get("tokenize_docs/positions", 0), 1)


def score_table(scores: Sequence[StageOutput]) -> list[Row]:
    """Each task's score here, beside what the commonest answer scores and what others published."""
    rows = []
    for scored in scores:
        task = str(scored.manifest.settings["task"])
        row: Row = {
            "task": task,
            "metric": scored.manifest.facts["metric"],
            "this model": scored.manifest.facts["score"],
            "no model": scored.manifest.facts["baseline"],
        }
        for model in PUBLISHED_MODELS:
            row[model] = PUBLISHED[task].get(model, {}).get(str(row["metric"]), "")
        rows.append(row)
    return rows


def markdown_table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table; integers grouped by thousands, others to two digits as scores are published."""
    if not rows:
        return "(nothing)"
    columns = list(rows[0])
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(_cell(row[column]) for column in columns)} |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.2f}" if isinstance(value, float) else str(value).replace("|", "\\|")
