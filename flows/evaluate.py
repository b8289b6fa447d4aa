"""Fine-tunes a pretrained encoder on each task and collects the scores (deployment evaluate/all)."""

from typing import Any

from prefect import flow

from flows import reports, stages
from flows.config import RunConfig, load_run_config
from flows.preflight import check_tasks
from flows.train import train_and_export, training_data
from model.contract.manifest import StageOutput


@flow(name="evaluate", flow_run_name="evaluate {preset}")
def evaluate(preset: str = "tiny", overrides: dict[str, Any] | None = None) -> list[StageOutput]:
    """Scores a preset's model on its tasks; whatever comes before is made first where it is not done.

    Args:
        preset: the name of a file in configs/, or the path of a YAML file.
        overrides: dotted settings and their values, such as {"model.finetune.0.epochs": 1}.
    """
    config = load_run_config(preset, overrides)
    check_tasks(config)
    trained = train_and_export(config, training_data(config, preset, overrides))
    return score(config, trained.exported)


def score(config: RunConfig, exported: StageOutput) -> list[StageOutput]:
    """One fine-tuning stage a task, in the preset's order."""
    scores = [stages.finetune(config.root, exported, task, config.device) for task in config.model.finetune]
    reports.publish_scores(scores)
    return scores
