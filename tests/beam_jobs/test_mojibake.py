import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.mojibake import repair_mojibake
from tests.beam_jobs.documents import real_documents

WRONG = ["latin-1", "sloppy-windows-1252"]


def korean_lines():
    """Long enough to be seen to be Korean each by itself."""
    lines = [line for doc in real_documents() for line in doc.text.split("\n")]
    return [line for line in lines if len(re.findall("[가-힣]", line)) > 9]


def in_euc_kr(text):
    return text.encode("cp949", "ignore").decode("cp949")


@pytest.mark.parametrize("wrong", WRONG)
def test_real_lines_in_utf_8_that_were_read_wrongly_are_read_anew(wrong):
    lines = korean_lines()

    repaired = sum(repair_mojibake(line.encode().decode(wrong)) == line for line in lines)

    assert len(lines) > 500
    assert repaired >= 0.99 * len(lines)


@pytest.mark.parametrize("wrong", WRONG)
def test_real_lines_in_euc_kr_that_were_read_wrongly_are_read_anew(wrong):
    lines = [in_euc_kr(line) for line in korean_lines()]

    repaired = sum(repair_mojibake(line.encode("cp949").decode(wrong)) == line for line in lines)

    assert repaired >= 0.99 * len(lines)


@pytest.mark.parametrize("right", ["utf-8", "cp949"])
def test_short_lines_are_told_by_the_text_around_them(right):
    text = "【주    문】\n표\n가.\n1. 피고는 원고에게 돈을 지급하라.\n2. 소송비용은 피고가 부담한다."

    assert repair_mojibake(text.encode(right).decode("latin-1")) == text


def test_korean_that_was_read_wrongly_twice_is_read_anew():
    text = "대한민국은 민주공화국이다."

    assert repair_mojibake(text.encode().decode("latin-1").encode().decode("latin-1")) == text


def test_accents_and_quotation_marks_are_repaired_within_korean():
    assert repair_mojibake("카페는 â€œcafÃ©â€\x9d라고 쓴다") == "카페는 “café”라고 쓴다"


def test_clean_lines_beside_a_broken_one_stay():
    assert repair_mojibake("멀쩡한 줄 café\nì•ˆë…•í•˜ì„¸ìš”") == "멀쩡한 줄 café\n안녕하세요"


def test_real_documents_are_clean_and_stay_as_they_are():
    assert all(repair_mojibake(doc.text) == doc.text for doc in real_documents())


@pytest.mark.parametrize(
    "text",
    [
        "Ça été déjà vu à l'école. Señor Ñandú. Grüße aus Köln. AÇÃO e coração não são irmãos.",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþ",
        "가로 3 × 세로 4, 25°C ±5, ½ ¼ ²³, Paraná–Etendeka",
        "알 것입니다····· 원래 그 사건은",
        "마쥀\x80막 날짜",
    ],
)
def test_clean_text_with_unusual_letters_stays(text):
    assert repair_mojibake(text) == text


@pytest.mark.parametrize(("wrong", "right"), [("utf-8", "cp949"), ("utf-8", "cp1252"), ("cp949", "utf-8")])
def test_what_has_lost_bytes_stays_as_a_whole_and_is_not_repaired_in_part(wrong, right):
    text = "대한민국은 민주공화국이다. 대한민국의 주권은 국민에게 있다."
    lost = text.encode(wrong).decode(right, "replace")

    assert repair_mojibake(lost) == lost


def test_a_no_break_space_that_became_a_space_is_the_byte_that_a_syllable_lacks():
    text = "원고는 피고에게 제출할 자료를 보고하였고 피고가 이를 확인했다."
    misread = text.encode().decode("latin-1")

    assert "\xa0" in misread
    assert repair_mojibake(misread.replace("\xa0", " ")) == text


@given(st.text() | st.text(st.characters(min_codepoint=0x80, max_codepoint=0xFF)))
def test_a_repair_never_makes_a_text_longer(text):
    assert len(repair_mojibake(text)) <= len(text)
