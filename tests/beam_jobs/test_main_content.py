import pytest
from resiliparse.parse.html import HTMLTree

from beam_jobs.sources.crawl.main_content import keep_main_content

PROSE = (
    "시의회는 오늘 본회의를 열고 내년도 예산안을 의결했다. 예산은 올해보다 삼 퍼센트 늘었고, 늘어난 몫은 도서관과 "
    "공원에 쓰인다. 의장은 회의를 마치며 시민의 뜻을 따르겠다고 말했다. 새 도서관은 내년 봄에 문을 연다."
)
MENU = '<ul><li><a href="/a">정치</a></li><li><a href="/b">경제</a></li><li><a href="/c">문화</a></li></ul>'


def letters(text: str) -> str:
    return "".join(text.split())


def kept(body: str) -> str:
    tree = HTMLTree.parse(f"<html><body>{body}</body></html>")
    keep_main_content(tree)
    return letters(tree.body.text)


@pytest.mark.parametrize(
    "part",
    [
        f"<nav>{MENU}</nav>",
        f"<div role='navigation'>{PROSE}</div>",
        "<footer>발행인 아무개</footer>",
        "<header><a href='/'>우리 신문</a></header>",
        f"<div id='gnb'><span>오늘의 신문</span>{MENU}</div>",
        "<div class='breadcrumb'><a href='/'>처음</a> &gt; 정치</div>",
        "<div class='page-nav'><a href='/1'>이전</a></div>",
        "<div class='topmenu'><a href='/1'>구독</a></div>",
        "<p class='copyright'>무단 전재 및 재배포 금지</p>",
        f"<div class='cookie-notice'>{PROSE}</div>",
        f"<aside>{MENU}</aside>",
        "<div class='share'>이 글을 나누기</div>",
        "<script>var text = 1;</script>",
        "<p><span>언어:</span> <a href='/en'>en</a> | <a href='/zh'>zh-cn</a></p>",
        "<div><a href='/en'>en</a></div>",
        "<div><a href='/1'>하나</a> | <a href='/2'>둘</a> | <a href='/3'>셋</a></div>",
        MENU,
        "<dialog>로그인하세요</dialog>",
    ],
)
def test_what_stands_beside_the_content_is_left_out(part):
    assert kept(f"{part}<p>{PROSE}</p>{part}") == letters(PROSE)


@pytest.mark.parametrize(
    "part",
    [
        f"<div class='sidebar'>{PROSE}</div>",
        f"<aside>{PROSE}</aside>",
        f"<form>{PROSE}</form>",
        "<div class='section-header'><h2>의결</h2></div>",
        "<header><h1>예산안 의결</h1></header>",
        "<ul><li><a href='/a'>본회의</a></li><li><a href='/b'>예산안</a></li></ul>",
        "<ul><li><a href='/1'>도서관</a> 새로 짓는다</li><li><a href='/2'>공원</a> 넓힌다</li>"
        "<li><a href='/3'>길</a> 고친다</li></ul>",
        "<p>의장은 <a href='/1'>본회의</a>와 <a href='/2'>위원회</a>에서 <a href='/3'>예산</a>을 설명했다고 한다.</p>",
        "<p>문의는 <a href='/1'>시청</a></p>",
        "<p>파일 이름은 <a href='/1'>ls</a>로 보고 <a href='/2'>cp</a>로 옮겨 적으며, 그 밖의 명령은 설명서를 읽고 "
        "스스로 배워 쓰는 편이 좋겠다고 한다.</p>",
        "<p>"
        + "".join(f"<a href='/{i}'>{PROSE[:60]}</a> 그리고 이어서 나온 또 다른 이야기 하나, " for i in range(5))
        + "</p>",
        "<p class='protocol stocks generating'>짧은 글</p>",
        "<h3>의결</h3><p>짧다.</p>",
    ],
)
def test_what_belongs_to_the_content_is_kept(part):
    letters_of_it = kept(part)

    assert letters_of_it
    assert kept(f"<p>{PROSE}</p>{part}<p>{PROSE}</p>") == letters(PROSE) + letters_of_it + letters(PROSE)


def test_a_page_that_names_its_main_content_is_believed():
    article = f"<article><p>{PROSE}</p></article>"

    assert kept(f"<div>머리</div><main><div>기자 소개</div>{article}</main><div>꼬리</div>") == letters(PROSE)
    assert kept(f"<div>머리</div><div role='main'><p>{PROSE}</p></div>") == letters(PROSE)


def test_main_content_that_holds_little_of_the_text_is_not_believed():
    assert kept(f"<p>{PROSE}</p><main>글</main>") == letters(PROSE) + "글"


def test_several_articles_are_all_kept():
    articles = f"<article><p>{PROSE}</p></article>" * 2

    assert kept(articles) == letters(PROSE) * 2


def test_a_heading_goes_with_its_list_of_links_unless_text_follows():
    links = f"<h3>많이 본 글</h3>{MENU}"

    assert kept(f"<p>{PROSE}</p>{links}") == letters(PROSE)
    assert kept(f"<p>{PROSE}</p>{links}<h3>의견</h3><p>없다.</p>") == letters(f"{PROSE} 의견 없다.")
    assert kept(f"<h2>예산안</h2>{MENU}<p>{PROSE}</p>") == letters(f"예산안 {PROSE}")


def test_behind_twenty_thousand_blocks_nothing_is_taken_out():
    menu = f"<div class='menu'>{MENU}</div>"

    assert kept("<div></div>" * 19_998 + menu + f"<p>{PROSE}</p>") == letters(PROSE)
    assert kept("<div></div>" * 20_000 + menu + f"<p>{PROSE}</p>") == letters(f"정치경제문화{PROSE}")
