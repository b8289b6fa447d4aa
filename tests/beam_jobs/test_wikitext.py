import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.wikitext import plain_text

HIDDEN = {"file", "파일", "category", "분류"}

# Lines that hold no mark of the wiki's.
plain_lines = st.lists(
    st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.sampled_from("ab12 ."), min_size=1)
    .map(lambda line: " ".join(line.split()))
    .filter(lambda line: any(map(str.isalnum, line)))
)


@given(plain_lines)
def test_text_without_marks_stays_as_it_is(lines):
    assert plain_text("\n".join(lines), HIDDEN) == "\n".join(lines)


@given(plain_lines, st.sampled_from(["{{틀|%s}}", "<ref>%s</ref>", "[[파일:x.jpg|섬네일|%s]]", "<!--%s-->"]))
def test_what_is_no_prose_leaves_no_trace(lines, mark):
    hidden = "\n".join(line + mark % "숨은 글" for line in lines)

    assert plain_text(hidden, HIDDEN) == "\n".join(lines)


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("'''서울'''은 [[대한민국|한국]]의 ''수도''이다.", "서울은 한국의 수도이다."),
        ("[[:분류:도시]]와 [[서울]]", ":분류:도시와 서울"),
        ("[[분류:도시]][[en:Seoul]][[파일:a.png|섬네일|[[한강]] 사진]]", ""),
        ("[https://a.kr 누리집]과 [https://b.kr]", "누리집과"),
        ("베를린({{llang|de|Berlin}}, {{IPA|x}})은", "베를린은"),
        ("베를린({{llang|de|Berlin}}, 백림)은", "베를린(백림)은"),
        ("3&nbsp;km &lt; 4&nbsp;km", "3 km < 4 km"),
        ("* 하나\n* 둘\n:# 셋", "하나\n둘\n셋"),
        ("앞\n{| class=wikitable\n|-\n| 칸 || 칸\n|}\n뒤", "앞\n뒤"),
        ("{{표 시작}}\n|-\n| 칸 || 칸\n뒤", "뒤"),
        ("한 줄<br />다음 줄", "한 줄\n다음 줄"),
        ("<nowiki>'''굵게'''</nowiki> 쓰려면", "굵게 쓰려면"),
        ("__목차숨김__\n글", "글"),
    ],
)
def test_each_mark_is_read_as_a_reader_of_the_page_sees_it(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


def test_headings_stay_where_text_follows_and_go_where_none_does():
    wikitext = "머리글\n== 역사 ==\n=== 고대 ===\n글\n=== 중세 ===\n{{빈 문단}}\n== 각주 ==\n<references />\n"

    assert plain_text(wikitext, HIDDEN).splitlines() == ["머리글", "역사", "고대", "글"]


def test_unbalanced_quotes_do_not_hold_the_parser_up():
    wikitext = "''''' '' '''' ''' " * 2_000 + "끝"

    assert plain_text(wikitext, HIDDEN).endswith("끝")
