"""Counters and scores as tables: lists of rows by column, for artifacts and the report alike."""

from collections.abc import Sequence
from typing import Any, get_args

from beam_jobs.config import SourceConfig
from model.contract.manifest import StageOutput
from model.tasks.published import PUBLISHED

Row = dict[str, Any]
SOURCES: tuple[str, ...] = get_args(SourceConfig.model_fields["name"].annotation)
PUBLISHED_MODELS = sorted({model for scores in PUBLISHED.values() for model in scores})
STAGE_OF_NAMESPACE = {"read_docs": "read", "clean_docs": "clean", "dedupe_docs": "dedupe"}


def drop_table(stages: Sequence[StageOutput]) -> list[Row]:
    """What each filter let through and dropped: a row for each stage and reason, a column for each source."""
    found: dict[tuple[str, str], Row] = {}
    for stage in stages:
        for counter, value in stage.manifest.counters.items():
            namespace, name = counter.split("/", 1)
            source = next((source for source in SOURCES if name.startswith(f"{source}_")), None)
            if namespace not in STAGE_OF_NAMESPACE or source is None:
                continue
            reason = name.removeprefix(f"{source}_")
            row = found.setdefault((STAGE_OF_NAMESPACE[namespace], reason), dict.fromkeys(SOURCES, 0))
            row[source] += value
    return [
        {"stage": stage, "documents": reason, **row, "all": sum(row.values())} for (stage, reason), row in found.items()
    ]


def token_table(records: StageOutput) -> list[Row]:
    """Documents, tokens and examples by source and split."""
    rows = []
    counters = records.manifest.counters
    for source in SOURCES:
        for split in ("train", "validation"):
            row = {
                kind: counters.get(f"tokenize_docs/{source}_{split}_{kind}", 0)
                for kind in ("documents", "tokens", "examples")
            }
            if any(row.values()):
                rows.append({"source": source, "split": split, **row})
    return rows


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
