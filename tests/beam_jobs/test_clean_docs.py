from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from beam_jobs.clean_docs import CleanDocs
from beam_jobs.config import CleanConfig
from beam_jobs.document import Document, document_id

EXAMPLES = Path(__file__).parents[1] / "data" / "cleaning"
FATES = ["kept", "too_short", "low_hangul_share", "not_korean", "repeated_lines", "repeated_ngrams"]


def document(key, text, source="news", title=""):
    return Document(document_id(source, key), source, f"https://a.kr/{key}", title, text, "2024-05-01", "", {"a": "b"})


def example(name):
    return (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8")


def clean(docs, check, rules=None):
    pipeline = beam.Pipeline(runner=FnApiRunner())
    assert_that(pipeline | beam.Create(docs) | CleanDocs(rules or CleanConfig()), check)
    counters = pipeline.run().metrics().query()["counters"]
    return {f.key.metric.name: f.committed for f in counters if f.key.metric.namespace == "clean_docs"}


def test_each_document_leaves_by_a_counted_door():
    docs = [document(fate, example(fate)) for fate in FATES]
    kept = docs[0]._replace(text=example("kept").strip(), language="ko")

    counters = clean(docs, equal_to([kept]))

    assert counters == {f"news/{fate}": 1 for fate in FATES}


def test_counters_tell_the_sources_apart():
    docs = [document("a", example("kept"), source) for source in ("news", "wikipedia", "common_crawl")]

    counters = clean([*docs, document("b", "짧다", "wikipedia")], lambda found: None)

    assert counters == {"news/kept": 1, "wikipedia/kept": 1, "wikipedia/too_short": 1, "common_crawl/kept": 1}


def test_texts_and_titles_are_normalised_before_they_are_judged_and_nothing_else_changes():
    messy = document(
        "a", "\ufeff" + example("kept").replace("\n", " \r\n") + "\u200b\n", title=" 대한\u200b민국\n헌법 "
    )
    neat = messy._replace(title="대한민국 헌법", text=example("kept").strip(), language="ko")

    counters = clean([messy], equal_to([neat]))

    assert counters == {"news/kept": 1}


@pytest.mark.parametrize("text", ["", "\x00\ufffe\ud800" * 200, "<script>" * 100, "\ufdd0" * 1000])
def test_a_broken_text_is_dropped_not_fatal(text):
    # Made inside the pipeline, as sources make them: a lone surrogate could not be sent to it.
    pipeline = beam.Pipeline(runner=FnApiRunner())
    docs = pipeline | beam.Create([0]) | beam.Map(lambda _, broken=text: document("a", broken))

    assert_that(docs | CleanDocs(CleanConfig()), equal_to([]))

    pipeline.run()
