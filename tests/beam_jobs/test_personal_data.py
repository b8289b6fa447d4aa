import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.clean_config import PersonalDataConfig
from beam_jobs.cleaning.finding import Cut
from beam_jobs.cleaning.personal.spans import Span
from beam_jobs.cleaning.personal_data import PLACEHOLDERS, PersonalData
from beam_jobs.sources.nikl.nikl_masks import PLACEHOLDERS as CORPUS_PLACEHOLDERS

DATA = Path(__file__).parents[1] / "data"
CASES = [json.loads(line) for line in (DATA / "personal_data" / "cases.jsonl").read_text("utf-8").splitlines()]
EVERY_KIND = PersonalData(PersonalDataConfig(business_number=True))
DEFAULT = PersonalData(PersonalDataConfig())
PIECES = [
    "010-1234-5678",
    "01012340987",
    "02-123-4567~8",
    "850312-1973450",
    "국민은행 ",
    "계좌번호: ",
    "123456-01-123456",
    "110-123-456789",
    "4111 1111 1111 1111",
    "여권 ",
    "M12345678",
    "면허 ",
    "11-12-123456-01",
    "123가4567",
    "차량 ",
    "IP ",
    "211.34.56.78",
    "a@byeolbit-mail.kr",
    "(골뱅이)",
    "공일공",
    "일이삼사",
    "123-45-67891",
    *PLACEHOLDERS.values(),
    *" ,.-@~()\n",
    "12",
    "전화",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def expected_spans(case):
    return {Span(*span) for span in case["spans"]}


@pytest.mark.parametrize("case", [case for case in CASES if case["written"] == "before"], ids=lambda case: case["text"])
def test_what_the_patterns_were_made_for_is_found_to_the_character(case):
    assert set(EVERY_KIND.find(case["text"])) == expected_spans(case)


def test_forms_thought_up_after_the_patterns_are_found_as_published():
    unseen = [
        (set(EVERY_KIND.find(case["text"])), expected_spans(case)) for case in CASES if case["written"] == "after"
    ]

    right = sum(len(found & expected) for found, expected in unseen)

    assert right / sum(len(found) for found, _ in unseen) >= 0.95
    assert right / sum(len(expected) for _, expected in unseen) >= 0.76


def test_there_are_cases_enough_of_both_sorts_and_halves():
    with_data = [case for case in CASES if case["spans"]]
    without = [case for case in CASES if not case["spans"]]

    assert min(len(with_data), len(without)) >= 200
    assert {kind for case in CASES for kind, *_ in case["spans"]} == set(PLACEHOLDERS)
    assert all(sum(case["written"] == "after" for case in cases) >= 100 for cases in (with_data, without))


def test_the_placeholders_of_the_cleaned_corpora_are_used_where_the_kind_is_the_same():
    assert all(PLACEHOLDERS[kind] == CORPUS_PLACEHOLDERS[kind] for kind in set(PLACEHOLDERS) & set(CORPUS_PLACEHOLDERS))
    assert len(set(PLACEHOLDERS.values())) == len(PLACEHOLDERS)


def test_a_text_comes_with_placeholders_and_each_place_that_was_masked():
    text = "문의: 010.1234.5678 또는\nminsu@byeolbit-mail.kr로"

    masked, cuts = DEFAULT(text)

    assert masked == "문의: [전화번호] 또는\n[이메일]로"
    assert cuts == [
        Cut("masked_phone", "010.1234.5678", "[전화번호]"),
        Cut("masked_email", "minsu@byeolbit-mail.kr", "[이메일]"),
    ]


@pytest.mark.parametrize("kind", sorted(PLACEHOLDERS))
def test_each_kind_can_be_turned_off_without_touching_the_others(kind):
    others = {f"masked_{other}" for other in PLACEHOLDERS} - {f"masked_{kind}"}
    without = PersonalData(PersonalDataConfig(**{other: other != kind for other in PLACEHOLDERS}))
    own = [case["text"] for case in CASES if case["written"] == "before" and any(s[0] == kind for s in case["spans"])]

    rules = {cut.rule for case in CASES for cut in without(case["text"])[1]}

    assert rules == others
    assert all(any(cut.rule == f"masked_{kind}" for cut in EVERY_KIND(text)[1]) for text in own)


@given(texts)
def test_masking_twice_changes_nothing_more(text):
    masked, cuts = EVERY_KIND(text)

    assert EVERY_KIND(masked) == (masked, [])
    assert (masked != text) == bool(cuts)


@given(texts)
def test_what_is_found_stands_in_order_and_apart(text):
    spans = EVERY_KIND.find(text)

    borders = [border for span in spans for border in (span.start, span.end)]
    assert borders == sorted(borders)
    assert all(span.start < span.end <= len(text) for span in spans)


@given(st.text(st.characters(blacklist_characters="0123456789@", blacklist_categories=("Cs",))))
def test_a_text_without_digits_and_at_signs_is_left_alone_unless_it_spells_them(text):
    spelled = any(sign in text for sign in ("골뱅이", "at", "AT", "DOT", "dot", "공일", "영일"))

    assert spelled or EVERY_KIND(text) == (text, [])


def test_numbers_are_masked_however_many_stand_in_a_row():
    text = ",".join(f"010-1234-{number:04}" for number in range(2_000))

    masked, cuts = DEFAULT(text)

    assert len(cuts) == 2_000
    assert len(DEFAULT.find(text)) == 2_000  # all in one look: a look for each would take the square of the time
    assert masked == ",".join(["[전화번호]"] * 2_000)


@pytest.mark.parametrize("name", ["kept_decision", "kept_statute", "kept_tutorial", "kept_article", "kept_reviews"])
def test_nothing_is_masked_in_statutes_decisions_tutorials_and_reviews(name):
    text = (DATA / "quality" / f"{name}.txt").read_text("utf-8")

    assert any(letter.isdigit() for letter in text)
    assert DEFAULT(text) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "주민등록번호 800101-1234567",  # said to be one: the check digit does not hold
        "450615-3981235",  # a birthday after October 2020: there is no check digit
    ],
)
def test_a_registration_number_without_a_check_digit_needs_a_word_or_a_late_birthday(text):
    assert [cut.rule for cut in DEFAULT(text)[1]] == ["masked_registration_number"]
    assert DEFAULT("800101-1234567")[1] == []


def test_what_is_masked_gives_no_hint_for_what_follows():
    text = "[전화번호] 0311234567 [계좌번호] 12345678901234"

    assert DEFAULT(text) == (text, [])
