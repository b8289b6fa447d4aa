import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.korean_sentences import (
    BLANK,
    DIGIT,
    LETTER,
    SYMBOL,
    character_kinds,
    ends_sentence,
    marked_word_share,
    sentences,
)
from beam_jobs.korean_text import code_points

QUALITY = Path(__file__).parents[1] / "data" / "quality"
awkward = st.text(st.sampled_from("가다요죠습니까함음이라고네더있었 \t\n.…!?~;ㅡㅋㅠ^♡○■()\"'”)<>1a"))


def parts(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        ["상고를 기각한다.", "논지는 이유 없다."],
        ["정말 그런가요?", "네!", "그럼 갑시다."],
        ["가. 원고는 2009. 6. 3. 서울에서 출발하였다.", "나. 피고는 남았다."],
        ["1. 피고는 1.5배를 지급하라.", "2. 나머지는 기각한다."],
        ["J. K. 롤링과 St. 존은 No. 5를 골랐다.", "끝이다."],
        ["그는 “이제 간다.” 하고 말했다.", "모두 울었다."],
        ['그는 "이제 간다." 라고 말했다.', "모두 울었다."],
        ["그는 “이제 간다.”", "만약 그렇다면 늦었다."],
        ["글쎄... 그건 좀 아니다.", "재밌었다...", "또 본다."],
        ["오늘 다녀왔습니다", "정말 좋았어요", "추천해요"],
        ["필요 없는 개요 문서와 중요 사항"],
        ["그 밖의 사항은 대통령령으로 정한다. <개정 2014.12.31>"],
        ["다른 날로 한다(제2조의 경우는 제외한다).", "다만, 그러하지 아니하다."],
        ["산림(보호구역은 제외한다. 이하 같다)에서 벌채를 하려는 자는 허가를 받아야 한다.", "변경할 때에도 같다."],
        ["정말 재밌어 ㅋㅋㅋ", "또 볼 거야 ㅠㅠ", "배우도 좋고^^"],
        ["믿을 게 못 된다. ^^", "감독이 다 망쳤다!! ㅋㅋ", "끝."],
        ["두 나라의 역사가 만나는 이야기..", "깊은 여운에 만족했다.", "황당한 결말..", "볼만함"],
        ["재미있지만.. 길다.", "진짜.. 영화는 별로다.", "이거 빼고는.. 그냥 그렇다."],
        ["이건 정말 아니다~", "서울~부산 구간은 1~3시간 걸린다."],
        ["이런 영화는 극한의 영화이다", "영화관에서 또 보고 싶었다", "결말이 좋았네", "꼭 보더라"],
        ["그렇게 했다 하더라도 책임은 남는다.", "옳다 생각한다 해도 그렇다.", "무릎을 구부렸다 펴는 자세였다."],
        ["1) 주치의 소견", "○ 장해상태: 일부 제한", "○ 언어장해: 없음.", "■ 판단"],
        ["피고 ○○○의 집", "○ 원고"],
    ],
)
def test_a_text_is_parted_where_its_sentences_end(whole):
    assert parts(" ".join(whole)) == whole


@pytest.mark.parametrize(
    "whole",
    [
        ["좋아요.", "비싸죠.", "그래도 삽니다.example.com도 봐요."],
        ["왜 그런데?", "그냥 재미없다...", "중반부도 길다ㅋㅋㅋ", "끝이 보인다ㅡㅡ", "아"],
        ["가.나.라와 한.미 협정, panic!을 부르는 경우, 1.5배, 모르는 걸?하면서 본다."],
        ["“그는 갔다.”고 말했다."],
    ],
)
def test_without_a_blank_a_sentence_ends_only_at_marks_after_hangul_and_at_a_full_stop_after_an_ending(whole):
    assert parts("".join(whole)) == whole


def test_plain_endings_end_sentences_only_where_full_stops_are_not_put():
    unpunctuated = "처음엔 좋았다 나중엔 길었다 그래도 봤다"

    assert parts(unpunctuated) == ["처음엔 좋았다", "나중엔 길었다", "그래도 봤다"]
    assert parts(f"{unpunctuated}. 끝이다.") == [f"{unpunctuated}.", "끝이다."]


@pytest.mark.parametrize("run", ["." * 100_000 + "x", "ㅋ" * 100_000 + "a", "(했다. " * 20_000, "했다 " * 20_000])
def test_a_long_run_is_looked_at_once(run):
    assert "".join(parts(run)).replace(" ", "") == run.replace(" ", "")


def test_a_line_ends_a_sentence_whatever_stands_at_its_end():
    assert parts("\n제목 \n\n  1.\n유모차\n2009. 6. 3.\n") == ["제목", "1.", "유모차", "2009. 6. 3."]


@given(st.text() | awkward)
def test_sentences_cover_all_but_blanks_in_order_and_hold_no_line_end(text):
    spans = sentences(text)

    assert "".join(part for start, end in spans for part in text[start:end].split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all("\n" not in text[start:end] for start, end in spans)
    assert all(before <= after for (_, before), (after, _) in itertools.pairwise(spans))


@pytest.mark.parametrize(
    "line",
    [
        "상고를 기각한다",
        "상고를 기각한다.",
        "이 법은 공포한 날부터 시행한다. <개정 2020.1.1>",
        "다음과 같다:",
        "“모두 간다.”",
        "(보통 values.yaml에 정의된다.)",
        "왜 그럴까",
        "정말 좋았어요",
        "추천함ㅋㅋ",
        "너무 슬픔 ㅠㅠ",
        "재밌었다...",
        "해당 사항 없음",
        "서류를 제출할 것",
        "This is a sentence.",
    ],
)
def test_a_line_that_is_said_to_its_end_ends_a_sentence(line):
    assert ends_sentence(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        ">",
        "1. 유모차",
        "가.",
        "2009. 6. 3.",
        "정부는 오늘 새로운 정책을…",
        "이 명령을 사용하려면...",
        "개요",
        "필요",
        "다음",
        "포함",
        "로그인 | 회원가입",
        "return value;",
        "제2조 (정의)",
    ],
)
def test_a_heading_an_item_or_a_cut_off_line_ends_none(line):
    assert not ends_sentence(line)


@given(st.text() | awkward)
def test_any_line_can_be_asked(line):
    assert ends_sentence(line) in (True, False)


def test_a_particle_or_an_ending_marks_a_word_and_a_lone_syllable_is_none():
    share = marked_word_share(character_kinds(code_points("React는 이 화면을 그리는 라이브러리, 도구")))

    assert share == 3 / 5  # React는, 화면을, 그리는 of those with 라이브러리 and 도구


@pytest.mark.parametrize("text", ["", "가", " ", "abc 123", "이 그 저"])
def test_a_text_without_korean_words_has_no_share(text):
    assert marked_word_share(character_kinds(code_points(text))) == 0.0


@given(st.text(st.sampled_from("가나은를다 a1.\n")))
def test_the_share_of_marked_words_equals_asking_each_character(text):
    ends = [
        place
        for place in range(1, len(text))
        if "가" <= text[place] <= "힣"
        and text[place - 1].isalnum()
        and not (text[place + 1 : place + 2] and "가" <= text[place + 1] <= "힣")
    ]
    marked = [place for place in ends if text[place] in "가은를다"]

    assert marked_word_share(character_kinds(code_points(text))) == (len(marked) / len(ends) if ends else 0.0)


def test_prose_has_twice_the_marked_words_of_its_nouns():
    prose = (QUALITY / "kept_decision.txt").read_text(encoding="utf-8")
    nouns = " ".join(word[:-1] for word in prose.split() if word[-1] in "은는이가을를에의로" and len(word) > 2)

    shares = [marked_word_share(character_kinds(code_points(text))) for text in (prose, nouns)]

    assert shares[0] > 0.6
    assert shares[1] < 0.3


def test_characters_are_blanks_symbols_digits_or_letters():
    kinds = character_kinds(code_points(" \n.…★😀1½가ㅋa漢"))

    assert np.minimum(kinds, LETTER).tolist() == [BLANK] * 2 + [SYMBOL] * 4 + [DIGIT] * 2 + [LETTER] * 4
