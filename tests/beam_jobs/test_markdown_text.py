import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.sources.text import markdown_text
from beam_jobs.sources.text.front_matter import split_front_matter
from beam_jobs.sources.text.markdown_lines import plain_lines
from beam_jobs.sources.text.markdown_text import read_markdown
from tests.beam_jobs.sample_corpus import ROOT, as_golden, read, source_config

PAGES = ROOT / "tests" / "data" / "markdown"


@pytest.mark.parametrize("name", ["court_decision.md", "statute.md", "reference_page.md", "documentation.mdx"])
def test_real_pages_read_as_their_goldens(name):
    (document,), bad, _ = read(read_markdown, (PAGES / name).read_bytes(), name)

    assert as_golden(document) == (PAGES / name).with_suffix(".txt").read_text()
    assert bad == []


MARKDOWN = {
    "a heading loses its marks and its name": ("## 설치 {#install}\n### 쓰기 {/*use*/}\n제목\n===", "설치\n쓰기\n제목"),
    "lines of a paragraph are joined": ("안녕\n하세요.\n\n다음", "안녕 하세요.\n다음"),
    "a hard break stays a line's end": ("하나  \n둘\\\n셋<br/>넷", "하나\n둘\n셋\n넷"),
    "numbered lines that are no list stay lines": (
        "각 호\n  1\\. 하나\n  가. 둘\n【주문】 셋",
        "각 호\n1. 하나\n가. 둘\n【주문】 셋",
    ),
    "each item is a line": ("- 하나\n  이어짐\n- 둘\n  * 셋\n\n    문단", "하나 이어짐\n둘\n셋\n문단"),
    "ordered items keep their numbers": ("3. 셋\n4) 넷", "3. 셋\n4) 넷"),
    "boxes to tick go": ("- [x] 했다\n- [ ] 할 일", "했다\n할 일"),
    "a table's row is a line": ("|이름|값|\n|-|:-:|\n| a<br>b | **1** |", "이름\t값\na b\t1"),
    "code blocks go and inline code stays": ("앞\n```js\nlet x;\n```\n`a <b>` 뒤", "앞\na <b> 뒤"),
    "indented text is text": ("제1조\n\n\t\t  소장은 판사로 한다.", "제1조\n소장은 판사로 한다."),
    "images go and link texts stay": ("![그림](a.png)[여기](b.md)를 <https://a.kr> 보라", "여기를 https://a.kr 보라"),
    "reference links are links": ("[여기][a]와 [a]\n\n[a]: https://a.kr", "여기와 a"),
    "years behind brackets are no links": ("[구 법인세법](1998) 제1조", "[구 법인세법](1998) 제1조"),
    "emphasis ends before a particle": (
        "**파일(File)**을 **열기**로, 곧**(굵게)** 쓴다",
        "파일(File)을 열기로, 곧(굵게) 쓴다",
    ),
    "masked numbers keep their asterisks": ("번호 1**-***-**1647", "번호 1**-***-**1647"),
    "html loses its tags": ("<div>\n<p>하나 <b>둘</b></p>\n<p>셋 &lt;</p>\n</div>", "하나 둘\n셋 <"),
    "cells of html are parted": (
        "<table>\n<tr><td>가</td><td>나</td></tr>\n<tr><td>다</td></tr>\n</table>",
        "가 나\n다",
    ),
    "comments, scripts and pre go": ("<!-- 숨은\n\n말 -->\n\n<pre>\ncode\n</pre>\n\n글<!-- 말 -->", "글"),
    "markdown within html is read": ("<details>\n<summary>요약</summary>\n**굵게**\n</details>", "요약\n굵게"),
    "components go and what they hold stays": (
        "<Note title={{a: 1}}>\n\n참고 <Link to='a'>글</Link>\n\n</Note>\n\n<Cards />",
        "참고 글",
    ),
    "tags in code are no components": ("`<Note>`는 컴포넌트다", "<Note>는 컴포넌트다"),
    "module code goes": (
        "import A from 'a';\nimport {\n  B,\n} from \"b\"\n\nexport const c = {\n  d: 1 }\n\nimport 는 키워드다",
        "import 는 키워드다",
    ),
    "shortcodes go": ('{{< note "a" >}}\n글 {{% b %}}끝\n{{< /note >}}\n\n{% include c %}', "글 끝"),
    "template code that is quoted stays": ("`{{< note >}}`와 {{ .Values }}", "{{< note >}}와 {{ .Values }}"),
    "fences of notes go and titles stay": (
        ":::tip[도움말]\n\n본문\n\n:::\n\n::: moniker range='1'\n글\n:::",
        "도움말\n본문\n글",
    ),
    "marks of notes go": ('> [!NOTE]\n> 참고\n\n!!! warning "주의"\n    조심', "참고\n주의 조심"),
    "includes go": ("본문 [!INCLUDE[이름](../a.md)] 끝", "본문 끝"),
    "attributes go": ("[가](a.md){: .external} 나{:target='_blank' #a}", "가 나{:target='_blank' #a}"),
    "footnotes lose their marks": ("말[^1]\n\n[^1]: 설명 하나\n[^b]: 설명 둘", "말\n설명 하나\n설명 둘"),
    "rules between parts go": ("하나\n\n---\n\n둘\n***", "하나\n둘"),
    "escapes and entities are what they mean": (r"\*별\* &amp; &#44032;", "*별* & 가"),
}


@pytest.mark.parametrize("rule", MARKDOWN)
def test_markdown_becomes_plain_lines(rule):
    markdown, expected = MARKDOWN[rule]

    assert "\n".join(plain_lines(markdown).lines) == expected


def test_the_title_is_the_first_heading_of_level_one_unless_the_front_matter_has_one():
    text = "## 먼저\n# 제목 `코드`\n# 다음\n"

    (plain,), _, _ = read(read_markdown, text.encode())
    (titled,), _, _ = read(read_markdown, f"---\ntitle: 앞글\n---\n{text}".encode())

    assert (plain.title, titled.title) == ("제목 코드", "앞글")
    assert plain.text == titled.text == "먼저\n제목 코드\n다음"


def test_front_matter_tells_title_date_url_and_publisher_and_the_rest_is_metadata():
    said, text = split_front_matter(
        textwrap.dedent("""\
            ---
            사건명: '손해배상(기)'
            선고일자: 1987-03-24
            법원명: 대법원
            출처: https://law.go.kr/1
            일련번호: '00012'
            tags: [a, b]
            비고: ''
            ---
            본문
        """)
    )

    assert (said.title, said.date, said.url) == ("손해배상(기)", "1987-03-24", "https://law.go.kr/1")
    assert said.metadata == {"publisher": "대법원", "일련번호": "00012"}
    assert text == "본문\n"


@pytest.mark.parametrize(
    ("content", "title", "text"),
    [
        ("---\ntitle: 강: 바다\n- a\n---\n본문", "강: 바다", "본문"),
        ('---\ntitle: "따옴표\n---\n본문', "따옴표", "본문"),
        ('+++\ntitle = "톰"\ndate = 2024-01-02\n+++\n본문', "톰", "본문"),
        ("---\ntags:\n  - 바다\n---\n본문", "", "본문"),
        ("---\ntags: [강, 바다]\n---\n본문", "", "본문"),
        pytest.param(f"+++\na = {'1' * 5_000}\n+++\n본문", "", f"+++\na = {'1' * 5_000}\n+++\n본문", id="digits"),
        pytest.param(f"+++\na = {'[' * 9_999}\n+++\n본문", "", f"+++\na = {'[' * 9_999}\n+++\n본문", id="depth"),
        ("---\n\n그냥 글\n\n---\n본문", "", "---\n\n그냥 글\n\n---\n본문"),
        ("+++\n= 1\n+++\n본문", "", "+++\n= 1\n+++\n본문"),
        ("---\ntitle: 끝이 없다\n", "", "---\ntitle: 끝이 없다\n"),
        ("본문", "", "본문"),
    ],
)
def test_broken_front_matter_tells_what_it_can_and_what_is_none_is_text(content, title, text):
    said, rest = split_front_matter(content)

    assert (said.title, rest) == (title, text)


@given(st.text(st.sampled_from("가a1 \n-#*_`[]()<>{}!|:/\\&^%~\t+=."), max_size=200))
def test_any_text_is_read_to_lines_without_blank_ones(text):
    found = plain_lines(text)

    assert all(line.strip() and "\n" not in line for line in found.lines)


@given(st.text(st.sampled_from("가나 다\n"), max_size=100))
def test_nothing_of_plain_prose_is_lost(text):
    assert "".join("".join(plain_lines(text).lines).split()) == "".join(text.split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_korean_encodings_are_read(encoding):
    (document,), bad, _ = read(read_markdown, "---\r\ntitle: 제목\r\n---\r\n본문\r\n".encode(encoding), "a/b.md")

    assert (document.title, document.text, bad) == ("제목", "본문", [])
    assert document.id == document_id("a_source", "a/b.md")
    assert document.metadata == ({"encoding": "cp949"} if encoding == "cp949" else {})


def test_what_cannot_be_read_is_one_bad_record(monkeypatch):
    _, undecodable, _ = read(read_markdown, b"\xff\xff\xff")
    _, damaged, _ = read(read_markdown, b"\x1f\x8b\x08")
    monkeypatch.setattr(markdown_text, "MAX_LINE", 10)
    _, long, _ = read(read_markdown, b"12345678901")

    assert [each.reason for each in (*undecodable, *damaged, *long)] == ["bad_encoding", "truncated_file", "too_long"]


def test_a_file_without_text_is_skipped():
    assert read(read_markdown, "---\ntitle: 제목\n---\n![그림](a.png)\n".encode(), source=source_config()) == (
        [],
        [],
        ["no_text"],
    )
