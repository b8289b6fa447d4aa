import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.clean_config import QualityConfig
from beam_jobs.cleaning.document_rules import DocumentRules
from beam_jobs.cleaning.finding import Finding
from beam_jobs.cleaning.korean_sentences import sentences

QUALITY = Path(__file__).parents[1] / "data" / "quality"
RULES = DocumentRules(QualityConfig())
GOOD = sorted(path.stem for path in QUALITY.glob("kept_*.txt"))
BROKEN = sorted(path.stem for path in QUALITY.glob("*.txt") if not path.stem.startswith("kept_"))
LOOSE = {
    "few_sentence_ends": {"min_sentence_share": 0.0, "min_marked_share": 0.0},
    "few_particles": {"min_marked_share": 0.1},
    "frequent_4grams": {"max_frequent_run_share": 0.4},
    "repeated_characters": {"repeated_run_characters": 100},
}


def example(name):
    return (QUALITY / f"{name}.txt").read_text(encoding="utf-8").strip("\n")


def nouns():
    """The nouns of a court decision and a statute, each once: words without the particle they carry."""
    carrying = re.findall(
        r"(?<![가-힣])([가-힣]{2,5})[은는을를에의와과](?![가-힣])", example("kept_decision") + example("kept_statute")
    )
    return list(dict.fromkeys(carrying))


def in_lines(items, length):
    return [" ".join(items[first : first + length]) for first in range(0, len(items), length)]


def cut(text, length):
    return "\n".join(text[start : start + length] + "…" for start, end in sentences(text) if end - start > length)


RUBBISH = {
    "keywords, comma after comma": ("few_sentence_ends", lambda: ", ".join(nouns() * 2)),
    "a list of nouns with a full stop now and then": ("few_particles", lambda: ".\n".join(in_lines(nouns(), 7)) + "."),
    "a menu": ("short_lines", lambda: "\n".join(nouns())),
    "menus in bars": (
        "few_sentence_ends",
        lambda: "\n".join(line.replace(" ", " | ") for line in in_lines(nouns(), 8)),
    ),
    "products with prices": (
        "many_digits",
        lambda: "\n".join(
            f"{noun} {number * 37} {number + 9},900원 무료배송" for number, noun in enumerate(nouns(), 100)
        ),
    ),
    "a table of numbers": (
        "many_digits",
        lambda: "\n".join(
            f"{noun} " + " ".join(f"{noun_length * 7.3:.1f}" for noun_length in range(9)) for noun in nouns()
        ),
    ),
    "the whole text twice": ("repeated_lines", lambda: "\n".join([example("kept_decision")] * 2)),
    "the greater part a second time": (
        "repeated_paragraphs",
        lambda: "\n\n".join([*example("kept_statute").split("\n"), *example("kept_statute").split("\n")[:24]]),
    ),
    "one sentence in a loop": ("frequent_1grams", lambda: "상고를 기각한다. " * 40),
    "an advertisement for every town": (
        "frequent_3grams",
        lambda: "\n".join(
            f"{noun}에서 이사를 하신다면 언제나 상담이 가능합니다. {noun}의 예약을 환영합니다." for noun in nouns()
        ),
    ),
    "teasers cut off by dots": ("cut_lines", lambda: cut(example("kept_statute"), 30)),
    "headlines behind bullets": ("list_lines", lambda: "\n".join(f"■ {line}" for line in in_lines(nouns(), 4))),
    "no blanks at all": ("long_words", lambda: "".join(example("kept_reviews").split())),
    "a blank after every letter": ("short_words", lambda: " ".join("".join(example("kept_reviews").split()))),
    "ornaments": ("many_symbols", lambda: "\n".join(f"{noun} ~*~*~ ♥♡♥♡ ~*~*~ 입니다." for noun in nouns())),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_korean_text_breaks_no_rule(name):
    assert RULES.first_broken(example(name)) is None


@pytest.mark.parametrize("name", BROKEN)
def test_a_real_page_is_dropped_by_the_rule_that_its_file_is_named_for(name):
    finding = RULES.first_broken(example(name))

    assert finding is not None
    assert finding.rule == name


@pytest.mark.parametrize("name", BROKEN)
def test_looser_settings_let_the_same_page_pass(name):
    assert DocumentRules(QualityConfig.model_validate(LOOSE[name])).first_broken(example(name)) is None


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_made_of_real_pieces_goes(kind):
    rule, text = RUBBISH[kind]

    finding = RULES.first_broken(text())

    assert finding is not None
    assert finding.rule == rule


def test_a_text_is_too_short_or_too_long_by_its_characters():
    rules = DocumentRules(QualityConfig(min_characters=10, max_characters=1000))

    assert rules.first_broken("짧은 글이다.") == Finding("too_short", 7, 10)
    assert rules.first_broken(example("kept_decision")) == Finding("too_long", 1059, 1000)


def test_one_bullet_before_a_text_in_one_line_makes_no_list():
    assert RULES.first_broken("■ " + example("kept_article").replace("\n", " ")) is None


def test_dots_after_an_ending_cut_nothing_off():
    reviews = "\n".join(f"{line.rstrip('.?! ')}..." for line in ["정말 재미있게 봤어요", "다시 보고 싶은 영화다"] * 3)

    shares = {measure.rule: measure.value for measure in RULES.measure(reviews)}

    assert shares["cut_lines"] == 0.0


def test_a_sentence_that_a_line_stops_in_does_not_count_and_what_stands_before_it_does():
    line = "원심의 판단은 정당하고 거기에 법리를 오해한 위법이 없다. 그러므로 상고를 기각하고 상고비용은"

    shares = {measure.rule: measure.value for measure in RULES.measure(line)}

    assert shares["few_sentence_ends"] == line.index("그러므로") / len(line)


def words_of_documents():
    texts = [example(name).split(" ") for name in (*GOOD, *BROKEN)]
    return st.lists(st.sampled_from([word for text in texts for word in text]), max_size=150).map(" ".join)


@given(words_of_documents() | st.text(), st.floats(0.0, 1.0))
def test_the_first_broken_rule_is_the_first_that_does_not_pass(text, share):
    rules = DocumentRules(QualityConfig(min_characters=1, min_sentence_share=0.0, max_frequent_run_share=share))

    broken = [Finding(*measure[:3]) for measure in rules.measure(text) if not measure.passes]

    assert rules.first_broken(text) == (broken[0] if broken else None)


@pytest.mark.parametrize("name", [*GOOD, *BROKEN])
def test_every_rule_is_measured_once_under_its_own_name(name):
    measures = RULES.measure(example(name))

    assert len({measure.rule for measure in measures}) == len(measures) == 18
    assert [measure.rule for measure in measures] == [measure.rule for measure in RULES.measure("가")]


def test_lengths_between_which_nothing_fits_are_refused():
    with pytest.raises(ValueError, match="min_characters 10 exceeds max_characters 5"):
        QualityConfig(min_characters=10, max_characters=5)


@pytest.mark.parametrize("blank", [" ", "\t", "\u3000"])
def test_a_line_of_blanks_alone_is_no_sentence_and_no_trouble(blank):
    text = "한국어로 쓴 문장이다. " * 30 + "\n" + blank * 1_000 + "\n끝"

    assert DocumentRules(QualityConfig()).measure(text)
