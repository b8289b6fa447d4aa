import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.crawl.html_encoding import decode_html

SENTENCE = "이 문서는 아파치 웹서버의 필터를 설명한다. 필터는 서버가 보내거나 받은 자료에 적용하는 과정이다."
hangul = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


def page(text: str, charset: str = "") -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>제목</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("label", ["utf-8", "EUC-KR", "ks_c_5601-1987", "cp949", "utf-16"])
@given(text=hangul)
def test_every_syllable_survives_the_encoding_that_the_header_names(label, text):
    encoding = label if label.startswith("utf") else "cp949"

    assert decode_html(page(text).encode(encoding), label).html == page(text)


@pytest.mark.parametrize("header", [None, "utf-8", "iso-8859-1", "no-such-encoding", "hex", '"EUC-KR"'])
@pytest.mark.parametrize("meta", ["euc-kr", ""])
def test_a_euc_kr_page_is_read_whatever_the_header_says(header, meta):
    html = page(SENTENCE, meta)

    assert decode_html(html.encode("cp949"), header) == (html, "cp949")


@pytest.mark.parametrize("header", [None, "euc-kr", "windows-1252"])
def test_a_utf_8_page_is_read_whatever_the_header_says(header):
    html = page(SENTENCE, "utf-8")

    assert decode_html(html.encode(), header) == (html, "utf-8")


def test_a_page_cut_within_a_character_loses_only_that():
    html = page(SENTENCE * 5)

    decoded = decode_html(html.encode().replace(b"</p>", "글".encode()[:2] + b"</p>"), "utf-8")

    assert decoded.html == html.replace("</p>", "\ufffd</p>")


def test_bytes_in_no_encoding_are_refused():
    assert decode_html(bytes(range(0x80, 0x100)) * 20 + SENTENCE.encode("utf-8"), "utf-8") is None


@pytest.mark.parametrize(
    ("mark", "encoding"), [("utf-8-sig", "utf-8"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")]
)
@pytest.mark.parametrize("header", [None, "euc-kr"])
def test_a_byte_order_mark_outweighs_the_header(mark, encoding, header):
    html = page(SENTENCE)
    body = html.encode(mark) if mark == "utf-8-sig" else f"\ufeff{html}".encode(mark)

    assert decode_html(body, header) == (html, encoding)


@pytest.mark.parametrize("header", ["utf-16", None])
def test_a_page_that_calls_itself_utf_16_in_ascii_letters_is_not(header):
    html = page(SENTENCE, "utf-16") + " " * (len(page(SENTENCE, "utf-16").encode()) % 2)

    assert decode_html(html.encode(), header) == (html, "utf-8")


def test_syllables_that_only_cp949_has_are_read_under_the_name_of_euc_kr():
    html = page("똠방각하와 펲시콜라", "euc-kr")

    assert decode_html(html.encode("cp949"), "EUC-KR") == (html, "cp949")


@pytest.mark.parametrize(
    "label", ["utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "rot13", "x-user-defined"]
)
def test_encodings_that_browsers_do_not_know_are_passed_over(label):
    html = page("\\ud800 +2AA-", label)

    assert decode_html(html.encode(), label) == (html, "utf-8")
