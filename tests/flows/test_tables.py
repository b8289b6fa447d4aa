import pytest

from flows.tables import drop_table, markdown_table, padding_share, score_table, token_table
from tests.flows.finished_stages import corpus, scored, stage


def test_the_drop_table_has_a_row_for_each_reason_and_a_column_for_each_source(tmp_path):
    rows = drop_table(corpus(tmp_path))

    columns = ["stage", "documents", "common_crawl", "everyones_corpus", "news", "all"]
    assert all(list(row) == columns for row in rows)
    assert {tuple(row.values()) for row in rows} == {
        ("read", "documents", 0, 34, 1_200, 1_234),
        ("read", "bad_bad_json", 0, 0, 7, 7),
        ("clean", "kept", 0, 0, 1_100, 1_100),
        ("clean", "too_short", 13, 0, 0, 13),
        ("dedupe", "near_copy", 0, 0, 21, 21),
    }
    assert [row["stage"] for row in rows] == ["read", "read", "clean", "clean", "dedupe"]


def test_the_token_table_has_a_row_for_each_source_and_split_that_has_any(tmp_path):
    rows = token_table(corpus(tmp_path)[-1])

    counted = {"documents": 1_000, "unique_tokens": 61_728, "tokens": 123_456, "examples": 321}
    none = dict.fromkeys(("documents", "unique_tokens", "tokens", "examples", "left_out", "empty"), 0)
    assert rows == [
        {"source": "news", "split": "train", **none, **counted},
        {"source": "news", "split": "validation", **none, "documents": 43},
    ]


def test_the_padding_share_is_of_all_positions(tmp_path):
    assert padding_share(corpus(tmp_path)[-1]) == 0.025


def test_a_stage_without_records_has_no_padding(tmp_path):
    assert padding_share(stage(tmp_path, "tokenize")) == 0


def test_a_score_stands_beside_no_model_and_the_published_ones_of_its_task_and_metric(tmp_path):
    rows = score_table([scored(tmp_path, "nsmc", "accuracy", 61.5), scored(tmp_path, "klue_sts", "pearson", 12.25)])

    assert rows == [
        {
            "task": "nsmc",
            "metric": "accuracy",
            "this model": 61.5,
            "no model": 30.75,
            "KLUE-RoBERTa-Base": 91.16,
            "KoBigBird-BERT-Base": 91.18,
            "KoELECTRA-Base-v3": 91.13,
        },
        {
            "task": "klue_sts",
            "metric": "pearson",
            "this model": 12.25,
            "no model": 6.125,
            "KLUE-RoBERTa-Base": 92.91,
            "KoBigBird-BERT-Base": 92.61,
            "KoELECTRA-Base-v3": 93.14,
        },
    ]


def test_another_metric_than_the_published_one_stands_alone(tmp_path):
    (row,) = score_table([scored(tmp_path, "klue_sts", "spearman", 12.25)])

    assert {row[model] for model in ("KLUE-RoBERTa-Base", "KoBigBird-BERT-Base", "KoELECTRA-Base-v3")} == {""}


def test_markdown_groups_thousands_rounds_to_two_digits_and_escapes_bars():
    table = markdown_table([{"a": 1_234_567, "b": 0.123456, "c": "x|y"}, {"a": 0, "b": 2.0, "c": ""}])

    assert table == "| a | b | c |\n|---|---|---|\n| 1,234,567 | 0.12 | x\\|y |\n| 0 | 2.00 |  |"


def test_a_table_without_rows_says_so():
    assert markdown_table([]) == "(nothing)"


@pytest.mark.parametrize("source", ["news", "news_item", "skipped"])
def test_sources_and_reasons_may_hold_each_others_names(tmp_path, source):
    counters = {
        f"read_docs/{source}/skipped_news_item": 3,
        "read_docs/news_skipped/documents": 4,
        f"read_docs/{source}/index_bytes": 5_555,  # of a crawl's index: no document's fate
    }
    read = stage(tmp_path, "read", counters=counters)

    rows = drop_table([read])

    assert [(row[source], row["news_skipped"], row["documents"], row["all"]) for row in rows] == [
        (3, 0, "skipped_news_item", 3),
        (0, 4, "documents", 4),
    ]
