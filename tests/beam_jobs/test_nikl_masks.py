import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.nikl.nikl_masks import PLACEHOLDERS, drop_events, name_masks, plain_speech

MARKS = [
    "&name1&",
    "& name&",
    "&others&",
    "&",
    "{laughing}",
    "{share: photo}",
    "{",
    "}",
    "((xx))",
    "((",
    "))",
    "~",
    "-",
]
texts = st.lists(st.sampled_from([*MARKS, "가", "나는", " ", "x", ".", "1"])).map("".join)


@pytest.mark.parametrize(
    ("masked", "named"),
    [
        ("&name&이가", "[이름]이가"),
        ("&name1&, &name12&", "[이름], [이름]"),
        ("& name& &nama& &anme& &naem&", "[이름] [이름] [이름] [이름]"),
        ("&social-security-num1&", "[주민등록번호]"),
        ("&card-num&", "[카드번호]"),
        ("&bank-account&로", "[계좌번호]로"),
        ("&account& &online-account&", "[계정] [계정]"),
        ("&tel-num1&", "[전화번호]"),
        ("&num&번", "[번호]번"),
        ("&address1&에 살아", "[주소]에 살아"),
        ("&location&", "[장소]"),
        ("&affiliation& &affifiation&", "[소속] [소속]"),
        ("&company-name1& &company& &compnay&", "[회사] [회사] [회사]"),
        ("&brand& &brands2&", "[상표] [상표]"),
        ("&art&", "[작품]"),
        ("&other& &others&", "[기타] [기타]"),
        ("&name&&address&", "[이름][주소]"),
    ],
)
def test_each_mask_becomes_the_placeholder_of_its_kind(masked, named):
    assert name_masks(masked) == named


@pytest.mark.parametrize(
    "text", ["R&D, AT&T", "name1이", "&amp;", "?a=1&name=2&num=3", "&unheard-of&", "&이름&", "& &"]
)
def test_what_is_no_mask_stays(text):
    assert name_masks(text) == text


def test_placeholders_are_all_different_and_no_masks_themselves():
    assert len(set(PLACEHOLDERS.values())) == len(PLACEHOLDERS)
    assert all(re.fullmatch(r"\[[가-힣]+\]", placeholder) for placeholder in PLACEHOLDERS.values())


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ("{laughing} 그래요", "그래요"),
        ("아 {clearing} 네", "아 네"),
        ("{singing}{applauding}{applausing}", ""),
        ("{emoji}ㅋㅋ", "ㅋㅋ"),
        ("{system: gift}", ""),
        ("{share:photo} 봐", "봐"),
        ("{censored}", ""),
        ("{ㅋㅋ} {1}", "{ㅋㅋ} {1}"),
    ],
)
def test_events_are_dropped_and_words_stay(noted, said):
    assert drop_events(noted) == said


@pytest.mark.parametrize(
    ("transcribed", "plain"),
    [
        ("이제 ((xx)) 가요", "이제 가요"),
        ("((xxx)) (()) (( ))", ""),
        ("((아마)) 그래요", "아마 그래요"),
        ("어~ 그~ 뭐~~ 그렇죠", "어 그 뭐 그렇죠"),
        ("2~3명", "2~3명"),
        ("-그- 그게", "그 그게"),
        ("-제가 그- 그래서요", "제가 그 그래서요"),
        ("원-달러 5-6월 -", "원-달러 5-6월 -"),
        ("(웃음) 네", "(웃음) 네"),
    ],
)
def test_signs_of_a_transcript_are_taken_away_and_what_was_said_stays(transcribed, plain):
    assert plain_speech(transcribed) == plain


@pytest.mark.parametrize("rule", [name_masks, drop_events, plain_speech])
@given(text=texts)
def test_a_rule_that_was_applied_changes_nothing_more(rule, text):
    once = rule(text)

    assert rule(once) == once


@pytest.mark.parametrize("rule", [name_masks, drop_events, plain_speech])
@given(text=st.text(st.characters(blacklist_characters="&{}()~-")))
def test_a_text_without_marks_stays_as_it_is(rule, text):
    assert rule(text) == text


def test_a_range_keeps_its_sign_where_a_drawn_out_word_loses_it():
    assert plain_speech("음~ 월~금 10시~11시에 네~, 그래~") == "음 월~금 10시~11시에 네, 그래"
