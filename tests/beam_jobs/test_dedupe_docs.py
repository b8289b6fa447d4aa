import random
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from beam_jobs.config import DedupeConfig
from beam_jobs.dedupe_docs import (
    DedupeDocs,
    DropExactCopies,
    DropNearCopies,
    SimilarPairsFn,
    id_of,
    rank,
)
from beam_jobs.document import Document

CONSTITUTION = (Path(__file__).parents[1] / "data" / "cleaning" / "kept.txt").read_text(encoding="utf-8").strip()
HELP = (Path(__file__).parents[1] / "data" / "cleaning" / "repeated_ngrams.txt").read_text(encoding="utf-8").strip()


def document(key, text, source="news", **fields):
    return Document(key, source, "", "", text, "", "ko", {})._replace(**fields)


def edited(text, every):
    """The text with every so-many-th word another one."""
    words = text.split()
    words[::every] = [f"바뀐{number}" for number in range(len(words[::every]))]
    return " ".join(words)


def dedupe(docs, transform, check, **options):
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(**options))
    assert_that(pipeline | beam.Create(docs) | transform, check)
    counters = pipeline.run().metrics().query()["counters"]
    return {f.key.metric.name: f.committed for f in counters if f.key.metric.namespace == "dedupe_docs"}


def ids(*expected):
    def check(found):
        assert sorted(doc.id for doc in found) == sorted(expected)

    return check


def a_small_corpus():
    """Forty texts, some with copies: (documents, the ids that stay)."""
    generator = random.Random(11)
    docs, stay = [], []
    for number in range(40):
        text = " ".join(f"낱말{generator.randrange(5000)}" for _ in range(120))
        stay.append(f"{number:02d}-a")
        docs.append(document(stay[-1], text + " 끝말"))
        if number % 2:
            docs.append(document(f"{number:02d}-b", edited(text, 100), "wikipedia"))
        if number % 3 == 0:
            docs.append(document(f"{number:02d}-c", text.replace(" ", "\n") + "\n끝말"))
    return docs, stay


def test_of_texts_that_differ_in_layout_alone_the_longest_stays():
    docs = [
        document("b", "모든 국민은 법 앞에"),
        document("a", "모든 국민은\n\n법 앞에", "wikipedia"),
        document("c", "모든 국민은 법 앞에 "),
        document("d", "모든 국민은 법 옆에"),
    ]

    counters = dedupe(docs, DropExactCopies(), ids("a", "d"))

    assert counters == {"news/exact_copy": 2}


def test_of_copies_of_one_length_the_smallest_id_stays_whatever_its_source():
    docs = [document("b", "같은 글"), document("a", "같은 글", "wikipedia"), document("c", "같은 글")]

    dedupe(docs, DropExactCopies(), equal_to([docs[1]]))


def test_of_documents_with_one_id_the_longest_stays_and_identical_twins_leave_one():
    docs = [
        document("a", "첫 번째 판"),
        document("a", "두 번째 판, 더 길다"),
        document("b", "쌍둥이"),
        document("b", "쌍둥이"),
        document("c", "같은 글", date="2024-01-01"),
        document("c", "같은 글", date="2024-01-02"),
    ]

    counters = dedupe(docs, DropExactCopies(), equal_to([docs[1], docs[2], min(docs[4:], key=rank)]))

    assert counters == {"news/repeated_id": 2, "news/exact_copy": 1}


def test_a_lightly_edited_copy_is_dropped_and_an_unlike_text_stays():
    docs = [
        document("a", edited(CONSTITUTION, 150), "wikipedia"),
        document("b", CONSTITUTION + " 이상."),
        document("c", HELP),
    ]

    counters = dedupe(docs, DropNearCopies(DedupeConfig()), ids("b", "c"))

    assert counters == {"wikipedia/near_copy": 1}


def test_candidates_that_turn_out_unlike_are_kept_apart():
    docs = [document("a", CONSTITUTION), document("b", edited(CONSTITUTION, 12))]
    eager = {"bands": 112, "rows": 1}  # every shared row makes candidates

    kept_apart = dedupe(docs, DropNearCopies(DedupeConfig(**eager)), ids("a", "b"))
    joined = dedupe(docs, DropNearCopies(DedupeConfig(**eager, min_similarity=0.2)), lambda found: None)

    assert kept_apart == {}
    assert joined == {"news/near_copy": 1}


def test_a_chain_of_copies_leaves_one_though_its_ends_are_unlike():
    words = CONSTITUTION.split() + HELP.split()
    docs = [document(f"{start:02d}", " ".join(words[start * 20 : start * 20 + 320])) for start in range(10)]

    counters = dedupe(docs, DropNearCopies(DedupeConfig()), lambda found: None)
    ends = dedupe([docs[0], docs[-1]], DropNearCopies(DedupeConfig()), ids("00", "09"))

    assert counters == {"news/near_copy": 9}
    assert ends == {}


def test_everything_that_comes_in_is_counted_as_kept_or_dropped():
    docs, stay = a_small_corpus()

    counters = dedupe(docs, DedupeDocs(DedupeConfig()), ids(*stay))

    assert counters == {"news/kept": 40, "news/exact_copy": 14, "wikipedia/near_copy": 20}
    assert sum(counters.values()) == len(docs)


def test_near_copies_stay_where_the_settings_say_so():
    docs, _ = a_small_corpus()

    counters = dedupe(docs, DedupeDocs(DedupeConfig(near=False)), lambda found: None)

    assert counters == {"news/kept": 40, "wikipedia/kept": 20, "news/exact_copy": 14}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_documents_stay_in_whatever_order_they_come(seed):
    docs, stay = a_small_corpus()
    random.Random(seed).shuffle(docs)

    dedupe(docs, DedupeDocs(DedupeConfig()), ids(*stay))


def test_the_same_documents_stay_when_two_processes_share_the_work():
    docs, stay = a_small_corpus()
    options = {"direct_num_workers": 2, "direct_running_mode": "multi_processing"}
    assert PipelineOptions(**options).view_as(DirectOptions).direct_num_workers == 2

    counters = dedupe(docs, DedupeDocs(DedupeConfig()), ids(*stay), **options)

    assert counters == {"news/kept": 40, "news/exact_copy": 14, "wikipedia/near_copy": 20}


def test_no_documents_are_no_trouble():
    assert dedupe([], DedupeDocs(DedupeConfig()), equal_to([])) == {}


def test_ranks_order_by_length_then_id_and_give_the_id_back():
    long, first, second = document("z", "긴 글이다"), document("가", "글"), document("나", "글")

    assert sorted(map(rank, [second, first, long])) == [rank(long), rank(first), rank(second)]
    assert id_of(rank(first)) == "가"


def test_documents_unlike_the_best_of_their_bucket_are_compared_with_the_best_of_the_rest():
    one, other = np.arange(112, dtype="<u2"), np.arange(500, 612, dtype="<u2")
    bucket = [(b"1", one.tobytes()), (b"2", other.tobytes()), (b"3", one.tobytes()), (b"4", other.tobytes())]

    pairs = list(SimilarPairsFn(0.7).process((b"key", bucket)))

    assert sorted(pairs) == [(b"1", b"3"), (b"2", b"4")]
