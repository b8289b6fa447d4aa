from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.keywords import Keywords
from beam_jobs.korean_text import code_points

letters = st.text("가나다라abAB .𝄞", max_size=40)
words = st.lists(st.text("가나다라ab .𝄞", min_size=1, max_size=6), max_size=80)


@given(words, letters)
def test_every_place_where_a_word_begins_is_found_as_by_looking_at_each(listed, text):
    keywords = Keywords(listed)

    found = {place for place in keywords.starts(code_points(text)).tolist() if keywords.begins(text, place)}

    lowered = text.lower()
    assert found == {place for place in range(len(text)) if any(lowered.startswith(word, place) for word in listed)}


def test_few_other_places_pass():
    keywords = Keywords(["로그인", "회원가입", "고객센터", "이용약관"])
    text = "이 약관은 고객이 회원으로 가입한 날부터 센터에서 로그를 남긴다. " * 10

    assert len(keywords.starts(code_points(text))) == 0
