import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.html_text import decode_html, title_and_text

SENTENCE = "이 문서는 아파치 웹서버의 필터를 설명한다. 필터는 서버가 보내거나 받은 자료에 적용하는 과정이다."
hangul = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


def page(text: str, charset: str = "") -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>제목</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("label", ["utf-8", "EUC-KR", "ks_c_5601-1987", "cp949", "utf-16"])
@given(text=hangul)
def test_every_syllable_survives_the_encoding_that_the_header_names(label, text):
    encoding = label if label.startswith("utf") else "cp949"

    assert decode_html(page(text).encode(encoding), label) == page(text)


@pytest.mark.parametrize("header", [None, "utf-8", "iso-8859-1", "no-such-encoding", "hex", '"EUC-KR"'])
@pytest.mark.parametrize("meta", ["euc-kr", ""])
def test_a_euc_kr_page_is_read_whatever_the_header_says(header, meta):
    html = page(SENTENCE, meta)

    assert decode_html(html.encode("cp949"), header) == html


@pytest.mark.parametrize("header", [None, "euc-kr", "windows-1252"])
def test_a_utf_8_page_is_read_whatever_the_header_says(header):
    html = page(SENTENCE, "utf-8")

    assert decode_html(html.encode(), header) == html


def test_a_page_cut_within_a_character_loses_only_that():
    html = page(SENTENCE * 5)

    decoded = decode_html(html.encode().replace(b"</p>", "글".encode()[:2] + b"</p>"), "utf-8")

    assert decoded == html.replace("</p>", "\ufffd</p>")


def test_bytes_in_no_encoding_are_refused():
    assert decode_html(bytes(range(0x80, 0x100)) * 20 + SENTENCE.encode("utf-8"), "utf-8") is None


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
