"""The whole story: raw Korean text to a scored, published BigBird (deployments pretrain/full and pretrain/smoke)."""

from typing import Any

from prefect import flow

from flows import reports, stages
from flows.config import load_run_config
from flows.evaluate import score
from flows.preflight import check_data, check_tasks
from flows.train import train_and_export, training_data
from model.contract.manifest import StageOutput


@flow(name="pretrain", flow_run_name="pretrain {preset}")
def pretrain(preset: str = "tiny", overrides: dict[str, Any] | None = None) -> StageOutput:
    """Runs every stage that is not done yet, from reading to publishing.

    Args:
        preset: the name of a file in configs/, or the path of a YAML file.
        overrides: dotted settings and their values, such as {"model.pretrain.steps": 100}.
    """
    config = load_run_config(preset, overrides)
    check_data(config)
    check_tasks(config)
    made = training_data(config, preset, overrides)
    trained = train_and_export(config, made)
    scores = score(config, trained.exported)
    published = stages.publish(config.root, made.stages, trained.pretrained, trained.exported, scores)
    reports.publish_run(published, [*made.stages, *trained, *scores])
    return published


if __name__ == "__main__":
    import typer

    from flows import cli

    whole_road = typer.Typer(add_completion=False)
    whole_road.command()(cli.run)
    cli.run_app(whole_road)
