"""Counters, curves, scores and places as Prefect artifacts; without Prefect there is nothing to publish to."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.corpus_report import rows
from flows.outputs import publish_outputs
from flows.tables import Row, drop_table, padding_share, score_table, token_table
from flows.tracking import logger, under_prefect
from model.contract import places
from model.contract.manifest import StageOutput

if TYPE_CHECKING:
    from flows.corpus import Corpus
    from flows.corpus_report.facts import CorpusFacts


def publish_corpus(corpus: "Corpus") -> None:
    """Where the corpus report is; tables of each filter's drops and of tokens and examples by source."""
    page = corpus.report.paths()[0]
    logger().info(f"corpus report: {page}")
    publish_vocabulary(corpus.vocabulary)
    if not under_prefect():
        return
    _table("filter-drops", drop_table(corpus.stages), "Documents through each filter, by source")
    share = padding_share(corpus.records)
    _table(
        "tokens",
        token_table(corpus.records),
        f"Records by source and split; {share:.2%} of positions are padding",
    )
    _addresses("corpus-outputs", [*corpus.stages, corpus.report])
    from flows.corpus_report.gathered import gather

    publish_corpus_report(gather(corpus.stages), page)


def publish_vocabulary(vocabulary: StageOutput) -> None:
    """How well the vocabulary fits, beside others, as the stage's tables have it; nothing where it has no report."""
    found: Any = vocabulary.manifest.facts.get("report")
    if not found:
        return
    fits = (f"{name} {one['fit']['tokens_per_eojeol']:.4f}" for name, one in found.items())
    logger().info(f"vocabulary, tokens an eojeol: {', '.join(fits)}")
    if not under_prefect():
        return
    from prefect.artifacts import create_markdown_artifact

    (tables,) = vocabulary.paths(suffix="report.md")
    create_markdown_artifact(
        key="vocabulary",
        markdown=places.read_bytes(tables).decode(),
        description="How many tokens the vocabulary makes of text, beside other vocabularies",
    )


def publish_corpus_report(facts: "CorpusFacts", page: str) -> None:
    """The corpus report as artifacts: its opening with the page's address, and a table for each of its sections.

    Args:
      facts: what the page was made of.
      page: the page's path or gs:// address.
    """
    if not under_prefect():
        return
    from prefect.artifacts import create_markdown_artifact

    create_markdown_artifact(
        key="corpus-report",
        markdown=f"{rows.summary_markdown(facts)}\n- as a page: `{page}`",
        description="What came in, what stayed, and what each stage took",
    )
    for key, table, description in (
        ("corpus-flow", rows.flow_rows(facts), "Documents, characters and tokens through every stage, by source"),
        ("corpus-rules", rows.rule_rows(facts), "What each rule dropped and changed"),
        ("corpus-examples", rows.example_rows(facts), "Ten random examples of each rule, before and after"),
        ("corpus-histograms", rows.histogram_rows(facts), "Documents by length and language, before and after"),
        ("corpus-copies", rows.cluster_rows(facts), "The largest sets of near copies"),
        ("corpus-hosts", rows.host_rows(facts), "The hosts with most documents"),
    ):
        if table:
            _table(key, table, description)


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
