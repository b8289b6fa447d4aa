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


@pytest.mark.parametrize(
    "text",
    [
        "택시회사 사건(대법원 95다1234)",
        "자동차손해배상 95다1234",
        "버스 사건 95도1234",
        "차량사고 85다1234 판결",
        "승용차 사고에 관한 97다1234",
        "(서울 85나1234)",
        "부산 79나1234 판결",
        "대전 70도1234",
        "97머1234",
        "95거1234",
    ],
)
def test_a_case_of_a_court_is_no_plate(text):
    assert DEFAULT(text) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "서울 3호 2345 열차",
        "광주 5부 2000",
        "인천 2가 1234",
        "주차 3구 2020",
        "화물 10호 2019",
        "자동차 5대 3000만원 12가 2000",
    ],
)
def test_a_count_after_a_region_or_a_vehicle_is_no_plate(text):
    assert DEFAULT(text) == (text, [])


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("버스 부산 79나1234", "부산 79나1234"),
        ("사고차량 68주1234", "68주1234"),
        ("승용차 사고 12가3456", "12가3456"),
        ("서울 3가 2345 택시", "서울 3가 2345"),
        ("번호판 12가 2000", "12가 2000"),
    ],
)
def test_a_plate_that_could_be_a_case_or_a_count_is_masked_where_more_is_said(text, plate):
    assert [(cut.rule, cut.before) for cut in DEFAULT(text)[1]] == [("masked_licence_plate", plate)]


@pytest.mark.parametrize(
    "text",
    [
        "원고는 계좌 10000000000원을",
        "예금계좌 1000000000원",
        "우리은행 2020000000달러",
        "우리은행 2020-2021-2022 실적",
        "기업 2010-2011-2012",
        "카드 2020-2021-2022-2023",
    ],
)
def test_amounts_and_years_are_neither_accounts_nor_cards(text):
    assert DEFAULT(text) == (text, [])


@pytest.mark.parametrize("hyphen", "-‐‑‒–−―")
def test_the_hyphens_of_word_processors_part_numbers_too(hyphen):
    text = f"{hyphen.join(['010', '1234', '5678'])} 주민번호 880101{hyphen}1234567"

    assert DEFAULT(text)[0] == "[전화번호] 주민번호 [주민등록번호]"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Tel010-1234-5678", "Tel[전화번호]"),
        ("HP010-1234-5678", "HP[전화번호]"),
        ("T010-1234-5678", "T[전화번호]"),
        ("ssh 문의: hong@naver.com", "ssh 문의: [이메일]"),
        ("rsync 문제로 hong.kd@daum.net 에게 메일", "rsync 문제로 [이메일] 에게 메일"),
        ("scp 파일은 hong@naver.com 으로", "scp 파일은 [이메일] 으로"),
        ("hong@naver.com-홍길동", "[이메일]-홍길동"),
        ("hong@naver.com_홍", "[이메일]_홍"),
        ("880101-*******", "[주민등록번호]"),
        ("880101-1xxxxxx", "[주민등록번호]"),
        ("여권번호: m12345678", "여권번호: [여권번호]"),
    ],
)
def test_a_label_a_name_or_a_small_letter_at_its_side_does_not_hide_personal_data(text, masked):
    assert DEFAULT(text)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "PART010-1234-5678",
        "ssh -p 22 user@host.example.org",
        "ssh -p 22 user@host.mirinae-soft.io",
        "hong@naver.com-abc",
        "matplotlib@3.io",
        "여권 사진 m1234",
    ],
)
def test_identifiers_logins_and_versions_are_left_alone(text):
    assert DEFAULT(text) == (text, [])
