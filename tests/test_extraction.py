import pytest

from benchmarks.extraction import Annotation, Score, annotated_pages, annotations, score, score_all

FLOOR = 0.95


@pytest.fixture(scope="module", params=["dev", "unseen"])
def scores(request) -> dict[str, Score]:
    return score_all(annotations(request.param), annotated_pages())


@pytest.mark.parametrize("library", ["trafilatura", "trafilatura, fast", "resiliparse"])
def test_our_extraction_is_at_least_as_good_as_the_library(scores, library):
    assert scores["ours, resiliparse"].f1 >= scores[library].f1


def test_our_extraction_stays_above_its_floor(scores):
    assert scores["ours, resiliparse"].f1 >= FLOOR


def test_no_page_is_in_both_sets_and_each_is_stored():
    dev, unseen = ({each.url for each in annotations(name)} for name in ("dev", "unseen"))

    assert not dev & unseen
    assert len(dev | unseen) >= 40
    assert dev | unseen == set(annotated_pages())


def test_a_score_counts_what_is_kept_lost_and_intrudes():
    annotated = [
        Annotation("a", "site", kept=("첫 문장.", "끝\n문장.", "잃은 문장."), absent=("메뉴", "꼬리말")),
        Annotation("b", "site", kept=("다른 글.",), absent=("메뉴",)),
    ]
    pages = {"a": "메뉴 첫  문장. 끝 문장.", "b": "다른 글."}

    found = score(annotated, pages, extract=str)

    assert found == Score(kept=3, lost=1, intruding=1)
    assert (found.precision, found.recall, found.f1) == (0.75, 0.75, 0.75)
