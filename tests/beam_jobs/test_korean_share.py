import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.korean_share import korean_share
from beam_jobs.korean_text import hangul_share

KOREAN = "컨테이너는 운영 체제가 관리하는 구동 프로세스이다."
ENGLISH = "A container is a running process that is managed by an operating system."
JAPANESE = "コンテナは、コンピューターのオペレーティングシステムによって管理されるプロセスです。"
CODE = "for (int i = 0; i < names.size(); ++i) { cout << names[i] << endl; }"
awkward = st.text(st.sampled_from("가나歴史かカa1 \n{}.é😀ก"))
lines_of_a_page = st.lists(st.sampled_from([KOREAN, ENGLISH, JAPANESE, CODE, "홈", ""]), max_size=12)


def letters(line):
    return sum(map(str.isalpha, line))


def prose_of(text):
    found = korean_share(text)
    return [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]


@given(st.integers(0, 5), st.integers(1, 5))
def test_the_share_weighs_a_hangul_syllable_three_and_a_latin_letter_one(korean, english):
    text = "\n".join([KOREAN] * korean + [ENGLISH] * english)

    share = korean_share(text).share

    by_hand = 3 * letters(KOREAN) * korean
    assert share == pytest.approx(by_hand / (by_hand + letters(ENGLISH) * english))


@given(lines_of_a_page, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(lines, random):
    mixed = list(lines)
    random.shuffle(mixed)

    assert korean_share("\n".join(mixed))[:2] == korean_share("\n".join(lines))[:2]


@given(awkward)
def test_shares_are_shares_and_lines_of_prose_are_lines_of_the_text(text):
    found = korean_share(text)

    assert 0.0 <= found.share <= 1.0
    assert 0.0 <= found.other_cjk <= 1.0
    assert set(prose_of(text)) <= set(text.split("\n"))
    assert np.all(found.starts[1:] > found.ends[:-1])


def test_every_letter_of_the_basic_plane_is_hangul_here_where_the_hangul_share_says_so():
    letters_of_the_plane = [chr(code) for code in range(0x10000) if chr(code).isalpha()]
    hangul = [letter for letter in letters_of_the_plane if hangul_share(letter) == 1.0]
    others = sorted({*letters_of_the_plane} - {*hangul})

    assert len(hangul) > 11_172
    assert korean_share("".join(hangul)).share == 1.0
    assert korean_share("".join(others)).share == 0.0


def test_neither_code_nor_a_menu_counts():
    menu = ["홈", "회사 소개", "고객 센터", "Home", "About us", "Contact"]

    assert prose_of("\n".join([*menu, KOREAN, CODE, ENGLISH, CODE])) == [KOREAN, ENGLISH]


def test_a_korean_sentence_about_english_names_is_korean():
    about_names = "`CComMultiThreadModelNoCS::ThreadProc`은 `Increment`와 `Decrement`를 호출하는 클래스입니다."

    assert korean_share(about_names).share == 1.0


def test_an_english_sentence_that_quotes_korean_is_not():
    quoting = "The declaration of 독립선언서 was read aloud in Seoul on the first day of March."

    assert hangul_share(quoting) > 0
    assert prose_of(quoting) == [quoting]
    assert korean_share(quoting).share == 0.0


@pytest.mark.parametrize(
    "line",
    [
        "悠久한 歷史와 傳統에 빛나는 우리 大韓國民은 法統과 民主理念을 繼承하고",
        "吾等은 玆에 我 朝鮮의 獨立國임과 朝鮮人의 自主民임을 宣言하노라",
    ],
)
def test_hanja_count_as_korean_in_mixed_script(line):
    found = korean_share(line)

    assert found.share == 1.0
    assert found.other_cjk > 0.3


@pytest.mark.parametrize(
    "line",
    [
        JAPANESE,
        "「안녕하세요」はいつでもどこでも使う挨拶です、覚えましょう。",
        "有些词还可以加以分析,如학교是一个词,分析词时所得的单位叫做词素。",
    ],
)
def test_japanese_and_chinese_lines_are_not_korean_whatever_they_quote(line):
    text = f"{KOREAN}\n{line}\n{line}"

    assert prose_of(text) == [KOREAN, line, line]
    assert korean_share(text).share < 0.6


def test_a_text_with_next_to_no_prose_is_judged_by_all_its_letters():
    words = "\n".join(["가게", "shop"] * 50)

    found = korean_share(words)

    assert not len(found.starts)
    assert found.share == 6 / 10


@pytest.mark.parametrize("text", ["", "\n\n", "12345 --- 😀", " "])
def test_a_text_with_no_letters_has_no_share(text):
    assert korean_share(text)[:2] == (0.0, 0.0)
