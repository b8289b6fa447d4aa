import json
from pathlib import Path

import pytest

from beam_jobs import removed
from beam_jobs.clean_config import CleanConfig
from beam_jobs.clean_docs import clean_documents
from beam_jobs.config import CorpusConfig, RunnerConfig
from beam_jobs.document import Document, document_id
from beam_jobs.storage import read_parquet
from model.contract.errors import OutputError, SettingError
from tests.beam_jobs.documents import documents_stage, files_in, real_documents

EXAMPLES = Path(__file__).parents[1] / "data" / "cleaning"
KEPT = (EXAMPLES / "kept.txt").read_text(encoding="utf-8").strip()
RUNNERS = {
    "two processes": RunnerConfig(processes=2),
    "portable runner": RunnerConfig(
        runner="PortableRunner", options={"job_endpoint": "embed", "environment_type": "LOOPBACK"}
    ),
}


def document(key, text, source="news", title=""):
    return Document(document_id(source, key), source, f"https://a.kr/{key}", title, text, "2024-05-01", "", {"a": "b"})


def clean(docs, folder, config=None, runner=None, shards=1):
    stage = documents_stage(Path(folder) / "in", docs, shards)
    out = Path(folder) / "out"
    made = clean_documents(stage, config or CleanConfig(), str(out), runner or RunnerConfig())
    kept = [doc for path in sorted(out.glob("documents-*")) for doc in read_parquet(str(path))]
    rows = [row for path in sorted(out.glob("removed-*")) for row in removed.read_table(str(path))]
    return kept, rows, made


@pytest.mark.parametrize("rule", ["too_short", "not_korean", "repeated_paragraphs", "repeated_characters"])
def test_a_document_goes_by_the_rule_that_its_page_breaks(rule, tmp_path):
    page = document("a", (EXAMPLES / f"{rule}.txt").read_text(encoding="utf-8"), title="어떤 쪽")

    kept, rows, made = clean([page, document("b", KEPT)], tmp_path)

    assert [doc.id for doc in kept] == [document_id("news", "b")]
    ((row),) = rows
    assert (row.id, row.rule, row.title) == (page.id, rule, "어떤 쪽")
    assert made.counters["clean_docs/news/kept"] == made.counters[f"clean_docs/news/{rule}"] == 1


def test_texts_and_titles_are_normalised_and_nothing_else_changes(tmp_path):
    messy = document("a", "\ufeff" + KEPT.replace("\n", " \r\n") + "\u200b\n", title=" 대한\u200b민국\n헌법 ")

    kept, _, made = clean([messy], tmp_path)

    assert kept == [messy._replace(title="대한민국 헌법", text=KEPT, language="ko")]
    assert any(name.startswith("clean_changes/news/normalised_") for name in made.counters)


def test_personal_data_is_masked_in_texts_titles_tables_and_examples(tmp_path):
    number = "010-8765-4321"
    docs = [
        document("a", f"{KEPT}\n\n문의는 {number}로 해 주세요.", title=f"연락처 {number}"),
        document("b", f"문의는 {number}로 해 주세요.", title=f"연락처 {number}"),
    ]

    (kept,), (row,), _ = clean(docs, tmp_path)

    assert number not in kept.text + kept.title + row.excerpt + row.title
    assert "8765" not in (tmp_path / "out" / "statistics.json").read_text()
    assert "[전화번호]" in kept.text
    assert "[전화번호]" in kept.title


def test_a_source_can_have_thresholds_of_its_own(tmp_path):
    config = CleanConfig(per_source={"reviews": {"quality": {"min_characters": 10}}})
    review = "배우들의 연기가 정말 좋았고 이야기도 끝까지 재미있었습니다."

    kept, rows, _ = clean([document("a", review, "reviews"), document("b", review, "news")], tmp_path, config)

    assert [doc.source for doc in kept] == ["reviews"]
    assert [(row.source, row.rule, row.threshold) for row in rows] == [("news", "too_short", 200)]


@pytest.mark.parametrize(
    ("per_source", "sentence"),
    [
        ({"news": {"quality": {"min_charcters": 10}}}, r"per_source.news: quality.min_charcters is not a setting"),
        ({"news": {"per_source": {}}}, r"per_source.news holds per_source again"),
        ({"news": {"quality": {"min_characters": 10**9}}}, r"min_characters 1000000000 exceeds max_characters"),
    ],
)
def test_thresholds_of_a_source_that_cannot_be_are_refused_before_any_work(per_source, sentence):
    with pytest.raises(SettingError, match=sentence):
        CleanConfig.parse({"per_source": per_source}, "a test")


def test_thresholds_of_an_unknown_source_are_refused():
    settings = {
        "read": {"sources": [{"kind": "news", "paths": ["a"]}]},
        "vocabulary": {"path": "v"},
        "clean": {"per_source": {"newspapers": {"quality": {"min_characters": 10}}}},
    }

    with pytest.raises(SettingError, match="clean.per_source names newspapers, which is no source; use news"):
        CorpusConfig.parse(settings, "a test")


def test_statistics_hold_histograms_of_language_before_and_after(tmp_path):
    english = document("b", "This page is in English and says nothing in Korean at all. " * 20)

    clean([document("a", KEPT), english], tmp_path)

    histograms = json.loads((tmp_path / "out" / "statistics.json").read_text())["histograms"]
    for name in ("hangul_share", "language_score", "characters"):
        found = histograms[name]["sources"]["news"]
        assert (sum(found["in"]), sum(found["out"])) == (2, 1)
    assert histograms["hangul_share"]["sources"]["news"]["in"][0] == 1


@pytest.mark.parametrize("name", RUNNERS)
def test_every_runner_writes_the_same_bytes(name, tmp_path):
    docs = list(real_documents()[:40])

    one, _, _ = clean(docs, tmp_path / "memory", shards=3)
    clean(docs, tmp_path / "other", runner=RUNNERS[name], shards=3)

    assert files_in(tmp_path / "memory" / "out") == files_in(tmp_path / "other" / "out")
    assert len(one) > 20


@pytest.mark.parametrize("text", ["", "\x00\ufffe\ud800" * 200, "<script>" * 100, "\ufdd0" * 1000, "가" * 3_000_000])
def test_a_broken_text_is_dropped_not_fatal(text, tmp_path):
    encodable = text.encode("utf-8", "replace").decode()

    kept, rows, _ = clean([document("a", encodable), document("b", KEPT)], tmp_path)

    assert (len(kept), len(rows)) == (1, 1)


def test_a_corpus_of_which_nothing_stays_says_why(tmp_path):
    with pytest.raises(OutputError, match=r"no document of .* is left; .*too_short.*: loosen what dropped most"):
        clean([document("a", "짧다")], tmp_path)
