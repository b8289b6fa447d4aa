import functools
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.decontamination.compared_letters import letters_of
from beam_jobs.decontamination.cutting import judge
from beam_jobs.decontamination.evaluation_index import build_index
from beam_jobs.decontamination.evaluation_texts import evaluation_texts
from beam_jobs.decontamination.matching import Match, Matcher
from beam_jobs.dedupe_config import DecontaminateConfig
from tests.beam_jobs.documents import real_documents
from tests.beam_jobs.evaluation_files import decontaminate_config, evaluation_text

CONFIG = DecontaminateConfig()
REVIEW = "배우의 연기는 훌륭했지만 이야기가 너무 느려서 끝까지 보기가 힘들었다."
SHORT = "굳이 비교하자면 앞의 편보다 나은 영화"
BEFORE = "어제는 비가 와서 시장에 가지 못했다. "
AFTER = " 오늘은 날이 개어 빨래를 널었다."


def matcher(*texts, config=CONFIG):
    return Matcher(
        build_index([evaluation_text(text, str(number)) for number, text in enumerate(texts)], config), config
    )


def found_in(text, *examples):
    return [match.example.example for match in matcher(*examples).matches(text)]


@functools.cache
def all_nine():
    config = decontaminate_config()
    texts = tuple(evaluation_texts(config.evaluations))
    return texts, Matcher(build_index(texts, config), config), config


@pytest.mark.parametrize(
    "copy",
    [
        REVIEW,
        REVIEW.replace(" ", ""),
        "배 우 의 연기는훌륭했 지만 이야기가너무 느려서 끝까지보기가 힘 들었다",
        "배우가 연기도 훌륭했지만 이야기는 너무 느려서 끝까지 보기에 힘들었다",
        "배우 연기 훌륭했지만 이야기 너무 느려서 끝까지 보기 힘들었다",
        "“배우의 연기는, 훌륭했지만… 이야기가 너무 느려서, 끝까지 보기가 힘들었다!”",
        "배우의 연기는 훌륭했지만\n\n이야기가 너무 느려서 끝까지 보기가 힘들었다.",
        "배우의 연기는 참 훌륭했지만 이야기가 너무 느려서 끝까지 보기가 힘들었습니다.",
    ],
)
def test_a_copy_is_found_however_it_is_spaced_punctuated_and_inflected(copy):
    (match,) = matcher(REVIEW).matches(BEFORE + copy + AFTER)

    assert str(match.example) == "nsmc/0"
    assert match.share >= 0.8


def test_half_of_a_sentence_is_found_and_a_quarter_is_not():
    assert found_in(f"{BEFORE}이야기가 너무 느려서 끝까지 보기가 힘들었다.", REVIEW) == ["0"]
    assert found_in(f"{BEFORE}끝까지 보기가 힘들었다.", REVIEW) == []


def test_a_match_spans_the_copy_and_says_how_much_of_it_there_is():
    text = f"{BEFORE}{REVIEW}{AFTER}"

    (match,) = matcher(REVIEW).matches(text)

    assert text[match.start : match.end] == REVIEW.removesuffix(".")
    assert match.share == 1.0
    assert match.letters == len(letters_of(REVIEW).codes)


def test_a_copy_that_stands_twice_is_found_twice():
    filler = "".join(doc.text for doc in real_documents()[:1])[:2000]

    assert found_in(f"{REVIEW}\n{filler}\n{REVIEW}", REVIEW) == ["0", "0"]


def test_pieces_strewn_over_a_long_text_do_not_add_up():
    letters = [REVIEW[start : start + 12] for start in range(0, len(REVIEW), 12)]
    filler = " ".join(doc.text for doc in real_documents()[:3])[: 800 * len(letters)]

    text = "\n".join(f"{piece}\n{filler[800 * n : 800 * (n + 1)]}" for n, piece in enumerate(letters))

    assert found_in(text, REVIEW) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{BEFORE}\n{SHORT}\n{AFTER}", ["0"]),
        (f"{BEFORE}{SHORT}!{AFTER}", ["0"]),
        (f"{BEFORE}\n굳이비교하자면 앞 편보다 나은 영화ㅋㅋ\n{AFTER}", ["0"]),
        (SHORT, ["0"]),
        (f"{BEFORE}그는 {SHORT}라고 했다.{AFTER}", []),
        (f"{BEFORE}\n굳이 비교하자면 앞의 편\n{AFTER}", []),
    ],
)
def test_a_short_example_is_found_as_a_whole_line_or_sentence_alone(text, found):
    assert found_in(text, SHORT) == found


def test_what_anybody_says_is_not_found():
    stock = "정말 재미있게 봤어요"
    texts, nine, _ = all_nine()

    assert found_in(f"{stock}\n{stock}", stock, REVIEW) == []
    assert len(texts) > 20
    assert [doc.id for doc in real_documents() if nine.matches(doc.text)] == []


@pytest.mark.parametrize("text", ["", " \n", "!!", "가", "가나다라마바사", "가나다라마바사아"])
def test_texts_shorter_than_an_ngram_hold_nothing(text):
    assert found_in(text, REVIEW) == []


def test_every_text_of_all_nine_tasks_is_found_within_a_document():
    texts, nine, config = all_nine()
    host = max(real_documents(), key=lambda doc: len(doc.text)).text
    middle = host.index("\n", len(host) // 2)
    looked_for = [text for text in texts if len(letters_of(text.text).codes) >= config.min_whole_characters]

    missed = [
        text.text
        for text in looked_for
        if text.task not in {m.example.task for m in nine.matches(f"{host[:middle]}\n{text.text}{host[middle:]}")}
    ]

    assert missed == []
    assert {text.task for text in looked_for} == {evaluation.task for evaluation in config.evaluations}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 100_000), st.sampled_from(["\n", " ", ""]))
def test_the_place_in_a_long_document_does_not_matter(characters, end):
    filler = "".join(chr(0xAC00 + (7919 * number) % 11_000) for number in range(characters % 40_000))

    assert found_in(f"{filler}{end}{REVIEW}{end}{filler}", REVIEW) == ["0"]


LONG = " ".join(
    f"{word} 마을에는 오래된 우물이 하나씩 있었다." for word in ["첫째", "둘째", "셋째", "넷째", "다섯째", "여섯째"]
)
HOST = f"{LONG}\n{BEFORE}{REVIEW}{AFTER}\n{LONG}"


def judged(text, config=CONFIG):
    return judge(text, matcher(REVIEW, config=config).matches(text), config)


def test_the_sentence_goes_and_the_rest_stays():
    text, cuts = judged(HOST)

    assert text == f"{LONG}\n{BEFORE.rstrip()}{AFTER}\n{LONG}"
    assert [HOST[start:end].strip() for start, end in cuts] == [REVIEW]


def test_a_half_goes_with_the_rest_of_its_sentence():
    text, _ = judged(HOST.replace("배우의 연기는 훌륭했지만", "배경 음악은 나쁘지 않았고"))

    assert text == f"{LONG}\n{BEFORE.rstrip()}{AFTER}\n{LONG}"


def test_a_line_that_goes_leaves_no_empty_line():
    text, _ = judged(f"{LONG}\n{REVIEW}\n{LONG}")

    assert text == f"{LONG}\n{LONG}"


def test_without_a_border_nearby_no_more_than_200_characters_go_on_either_side():
    words = " ".join(["마을", "우물", "나무", "언덕"] * 100)

    text, ((start, end),) = judged(f"{words} {REVIEW[:-1]} {words}")

    assert text is not None
    assert REVIEW[:-1] not in text
    assert len(REVIEW) + 380 < end - start <= len(REVIEW) + 400
    assert set(text.split()) == {"마을", "우물", "나무", "언덕"}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (HOST, {"action": "drop"}),
        (HOST, {"min_text_characters": len(HOST)}),
        (f"{LONG}\n{REVIEW * 8}", {}),
        (f"{LONG}\n" + "\n".join([REVIEW, LONG] * 11), {}),
        (REVIEW, {"min_text_characters": 1}),
    ],
)
def test_a_document_goes_where_it_is_told_to_or_too_little_or_too_many_pieces_are_left(text, changes):
    config = CONFIG.model_copy(update=changes)

    verdict = judged(text, config)

    assert verdict.text is None
    assert verdict.cut


def test_ten_places_are_cut_and_the_document_stays():
    text, cuts = judged(f"{LONG}\n" + "\n".join([REVIEW, LONG] * 10))

    assert text == "\n".join([LONG] * 11)
    assert len(cuts) == 10


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), min_size=1, max_size=6))
def test_what_is_cut_holds_every_match_and_what_stays_was_there_in_that_order(places):
    text = HOST * 3
    example = matcher(REVIEW).matches(REVIEW)[0].example
    matches = [Match(start, start + length, example, 1.0, length) for start, length in places]

    left, cuts = judge(text, matches, CONFIG.model_copy(update={"max_cut_share": 1.0, "min_text_characters": 1}))

    assert all(any(start <= m.start and m.end <= end for start, end in cuts) for m in matches)
    assert cuts == sorted(cuts)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(cuts))
    assert left is not None
    assert len(left) <= len(text) - sum(end - start for start, end in cuts)
