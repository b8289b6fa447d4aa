import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.clean_config import LanguageConfig
from beam_jobs.cleaning.language import LanguageJudge
from tests.beam_jobs.documents import normalise

PAGES = Path(__file__).parents[1] / "data" / "language"
judge = LanguageJudge(LanguageConfig())


def page(name):
    return normalise((PAGES / f"{name}.txt").read_text(encoding="utf-8"))


def lines_of(name, count):
    return "\n".join(page(name).split("\n")[:count])


def longest_paragraph(name):
    return max(page(name).split("\n\n"), key=len)


def rule(verdict):
    return verdict.finding.rule if verdict.finding else None


@pytest.mark.parametrize(
    ("name", "found", "by"),
    [
        ("korean", None, "hangul"),
        ("tutorial_with_code", None, "hangul"),
        ("reference_with_code", None, "hangul"),
        ("mixed_script", None, "cld2"),
        ("half_translated", None, "cld2"),
        ("third_translated", None, "lid176"),
        ("untranslated_sentences", "not_korean", "cld2"),
        ("mostly_untranslated", "few_korean_lines", "hangul"),
        ("english", "low_hangul_share", "hangul"),
        ("japanese", "low_hangul_share", "hangul"),
        ("chinese", "low_hangul_share", "hangul"),
    ],
)
def test_a_real_page_is_kept_or_dropped_by_the_cheapest_judge_that_is_sure(name, found, by):
    verdict = judge(page(name))

    assert (rule(verdict), verdict.judge) == (found, by)


@pytest.mark.parametrize("items", [20, 40, 60])
def test_an_english_page_goes_whatever_the_length_of_its_korean_menu(items):
    text = f"{lines_of('korean_menu', items)}\n\n{page('english')}"

    verdict = judge(text)

    assert rule(verdict) in ("low_hangul_share", "few_korean_lines")
    assert judge(f"{text}\n\n저작권은 운영자에게 있으며 무단으로 복제할 수 없습니다.").finding is not None


def test_an_english_paragraph_goes_with_a_korean_menu_that_has_nearly_as_many_letters():
    text = f"{page('korean_menu')}\n\n{longest_paragraph('english')}"

    verdict = judge(text)

    assert verdict.hangul_share > 0.25
    assert rule(verdict) == "few_korean_lines"


def test_a_korean_page_stays_with_an_english_menu_longer_than_itself():
    text = f"{page('english_menu')}\n\n{longest_paragraph('korean')}"

    verdict = judge(text)

    assert verdict.hangul_share < 0.25
    assert verdict.finding is None


def test_an_untranslated_reference_goes_with_its_code():
    code = [line for line in page("reference_with_code").split("\n") if line.startswith((" ", "#", "}"))]

    assert judge("\n".join([page("english"), *code])).finding is not None


@pytest.mark.parametrize("foreign", ["english", "japanese", "chinese"])
@pytest.mark.parametrize(("korean", "other", "kept"), [(6, 1, True), (1, 6, False)])
def test_paragraphs_of_two_languages_are_kept_by_what_most_of_them_say(foreign, korean, other, kept):
    text = "\n\n".join([page("korean")] * korean + [page(foreign)] * other)

    assert (judge(text).finding is None) == kept


@pytest.mark.parametrize("text", ["", "12345 67890 ---", "annyeonghaseyo jeoneun hangugeo reul gongbuhago isseoyo"])
def test_a_text_without_hangul_goes_for_its_hangul_share(text):
    verdict = judge(text)

    assert rule(verdict) == "low_hangul_share"
    assert verdict.score == 0.0


def test_a_comment_of_one_short_line_is_korean():
    assert judge("진짜 재밌네ㅋㅋ").finding is None


def test_a_finding_says_what_was_measured_and_what_is_asked_for():
    few, unsure = judge(page("mostly_untranslated")), judge(page("untranslated_sentences"))

    assert few.finding == ("few_korean_lines", few.korean_line_share, judge.rules.min_korean_line_share)
    assert unsure.finding == ("not_korean", unsure.score, judge.rules.min_score)


@pytest.mark.parametrize(
    ("name", "changes", "found"),
    [
        ("reference_with_code", {"min_hangul_share": 0.2}, "low_hangul_share"),
        ("mostly_untranslated", {"min_korean_line_share": 0.1}, "not_korean"),
        ("third_translated", {"min_score": 0.7}, "not_korean"),
        ("untranslated_sentences", {"min_score": 0.2}, None),
        ("korean", {"sure_hangul_share": 0.9, "min_korean_line_share": 1.0, "sure_korean_line_share": 1.0}, None),
    ],
)
def test_a_threshold_moves_what_is_kept(name, changes, found):
    assert rule(LanguageJudge(LanguageConfig(**changes))(page(name))) == found


def test_a_band_of_doubt_that_is_upside_down_is_refused():
    with pytest.raises(ValueError, match="min_korean_line_share 0.8 exceeds sure_korean_line_share 0.7"):
        LanguageConfig(min_korean_line_share=0.8)


@pytest.mark.parametrize("name", ["half_translated", "third_translated"])
def test_a_judge_that_was_sent_to_a_worker_judges_alike(name):
    sent = pickle.loads(pickle.dumps(judge))

    assert sent(page(name)) == judge(page(name)) == pickle.loads(pickle.dumps(judge))(page(name))


@given(st.lists(st.sampled_from(page("half_translated").split("\n") + page("japanese").split("\n")), max_size=20))
def test_a_score_is_a_share_and_alone_decides_what_the_models_are_asked(lines):
    verdict = judge("\n".join(lines))

    assert 0.0 <= verdict.score <= 1.0
    if verdict.judge != "hangul":
        assert (verdict.finding is None) == (verdict.score >= judge.rules.min_score)
