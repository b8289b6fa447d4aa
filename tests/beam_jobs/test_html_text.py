import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.crawl.html_text import title_and_text

SENTENCE = "이 문서는 아파치 웹서버의 필터를 설명한다. 필터는 서버가 보내거나 받은 자료에 적용하는 과정이다."
hangul = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


def page(text: str) -> str:
    return f"<html><head><title>제목</title></head><body><p>{text}</p></body></html>"


@given(word=hangul, particle=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3))
def test_a_particle_between_two_links_is_kept(word, particle):
    links = f'<a href="x">{word}</a>{particle} <a href="y">{word}</a>를 쓴다.'

    _, text = title_and_text(page(links))

    assert text == f"{word}{particle} {word}를 쓴다."


def test_a_list_right_under_body_is_kept():
    _, text = title_and_text(page(f"{SENTENCE}</p><ul><li>{SENTENCE}</li><li>둘째</li></ul><p>"))

    assert [line.strip() for line in text.splitlines() if line] == [SENTENCE, SENTENCE, "둘째"]


def test_menus_and_code_listings_are_left_out_and_plain_pre_is_kept():
    menu = '<header>머리말</header><nav><ul><li><a href="x">메뉴</a></li></ul></nav><footer>꼬리말</footer>'
    listings = '<div class="highlight"><pre>import torch</pre></div><pre><code>x = 1</code></pre>'

    _, text = title_and_text(page(f"{SENTENCE}</p>{menu}{listings}<pre>옛 글은 이렇게 쓰였다.</pre><p>"))

    assert text.split("\n\n") == [SENTENCE, "옛 글은 이렇게 쓰였다."]


def test_the_title_is_one_line():
    title, _ = title_and_text("<title> 필터\n -  설명 </title><p>글</p>")

    assert title == "필터 - 설명"


@pytest.mark.parametrize("listing", ["<pre><code>x = 1</code></pre>", '<pre class="prettyprint">x = 1</pre>'])
def test_code_between_paragraphs_is_left_out_and_code_within_them_is_kept(listing):
    _, text = title_and_text(page(f"{SENTENCE} <code>SetInputFilter</code>를 쓴다.</p>{listing}<p>{SENTENCE}"))

    assert "SetInputFilter를 쓴다." in text
    assert "x = 1" not in text


def test_tables_definitions_and_headings_are_kept_in_order():
    parts = (
        "<h2>지시어</h2><table><tr><td>상태</td><td>기본</td></tr></table><dl><dt>DEFLATE</dt><dd>압축한다</dd></dl>"
    )

    _, text = title_and_text(page(f"{SENTENCE}</p>{parts}<p>"))

    assert text.split() == [*SENTENCE.split(), "지시어", "상태", "기본", "DEFLATE", "압축한다"]


def test_a_page_without_a_body_has_no_text():
    assert title_and_text("<title>제목</title>") == ("제목", "")
