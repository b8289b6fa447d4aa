import bz2
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.wiki.wikitext import plain_text
from tests.beam_jobs.sample_corpus import SAMPLE

HIDDEN = {"file", "파일", "category", "분류"}

# Lines that hold no mark of the wiki's.
plain_lines = st.lists(
    st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.sampled_from("ab12 ."), min_size=1)
    .map(lambda line: " ".join(line.split()))
    .filter(lambda line: any(map(str.isalnum, line)))
)
PIECES = [
    "가",
    "b ",
    "\n",
    "{{",
    "}}",
    "{{{",
    "}}}",
    "[[",
    "]]",
    "[",
    "|",
    "{|",
    "|}",
    "파일:",
    "<ref>",
    "</ref>",
    "<br>",
]
PIECES += [
    "<nowiki>",
    "</nowiki>",
    "<!--",
    "-->",
    "==",
    "*",
    "#",
    "''",
    "lang|",
    "http://a ",
    "<ref name=b />",
    "(",
    ")",
]


def real_pages():
    for name in ("enwiki", "kowiki", "kowiktionary"):
        export = ElementTree.fromstring(bz2.decompress((SAMPLE / f"{name}-pages-articles.xml.bz2").read_bytes()))
        yield from (element.text for element in export.iter() if element.tag.endswith("}text") and element.text)


@given(plain_lines)
def test_text_without_marks_stays_as_it_is(lines):
    assert plain_text("\n".join(lines), HIDDEN) == "\n".join(lines)


@given(plain_lines, st.sampled_from(["{{틀|%s}}", "<ref>%s</ref>", "[[파일:x.jpg|섬네일|%s]]", "<!--%s-->"]))
def test_what_is_no_prose_leaves_no_trace(lines, mark):
    hidden = "\n".join(line + mark % "숨은 글" for line in lines)

    assert plain_text(hidden, HIDDEN) == "\n".join(lines)


def test_real_articles_read_the_same_without_the_shortcut():
    pages = list(real_pages())

    assert len(pages) > 20
    assert [plain_text(page, HIDDEN) for page in pages] == [plain_text(page, HIDDEN, shortcut=False) for page in pages]


@given(
    st.recursive(
        st.text("가a ", min_size=1),
        lambda inner: st.tuples(
            st.sampled_from(
                [
                    "{{틀|%s|b=%s}}",
                    "{{lang|ko|%s%s}}",
                    "<ref>[[가]] {{틀|b}}</ref>%s%s",
                    "<nowiki>[[가]] {{''}}</nowiki>%s%s",
                    "[[가|%s]]%s",
                    "[[파일:a|%s|%s]]",
                    "%s<br/>%s",
                    "[http://a %s]%s",
                    "''%s'' %s",
                    "%s\n* %s\n",
                    "%s\n{|\n| %s\n|}\n",
                    "<small>%s</small>%s",
                    "(%s, %s)",
                ]
            ),
            inner,
            inner,
        ).map(lambda made: made[0] % made[1:]),
        max_leaves=8,
    )
)
def test_nested_marks_read_the_same_without_the_shortcut(wikitext):
    assert plain_text(wikitext, HIDDEN) == plain_text(wikitext, HIDDEN, shortcut=False)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_marks_in_any_order_are_read_somehow(wikitext):
    plain_text(wikitext, HIDDEN)


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("'''서울'''은 [[대한민국|한국]]의 ''수도''이다.", "서울은 한국의 수도이다."),
        ("[[:분류:도시]]와 [[서울]]", ":분류:도시와 서울"),
        ("[[분류:도시]][[en:Seoul]][[파일:a.png|섬네일|[[한강]] 사진 [http://a.kr 출처]]]", ""),
        ("[https://a.kr 누리집]과 [https://b.kr]", "누리집과"),
        ("3&nbsp;km &lt; 4&nbsp;km", "3 km < 4 km"),
        ("앞\n{| class=wikitable\n|-\n| 칸 || {{틀|\n|}}\n|}\n뒤", "앞\n뒤"),
        ("앞\n{|\n| 칸\n{|\n| 안\n|}\n|}\n뒤", "앞\n뒤"),
        ("{{표 시작}}\n|-\n| 칸 || 칸\n뒤", "뒤"),
        ("한 줄<br />다음 줄", "한 줄\n다음 줄"),
        ("<nowiki>'''굵게''' [[고리]]</nowiki>로 쓴다", "'''굵게''' [[고리]]로 쓴다"),
        ('앞<ref name="a/b">[[책]] {{틀</ref>과 뒤<ref name=a />', "앞과 뒤"),
        (
            "<gallery>\n파일:a.jpg|[[설명]]\n</gallery>글<syntaxhighlight lang=c>int main() {{ }}</syntaxhighlight>",
            "글",
        ),
        ("앞 {{{매개 변수|값}}} 뒤 {{틀|{{{1}}}}}.", "앞 뒤."),
        ("__목차숨김__\n글", "글"),
        ("가<nowiki/>나<math/>다<NOWIKI />라", "가나다라"),
        ("<small>작은 글</ref> 끝</div>과 &lt;br&gt;과 <nowiki><br></nowiki>", "작은 글 끝과 <br>과 <br>"),
        ("이름은 -{zh-hans:计算机; zh-hant:電腦}-이고 -{수학}-이다-{H|가;나}-.", "이름은 计算机이고 수학이다."),
    ],
)
def test_each_mark_is_read_as_a_reader_of_the_page_sees_it(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("수학(數學)은", "수학(數學)은"),
        ("수학(數學, {{llang|en|mathematics}})은", "수학(數學, mathematics)은"),
        ("{{한자|數學}}과 {{lang|ja|[[数学]]}}과 {{lang-de|Mathematik}}", "數學과 数学과 Mathematik"),
        ("지요다구({{llang|ja|千代田区|지요다쿠}})와 {{한자|수학|數學}}", "지요다구(千代田区, 지요다쿠)와 수학(數學)"),
        ("{{nowrap|한 줄}} {{Nowrap|{{틀}}두 줄}}", "한 줄 두 줄"),
        ("그는 말했다.{{인용문|나는 [[왕]]이다.|출처=책}}그리고", "그는 말했다.\n나는 왕이다.\n그리고"),
        ("{{날짜|2010|05|14}}에 {{시작 날짜|2011-4-7}}", "2010년 5월 14일에 2011년 4월 7일"),
        ("on {{start date|2011|4|7|df=y}} in {{Start date|1999|12}}", "on April 7, 2011 in December 1999"),
        ("{{convert|106,460,000|km2|abbr=on}}, {{cvt|5|to|10|km|mi}}", "106,460,000 km², 5 to 10 km"),
        ("{{val|1.5|u=kg}} and {{frac|3|1|2}} and {{frac|1|2}}", "1.5 kg and 3 1/2 and 1/2"),
        ("{{nihongo|Tokyo Tower|東京タワー|Tōkyō Tawā}}", "Tokyo Tower (東京タワー, Tōkyō Tawā)"),
        ("a{{snd}}b {{HMS|Victory}} {{circa|1500}} {{US$|5 million}}", "a – b HMS Victory c. 1500 US$5 million"),
        ("{{틀:lang|en|a}}{{모르는 틀|글}}{{lang|en}}", "a"),
    ],
)
def test_templates_within_sentences_show_their_text(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("베를린({{소리|a.ogg}}, {{IPA|x}})은", "베를린은"),
        ("베를린({{소리|a.ogg}}, 백림)은", "베를린(백림)은"),
        ("베를린 (백림, {{IPA|x}}, 伯林 {{소리|a.ogg}})은", "베를린 (백림, 伯林)은"),
        ("끝이다{{출처 필요}} . 그리고 {{누가}}, 또", "끝이다. 그리고, 또"),
        ("main() 함수와 ( )", "main() 함수와 ( )"),
    ],
)
def test_what_dropped_templates_leave_around_them_is_mended_and_nothing_else(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("* 하나\n** 둘\n*: 셋", "- 하나\n- 둘\n셋"),
        (
            "# 하나\n#* 가\n# 둘\n## 안\n## 안\n# 셋\n끝\n# 하나",
            "1. 하나\n- 가\n2. 둘\n1. 안\n2. 안\n3. 셋\n끝\n1. 하나",
        ),
        ("# 하나\n# {{틀}}\n# 둘", "1. 하나\n2. 둘"),
        ("; 낱말 : 뜻\n: 들여쓴 글", "낱말 : 뜻\n들여쓴 글"),
        ("<ul><li>하나</li><li>둘</li></ul>", "- 하나\n- 둘"),
    ],
)
def test_lists_keep_a_line_for_each_item(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        (r"여기서 <math>x_1 \le \frac{a}{2}</math>이다.", "여기서 x_1 ≤ a/2이다."),
        (r"각 <math>\alpha + \beta^{n+1}</math>와 <math>\mathbb{R}</math>", "각 α + β^(n+1)와 R"),
        (r"행렬 <math>\begin{pmatrix}a\end{pmatrix}</math>는", "행렬 …는"),
        (f"합 <math>{'x+' * 40}</math>은", "합 …은"),
        ("다음과 같다.\n: <math>\\sum_{i}\nx_i</math>.\n끝", "다음과 같다.\n끝"),
        ('식 <math display="block">x</math>', "식"),
        ("물은 <chem>H2O</chem>이다", "물은 H2O이다"),
    ],
)
def test_formulas_are_typed_out_in_sentences_and_dropped_elsewhere(wikitext, text):
    assert plain_text(wikitext, HIDDEN) == text


def test_headings_stay_where_text_follows_and_go_where_none_does():
    wikitext = "머리글\n== 역사 ==\n=== 고대 ===\n글\n=== 중세 ===\n{{빈 문단}}\n== 각주 ==\n<references />\n"

    assert plain_text(wikitext, HIDDEN).splitlines() == ["머리글", "역사", "고대", "글"]


@pytest.mark.parametrize("title", ["같이 보기", "외부 링크", "참고 문헌", "See also", "External links"])
def test_appendices_of_nothing_but_lists_are_dropped_with_their_parts(title):
    wikitext = f"글\n== {title} ==\n* [[가]]\n=== 책 ===\n# 나\n== 뒤 ==\n* 다"

    assert plain_text(wikitext, HIDDEN).splitlines() == ["글", "뒤", "- 다"]


def test_an_appendix_with_prose_and_a_list_under_another_title_stay():
    wikitext = "== 같이 보기 ==\n이 글은 길다.\n* [[가]]\n== 작품 ==\n* [[나]]"

    assert plain_text(wikitext, HIDDEN).splitlines() == ["같이 보기", "이 글은 길다.", "- 가", "작품", "- 나"]


@pytest.mark.parametrize("mark", ["''''' '' '''' ''' ", "{{", "[[", "<ref>", "{{{a|", "\n{|\n", "[[파일:a|"])
def test_unbalanced_marks_do_not_hold_the_parser_up(mark):
    wikitext = mark * 300 + "\n끝"

    assert plain_text(wikitext, HIDDEN).endswith("끝")


def test_a_formula_below_a_hundred_thousand_blank_lines_takes_no_time():
    # Each blank line was tried as the beginning of all that follow: 20 s.
    assert plain_text("글\n" + "\n" * 100_000 + "값은 <math>x</math>", HIDDEN).splitlines() == ["글", "값은 x"]
