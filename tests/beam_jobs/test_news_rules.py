import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.sources.news.news_rules import trim_news
from tests.beam_jobs.sample_corpus import ROOT

NEWS = ROOT / "tests" / "data" / "news"
BODY = "비가 사흘째 내렸다.\n시민들은 우산을 들고 출근길에 나섰다.\n기상청은 비가 더 온다고 내다봤다.\n하천도 통제됐다."

HEADS = [
    ("byline", "(서울=가나뉴스) 홍길동 기자 = "),
    ("byline", "[서울=가나통신]홍길동 김철수 기자 = "),
    ("byline", "【세종=가나뉴스】홍길동 기자="),
    ("byline", "(도쿄=연합뉴스) "),
    ("byline", "(부산=가나) 홍길동 기자 = "),
    ("byline", "[가나일보 홍길동 기자] "),
    ("byline", "[홍길동 기자]"),
    ("byline", "[가나경제=홍길동 특파원] "),
    ("byline", "홍길동 기자 = "),
    ("byline", "[가나데일리 홍길동 인턴기자]\n"),
    ("byline", "글·사진=홍길동 기자\n"),
    ("byline", "글=홍길동 기자 사진=김철수 기자\n\n"),
    ("byline", "가나일보 홍길동·김철수 기자\n"),
    ("email_signature", "홍길동 기자 hong@example.com\n"),
    ("photo_caption", "▲ 30일 시청에서 홍길동 시장이 발언하고 있다.\n"),
    ("photo_caption", "홍길동 감독 /사진=가나영화사\n"),
    ("photo_caption", "[서울=뉴시스] 홍길동 기자 = 시청 앞을 시민들이 지나고 있다. 2026.03.04. hong@example.com\n"),
]
TAILS = [
    ("byline", "\n홍길동 기자"),
    ("byline", " 홍길동 기자"),
    ("byline", " [가나일보 홍길동 기자]"),
    ("byline", "\n도쿄=홍길동 특파원"),
    ("byline", " 연합뉴스"),
    ("email_signature", "\n홍길동 기자 hong@example.com"),
    ("email_signature", " 홍길동 기자 hong@example.com"),
    ("email_signature", "\n\nhong@example.com"),
    ("email_signature", " hong@example.com"),
    ("email_signature", "\n/홍길동기자 hong@example.com"),
    ("email_signature", "\n홍길동 기자(hong@example.com)"),
    ("email_signature", "\n홍길동·김철수 기자 hong@example.com, kim@example.co.kr"),
    ("copyright", " <저작권자ⓒ 가나뉴스 무단전재 및 재배포 금지>"),
    ("copyright", "\nⓒ 가나일보(www.example.com)"),
    ("copyright", "\n본 기사의 무단 전재 및 재배포를 금지합니다."),
    ("photo_caption", " (사진=가나시청 제공)"),
    ("related_links", "\n[관련기사]\n우산 판매 급증\n하천 둔치 통제"),
    ("related_links", "\n관련 기사"),
    ("related_links", "\n[관련기사] 우산 판매 급증"),
    ("related_links", "\n▶ 우산 판매 급증\n☞ 하천 둔치 통제"),
    ("related_links", "\n[많이 본 뉴스]\n하나\n둘\n셋"),
    ("related_links", "\n홍길동 기자의 다른 기사 보기"),
    ("related_links", "\n가나뉴스 바로가기"),
    ("promotion", "\n기사제보 및 보도자료 news@example.com"),
    ("promotion", "\n▶ 카카오톡 : '가나제보' 검색\n▶ 전화 : 02-000-0000"),
    ("promotion", "\n카카오톡 제보하기"),
    ("promotion", "\n여러분의 제보를 기다립니다."),
    ("promotion", "\n네이버에서 가나일보 구독하기"),
    ("promotion", "\n좋아요 12 공유하기"),
    ("promotion", "\n좋아요0\n훈훈해요0"),
    ("promotion", "\n이 기사를 공유합니다"),
    ("end_mark", " (끝)"),
]
ANYWHERE = [
    ("copyright", "<저작권자 ⓒ 가나뉴스, 무단 전재 및 재배포 금지>"),
    ("copyright", "저작권자(c) 가나뉴스, 무단 전재-재배포, AI 학습 및 활용 금지"),
    ("copyright", "Copyrights ⓒ 가나뉴스 (www.example.com), 무단 전재 및 재배포 금지"),
    ("copyright", "Copyright © 가나일보. All rights reserved."),
    ("copyright", "가나일보 무단전재 및 재배포금지"),
    ("photo_caption", "▲ 가나시청 전경"),
    ("photo_caption", "▲ 홍길동 시장 (가나시 제공)"),
    ("photo_caption", "[사진=가나뉴스]"),
    ("photo_caption", "<사진 제공=가나시청>"),
    ("photo_caption", "사진=연합뉴스"),
    ("photo_caption", "홍길동 시장이 발언하고 있다. /사진=뉴스1"),
    ("photo_caption", "(사진) 홍길동 시장이 발언하고 있다. 뉴시스"),
    ("photo_caption", "홍길동 시장이 발언하고 있다./연합뉴스"),
    ("photo_caption", "가나시청 앞 모습. 연합뉴스 자료사진"),
    ("photo_caption", "[연합뉴스 자료사진]"),
]
PROSE = [
    "홍길동 기자가 그 자리에서 물었다.",
    "그는 전직 신문 기자",
    "이 기사를 쓴 사람은 홍길동 기자",
    "회견은 홍길동 기자 등 스무 명 앞에서 열렸다.",
    "문의는 hong@example.com 으로 하면 된다.",
    "사진 속 인물은 그의 아버지였다.",
    "사진=그림이라는 말도 있다.",
    "그는 끝내 사진 한 장을 건넸다. (사진 왼쪽)",
    "시는 새 조례를 알렸다. 무단 전재 및 재배포 금지 조항이 생긴다.",
    "ⓒ 표시가 있는 글은 옮기지 않았다.",
    "▲ 서울 ▲ 부산 ▲ 대구에서 열린다.",
    "▲ 첫째, 비가 온다",
    "시민의 제보는 큰 힘이 됐다.",
    "많이 본 뉴스가 늘 좋은 뉴스는 아니다.",
    "관련 기사를 모두 찾아 읽었다.",
    "그는 그 신문을 구독했다.",
    "정부는 대책을 검토하고 있다.",
]


@pytest.mark.parametrize(("rule", "head"), HEADS)
def test_what_stands_above_an_article_is_cut_and_counted(rule, head):
    trimmed, counts = trim_news(head + BODY)

    assert trimmed == BODY
    assert counts == {rule: len(head.replace("\n", ""))}


@pytest.mark.parametrize(("rule", "tail"), TAILS)
def test_what_stands_below_an_article_is_cut_and_counted(rule, tail):
    trimmed, counts = trim_news(BODY + tail)

    assert trimmed == BODY
    assert counts == {rule: len(tail.replace("\n", ""))}


@pytest.mark.parametrize(("rule", "line"), ANYWHERE)
def test_captions_and_copyright_lines_are_cut_wherever_they_stand(rule, line):
    for text in (f"{line}\n{BODY}\n\n{BODY}", f"{BODY}\n\n{line}\n\n{BODY}", f"{BODY}\n\n{BODY}\n{line}"):
        trimmed, counts = trim_news(text)

        assert trimmed == text.replace(f"{line}\n\n", "").replace(line, "").strip()
        assert counts == {rule: len(line)}


@pytest.mark.parametrize("line", PROSE)
@pytest.mark.parametrize("text", ["{line}\n{body}", "{body}\n{line}\n{body}", "{body}\n{line}", "{line}"])
def test_a_sentence_that_mentions_such_things_stays(line, text):
    text = text.format(line=line, body=BODY)

    assert trim_news(text) == (text, {})


@pytest.mark.parametrize(("_", "line"), [each for each in HEADS + TAILS if each[0] in ("byline", "email_signature")])
def test_bylines_in_the_middle_stay(_, line):
    text = f"{BODY}\n{line.strip()}\n{BODY}"

    if not trim_news(line.strip())[1]:
        assert trim_news(text) == (text, {})


@pytest.mark.parametrize("name", ["wire", "portal", "interview"])
def test_articles_are_trimmed_as_reviewed(name):
    trimmed, _ = trim_news((NEWS / f"{name}.txt").read_text("utf-8"))

    assert trimmed + "\n" == (NEWS / f"{name}.trimmed.txt").read_text("utf-8")


def test_a_paragraph_is_not_taken_for_a_list_of_links():
    text = f"{BODY}\n관련기사\n{BODY}"

    assert trim_news(text) == (text, {})


@pytest.mark.parametrize("text", ["홍길동 기자", "▶ 제보하기\n(끝)", "", "\n", "<사진 제공=가나시청>\n-\n홍길동 기자"])
def test_a_text_that_would_be_emptied_stays(text):
    assert trim_news(text) == (text, {})


fragments = st.sampled_from(
    [line for _, line in HEADS + TAILS + ANYWHERE]
    + PROSE
    + ["비가 왔다.", "\n", " ", "우산 판매", "가" * 260, "\u3000"]
)


@given(st.lists(fragments, max_size=12).map("".join) | st.lists(fragments, max_size=30).map("\n".join))
def test_trimming_what_is_trimmed_changes_nothing(text):
    trimmed, counts = trim_news(text)

    assert trim_news(trimmed) == (trimmed, {})
    assert sum(counts.values()) <= len(text) - len(trimmed)
    assert bool(counts) == (trimmed != text)


@given(st.lists(fragments, max_size=30).map("\n".join))
def test_what_stays_is_part_of_the_text_in_its_order(text):
    rest = iter(text)

    assert all(character in rest for character in trim_news(text)[0])


@pytest.mark.parametrize(
    "repeated",
    ["가나 ", "가나다 기자 ", "있다. ", "사진=가", "ⓒ 가나 ", "a@a.", "금지 ", "▲", "(", " ", "[가=나뉴스", "공유 "],
)
def test_a_line_of_a_megabyte_is_prose(repeated):
    line = (repeated * (1_000_000 // len(repeated))).strip() + "."

    assert trim_news(f"{BODY}\n{line}") == (f"{BODY}\n{line}", {})
    assert trim_news(f"{line}\n{BODY}") == (f"{line}\n{BODY}", {})


@pytest.mark.parametrize(
    ("before", "after"),
    [("[홍길동 기자] " * 20_000, " [홍길동 기자]" * 20_000), ("사진=가\n" * 20_000, "\n▶ 우산 판매" * 20_000)],
)
def test_rules_that_hold_many_times_take_time_by_what_they_cut(before, after):
    trimmed, counts = trim_news(before + BODY + after)

    assert trimmed == BODY
    assert sum(counts.values()) > 200_000
