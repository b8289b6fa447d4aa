import logging

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import reports
from tests.flows.finished_stages import pretrained, scored, stage, whole_corpus


@pytest.fixture(autouse=True)
def nothing_may_be_published(monkeypatch):
    """No API listens, and whoever makes an artifact fails."""

    def refuse(*args, **kwargs):
        raise AssertionError("an artifact was made outside a flow run")

    for kind in ("table", "markdown", "image", "link", "progress"):
        monkeypatch.setattr(f"prefect.artifacts.create_{kind}_artifact", refuse)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        yield


@pytest.fixture
def lines(caplog):
    with caplog.at_level(logging.INFO, logger="kobigbird"):
        yield caplog


def test_the_corpus_is_published_nowhere_without_prefect(tmp_path):
    assert reports.publish_corpus(whole_corpus(tmp_path)) is None


def test_training_without_prefect_logs_loss_and_entropy_alone(tmp_path, lines):
    reports.publish_training(pretrained(tmp_path))

    assert lines.messages == ["validation masked-LM loss 6.4321, unigram entropy of the masked tokens 6.8765 nats"]


def test_scores_without_prefect_are_logged_alone(tmp_path, lines):
    reports.publish_scores([scored(tmp_path, "nsmc", "accuracy", 61.5), scored(tmp_path, "klue_sts", "pearson", 9.0)])

    assert lines.messages == [
        "nsmc: accuracy 61.50, without a model 30.75",
        "klue_sts: pearson 9.00, without a model 4.50",
    ]


def test_a_run_without_prefect_logs_where_model_and_report_are(tmp_path, lines):
    published = stage(tmp_path, "publish")

    reports.publish_run(published, [published])

    assert lines.messages == [f"model: {published.directory}/model", f"report: {published.directory}/report.md"]


def test_within_a_flow_run_the_same_calls_would_publish(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "under_prefect", lambda: True)

    with pytest.raises(AssertionError, match="an artifact was made"):
        reports.publish_corpus(whole_corpus(tmp_path))
    with pytest.raises(AssertionError, match="an artifact was made"):
        reports.publish_scores([scored(tmp_path, "nsmc", "accuracy", 61.5)])
    with pytest.raises(AssertionError, match="an artifact was made"):
        reports.publish_training(pretrained(tmp_path))
