"""Counters, curves, scores and places as Prefect artifacts; without Prefect there is nothing to publish to."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.outputs import publish_outputs
from flows.tables import Row, drop_table, padding_share, score_table, token_table
from flows.tracking import logger, under_prefect
from model.contract.manifest import StageOutput

if TYPE_CHECKING:
    from flows.corpus import Corpus


def publish_corpus(corpus: "Corpus") -> None:
    """Tables of each filter's drops and of tokens and examples by source, and the dead letters' address."""
    if not under_prefect():
        return
    _table("filter-drops", drop_table(corpus), "Documents through each filter, by source")
    share = padding_share(corpus.records)
    _table(
        "tokens",
        token_table(corpus.records),
        f"Records by source and split; {share:.2%} of positions are padding",
    )
    _addresses("corpus-outputs", list(corpus))


def publish_training(trained: StageOutput) -> None:
    """The loss curve as an image, and validation loss beside the unigram entropy."""
    found: Any = trained.manifest.facts["validation"]
    logger().info(
        f"validation masked-LM loss {found['loss']:.4f}, unigram entropy of the masked tokens "
        f"{found['unigram_entropy']:.4f} nats"
    )
    if not under_prefect():
        return
    from prefect.artifacts import create_image_artifact

    from flows.curve_image import curve_png
    from model.training_curve import read_curve

    image = base64.b64encode(curve_png(read_curve(trained.directory))).decode()
    create_image_artifact(f"data:image/png;base64,{image}", key="loss-curve", description="Masked-LM pretraining loss")
    _table(
        "validation-loss",
        [dict(found)],
        "Validation loss and the unigram entropy of the masked tokens, in nats",
    )


def publish_scores(scores: Sequence[StageOutput]) -> None:
    """The score table beside the published scores."""
    rows = score_table(scores)
    for row in rows:
        logger().info(f"{row['task']}: {row['metric']} {row['this model']:.2f}, without a model {row['no model']:.2f}")
    if under_prefect() and rows:
        _table("scores", rows, "Scores on the dev sets, beside the published ones")


def publish_run(published: StageOutput, stages: Sequence[StageOutput]) -> None:
    """Every stage's address, and the model's and the report's where the demo and the run's page find them."""
    from flows.publishing import published_places

    model, report = published_places(published)
    logger().info(f"model: {model}")
    logger().info(f"report: {report}")
    publish_outputs(model, report)
    if under_prefect():
        _addresses("stage-outputs", [*stages, published])


def _table(key: str, rows: list[Row], description: str) -> None:
    from prefect.artifacts import create_table_artifact

    create_table_artifact(key=key, table=rows, description=description)


def _addresses(key: str, stages: Sequence[StageOutput]) -> None:
    from prefect.artifacts import create_markdown_artifact

    lines = [f"- {stage.manifest.stage}: `{stage.directory}`" for stage in stages]
    create_markdown_artifact(key=key, markdown="\n".join(lines), description="Where each stage's files are")
