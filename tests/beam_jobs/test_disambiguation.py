import pytest

from beam_jobs.sources.wiki.disambiguation import is_disambiguation


@pytest.mark.parametrize(
    ("title", "wikitext"),
    [
        ("수학 (동음이의)", "글"),
        ("Food (disambiguation)", "text"),
        ("김철수", "'''김철수'''는 다음 사람들을 가리킨다.\n* [[김철수 (배우)]]\n{{동명이인}}"),
        ("중앙동", "{{지명 동음이의}}"),
        ("중앙동", "{{틀:동음이의어 문서|지명}}"),
        ("Mercury", "'''Mercury''' may refer to:\n{{Disambiguation|geo}}"),
        ("Mercury", "{{disambig}}"),
        ("John Smith", "{{Human_name disambiguation}}"),
        ("John Smith", "{{hndis|Smith, John}}"),
        ("Springfield", "{{ geodis }}"),
        ("A", "__DISAMBIG__"),
        ("가", "[[분류:동음이의어 문서]]"),
        ("A", "[[Category:Human name disambiguation pages]]"),
    ],
)
def test_pages_that_tell_articles_apart_are_known_by_their_marks(title, wikitext):
    assert is_disambiguation(title, wikitext)


@pytest.mark.parametrize(
    ("title", "wikitext"),
    [
        ("수학", "{{다른 뜻|수학 (동음이의)}}\n'''수학'''은 학문이다."),
        (
            "Mercury (planet)",
            "{{other uses|Mercury (disambiguation)}} A planet. {{Disambiguation needed|date=May 2020}}",
        ),
        ("Word sense", "A '''disambiguation''' of words, such as [[disambiguation]]."),
        ("동음이의어", "'''동음이의어'''는 소리가 같은 낱말이다.\n[[분류:의미론]]"),
        ("동명이인", "'''동명이인'''(同名異人)은 이름이 같은 사람이다."),
    ],
)
def test_articles_that_only_speak_of_other_meanings_stay(title, wikitext):
    assert not is_disambiguation(title, wikitext)
