import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beam_jobs.clean_config import NormaliseConfig
from beam_jobs.cleaning.normal_form import Normaliser
from tests.beam_jobs.documents import real_documents

RULES = [name for name, field in NormaliseConfig.model_fields.items() if field.annotation is bool]
normaliser = Normaliser(NormaliseConfig())


def normalise(text):
    return normaliser(text)[0]


def every_rule_but(*off):
    return Normaliser(NormaliseConfig.model_validate(dict.fromkeys(off, False)))


UNCOMPOSED = "가한ᄒ\u1161\u11ab\u11a2\u119e\u1160aé\u0301\u0338"
LAYOUT = " \t\r\n\v\f\u00a0\u00ad\u200b\u2028\u3000\ufeff\x85\ud800\ufffe\ue0003"
PIECES = (
    *("ㅋ", "ㅎ", "ㅠㅜ", "하", "!", "...", "=", "-", "|", ",", " ", "\n", "\u00a0"),
    *("&", "amp;", "&lt;", "br", ">", "<br/>", "<b>", "<", "<!--", "-->", "&#65281;", "；", "＆", "＜", "\u0338"),
    *("ㆍ", "‧", "ì•ˆ", "ë…•", "Ã©", "´ë", "ÇÑ", "¹Î"),
)
awkward = st.text(st.sampled_from(UNCOMPOSED + LAYOUT))
pieces = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
any_text = st.text() | awkward | pieces
any_rules = st.fixed_dictionaries({rule: st.booleans() for rule in RULES} | {"max_repeats": st.integers(2, 5)})


@settings(max_examples=400)
@given(any_text)
@example("&amp;amp;amp;lt;br&gt;")
@example("＆ｌｔ；br＆ｇｔ；")
@example("ㅋㅎㅋㅎㅋㅎㅋㅎㅎㅎㅎㅎ")
@example("Ã\u200b©")
@example("ㆍ\u3164사과")
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text)

    assert normaliser(once) == (once, ())


@settings(max_examples=300)
@given(any_text, any_rules)
def test_with_any_rules_twice_is_as_once_and_files_can_hold_the_text(text, rules):
    some = Normaliser(NormaliseConfig.model_validate(rules))

    once, changed = some(text)

    assert some(once) == (once, ())
    assert once.encode().decode() == once
    assert set(changed) <= {rule for rule, on in rules.items() if on} | {"invisible"}
    assert bool(changed) == (once != text)


@given(any_text)
def test_a_normalised_text_is_nfc_without_control_characters_or_trailing_blanks(text):
    normal = normalise(text)

    assert unicodedata.is_normalized("NFC", normal)
    assert {unicodedata.category(character) for character in normal} & {"Cc", "Cs", "Co", "Zl", "Zp"} <= {"Cc"}
    assert all(character == "\n" or unicodedata.category(character) != "Cc" for character in normal)
    assert all(line == line.rstrip() for line in normal.split("\n"))
    assert "\n\n\n" not in normal


INVISIBLE = [0x0, 0x85, 0xAD, 0x1160, 0x200B, 0x200D, 0x200E, 0x2060, 0xFEFF, 0xFE0F]
NEVER_TEXT = [0xFFFE, 0xFDD0, 0x1FFFF, 0x10FFFF, 0xE000, 0xF0000, 0xE0041, 0xD800]


@pytest.mark.parametrize("code", INVISIBLE + NEVER_TEXT)
def test_invisible_characters_go_and_part_no_word(code):
    assert normalise(f"한{chr(code)}글") == "한글"


def test_a_soft_hyphen_before_a_number_is_a_minus_sign():
    assert normalise("55억\u00ad10억, 소프트\u00ad웨어") == "55억-10억, 소프트웨어"


def test_emoji_stay_and_lose_their_joiners():
    assert normalise("가족 👨\u200d👩\u200d👧 ❤\ufe0f") == "가족 👨👩👧 ❤"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\v", "\f", "\u2028", "\u2029"])
def test_every_line_end_becomes_a_line_feed(end):
    assert normalise(f"위{end}아래") == "위\n아래"


@pytest.mark.parametrize("blank", ["\t", "\u00a0", "\u2003", "\u202f", "\u2800", "\u3000", "\u3164"])
def test_every_blank_becomes_a_space(blank):
    assert normalise(f"앞{blank}뒤") == "앞 뒤"


def test_letters_that_an_invisible_character_parted_become_a_syllable():
    assert normalise("\u1112\u200b\u1161\u11ab") == "한"


def test_trailing_blanks_go_blank_lines_are_squeezed_and_indentation_stays():
    assert normalise("제목  \n \n\t\n\n    본문 \n\n") == "제목\n\n    본문"


@pytest.mark.parametrize(
    ("rule", "text", "normal"),
    [
        ("mojibake", "ì•ˆë…•í•˜ì„¸ìš”. ë°˜ê°‘ìŠµë‹ˆë‹¤.", "안녕하세요. 반갑습니다."),
        ("html", "가&nbsp;나&amp;다<br>라&#39;마", "가 나&다\n라'마"),
        ("invisible", "한\u200b글", "한글"),
        ("full_width", "ＡＢＣ１２３（가）", "ABC123(가)"),
        ("nfc", "\u1112\u1161\u11ab", "한"),
        ("jamo", "\u110f\u110f 재밌다\u11a2", "ㅋㅋ 재밌다.."),
        ("middle_dots", "시ㆍ도지사", "시·도지사"),
        ("blanks", "가\u3000나  \r\n", "가 나"),
        ("repeats", "ㅋㅋㅋㅋㅋㅋ 좋아요!!!!!! ㅠㅜㅠㅜㅠㅜㅠㅜㅠㅜ", "ㅋㅋㅋ 좋아요!!! ㅠㅜㅠㅜㅠㅜ"),
    ],
)
def test_a_rule_does_its_work_by_name_and_can_be_turned_off(rule, text, normal):
    without = every_rule_but(rule)

    found, rules = normaliser(text)

    assert found == normal
    assert rule in rules
    assert rule not in without(text)[1]
    assert without(text)[0] != normal


def test_every_rule_of_the_settings_is_a_rule_of_the_normaliser():
    names = {
        rule
        for text in ("ì•ˆë…•", "&nbsp;", "\u200b", "Ａ", "e\u0301", "\u110f", "시ㆍ도", "\t", "!!!!")
        for rule in normaliser(text)[1]
    }

    assert names == set(RULES)


def test_with_every_rule_off_lone_surrogates_alone_go():
    text = "\ufeff Ａ&lt;\t\u1112\u1161\u11ab\r\n\n\n\nㅋㅋㅋㅋㅋㅋ "

    assert every_rule_but(*RULES)(text + "\udc80") == (text, ("invisible",))


def test_without_nfc_the_letters_of_a_syllable_are_not_parted():
    assert every_rule_but("nfc")("\u1112\u1161\u11ab") == ("\u1112\u1161\u11ab", ())


def test_what_one_rule_uncovers_another_sees():
    assert normalise("＆ａｍｐ；ａｍｐ；ｌｔ；Ａ&#8203;&#12596;&#51068;…＆ｈｅｌｌｉｐ；") == "<Aㄴ일……"


@pytest.mark.parametrize(
    "text",
    [
        "| 이름 | 값 |\n|---|------|\n| 가 | 1000000 |",
        "예:\n    if (a === b) { return 1111111; }",
        "하하하 웃었다... 정말!!!",
        "vector<int> a; std::map<K, V> b; <p>문단</p>",
        "https://a.kr/?a=1&copy=2&lt=3",
        "「조선왕조실록」의 ‘세종’편 — 1권·2권… ㈜한국, 30㎏",
        "Ñandú, café, naïve, Ångström, Ão, 25°C ± ½ × ²",
    ],
)
def test_what_is_as_it_should_be_stays_as_it_is(text):
    assert normaliser(text) == (text, ())


def test_real_documents_keep_every_letter_and_digit_but_those_repeated():
    for doc in real_documents():
        letters = [character for character in doc.text if character.isalnum()]
        kept = [character for character in normalise(doc.text) if character.isalnum()]

        assert len(kept) >= 0.995 * len(letters)
