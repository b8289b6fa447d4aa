import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.cleaning.html_leftovers import drop_html_leftovers


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("연기&nbsp;최고&hellip; &quot;명작&quot;", '연기\u00a0최고… "명작"'),
        ("R&amp;amp;D &amp;#39;연구&amp;#39;", "R&D '연구'"),
        ("&#44032;&#xB098; &LT;", "가나 <"),
        ("첫째 줄<br>둘째 줄<BR />셋째", "첫째 줄\n둘째 줄\n셋째"),
        ("<p>문단 하나.</p><p class='a'>둘.</p>", "\n문단 하나.\n\n둘.\n"),
        ('<span style="color:red">굵은</span> <b>글씨</b>와 <a href="https://a.kr/?b=1">주소</a>', "굵은 글씨와 주소"),
        ("줄 <br> 은<br>&nbsp; 둘 <b>셋</b> 넷", "줄 \n은\n둘 셋 넷"),
        ("a &lt; b &amp;&amp; <br>끝", "a < b && \n끝"),
        ("앞<!-- 광고\n자리 -->뒤", "앞뒤"),
        ("The end<br>끝", "The end\n끝"),
        ("<td>하나</td><td>둘</td>", " 하나  둘 "),
    ],
)
def test_what_a_page_left_behind_goes(text, clean):
    assert drop_html_leftovers(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "줄을 바꾸려면 <br> 태그를 쓴다.",
        "HTML에서 &lt;와 &amp;는 이렇게 쓴다: <b>굵게</b>",
        "<MyButton /> 컴포넌트는 <div>를 돌려준다",
        "std::vector<int> a; List<b> c; template <p>",
        "#include <iostream>\n<b>",
        "토큰은 <s>와 </s>이고, 띄어쓰기는 &nbsp;이다",
        "return (\n  <div>\n    <p>안녕</p>\n  </div>\n);",
        "x <b 그리고 c> y, a < b, 1<2, <3",
        "개정 <2011.12.9>, 영화 <기생충>",
        "AT&T, Q&A, &없는; let s3 = s1 + &s2;",
        "https://a.kr/?a=1&copy=2&lt=3",
        "줄 &lt;br&gt; 은",
        "&lt;!-- 설명 --&gt;",
        "<!--#include virtual='/머리.shtml' -->",
    ],
)
def test_markup_and_code_that_a_text_is_about_stay(text):
    assert drop_html_leftovers(text) == text


def test_code_keeps_its_tags_and_loses_what_was_escaped():
    assert drop_html_leftovers("if (a &lt; b) run(); <p>") == "if (a < b) run(); <p>"


@given(st.text(st.sampled_from("<>&/!-bripa; =\"'#amp\n글"), max_size=80))
def test_a_text_that_speaks_of_tags_is_left_alone(text):
    about = f"{text} 태그"

    assert drop_html_leftovers(about) == about


def test_comments_that_nobody_closed_stay_however_many():
    text = "<!-- " * 10_000

    assert drop_html_leftovers(text) == text
