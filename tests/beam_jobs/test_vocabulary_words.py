from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers, pre_tokenizers

from beam_jobs.vocabularies.words import count_eojeols, count_words, is_symbol
from tests.awkward_texts import EVERY_CHARACTER_WITHIN_WORDS, texts

NORMAL = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False)
WORDS = pre_tokenizers.BertPreTokenizer()


def words_by_the_library(text):
    return Counter(word for word, _ in WORDS.pre_tokenize_str(NORMAL.normalize_str(text)))


@given(st.lists(texts, max_size=5))
@settings(max_examples=150, deadline=None)
def test_words_are_those_of_bert_tokenizer(some):
    expected = sum(map(words_by_the_library, some), Counter())

    assert count_words(count_eojeols(some)) == expected


def test_every_character_of_three_planes_parts_joins_or_leaves_words_as_in_bert_tokenizer():
    for text in EVERY_CHARACTER_WITHIN_WORDS[:200]:
        assert count_words(count_eojeols([text])) == words_by_the_library(text)


@given(texts)
def test_a_symbol_is_what_no_word_goes_on_with(text):
    longer = [word for word in count_words(count_eojeols([text])) if len(word) > 1]

    assert not [word for word in longer if any(map(is_symbol, word))]


def test_eojeols_are_counted_over_all_texts_and_keep_their_punctuation():
    assert count_eojeols(["나는 간다, 나는", "간다,\n나는\u3000\u200b"]) == {"나는": 3, "간다,": 2}
