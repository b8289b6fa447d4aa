import string
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.cleaning.letter_forms import to_plain_width, to_usual_jamo
from beam_jobs.korean_text import to_nfc
from beam_jobs.vocabularies.alphabet import ALWAYS, JAMO, choose_alphabet, spelling_pieces
from beam_jobs.vocabulary_config import VocabularyTrainingConfig
from tests.awkward_texts import original_tokenizer

CHARACTERS = st.sampled_from("가나다힣뷁ㄱa,.漢字水ひкж😀") | st.characters(codec="utf-8")


def config(**settings):
    return VocabularyTrainingConfig(**settings)


@given(st.dictionaries(CHARACTERS, st.integers(1, 10_000)), st.floats(0.01, 1), st.floats(0.01, 1), st.integers(1, 20))
def test_the_coverages_are_reached_unless_what_is_left_is_too_rare(counts, coverage, of_syllables, least):
    chosen = choose_alphabet(
        counts, config(character_coverage=coverage, syllable_coverage=of_syllables, min_frequency=least)
    )

    left_out = {character: count for character, count in counts.items() if character not in chosen.characters}
    syllables = [count for character, count in left_out.items() if "가" <= character <= "힣"]
    whole = sum(counts.values())
    assert not counts or abs(chosen.coverage - (1 - sum(left_out.values()) / whole)) < 1e-9
    assert chosen.coverage >= coverage or all(count < least for count in left_out.values()) or not counts
    assert chosen.syllable_coverage >= of_syllables or all(count < least for count in syllables)


def test_syllables_come_before_more_frequent_hanja():
    counts = {"ㄱ": 1_000, "가": 10, "漢": 100, "字": 90}

    chosen = choose_alphabet(counts, config(character_coverage=0.9, syllable_coverage=1.0))

    assert chosen.characters - ALWAYS == {"가", "漢"}
    assert chosen.by_kind["hanja"] == 1
    assert chosen.coverage == (1_000 + 10 + 100) / 1_200


def test_the_usual_characters_are_there_whatever_the_sample_holds():
    chosen = choose_alphabet({}, config())

    assert chosen.characters == ALWAYS
    assert set(string.ascii_letters + string.digits + string.punctuation) < ALWAYS
    assert set("ㄱㅎㅏㅣㅋㅠㆍㅿ“”‘’…·「」『』《》") < ALWAYS
    assert len(JAMO) == 93
    assert {unicodedata.name(jamo).split()[0] for jamo in JAMO} == {"HANGUL"}


def test_the_usual_characters_are_those_that_cleaning_leaves():
    assert not [character for character in ALWAYS if to_plain_width(to_usual_jamo(to_nfc(character))) != character]


def test_rare_characters_stay_out_even_if_all_shall_be_covered():
    chosen = choose_alphabet(
        {"漢": 1, "힣": 1, "字": 2}, config(character_coverage=1.0, syllable_coverage=1.0, min_frequency=2)
    )

    assert chosen.characters - ALWAYS == {"字"}
    assert chosen.coverage == 0.5
    assert chosen.syllable_coverage == 0.0


@given(st.sets(CHARACTERS))
@settings(deadline=None)
def test_any_word_of_the_alphabet_can_be_spelt(characters):
    pieces = ["[UNK]", *spelling_pieces(characters)]
    tokenizer = original_tokenizer(["[PAD]", *pieces, "[CLS]", "[SEP]", "[MASK]"])
    text = "".join(sorted(characters)) + " " + "".join(sorted(characters, reverse=True))
    text = " ".join(text[first : first + 100] for first in range(0, len(text), 100))

    assert 1 + pieces.index("[UNK]") not in tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(pieces) == len(set(pieces))
