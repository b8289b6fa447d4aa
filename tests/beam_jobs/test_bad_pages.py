import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.clean_config import BadPagesConfig, WordListConfig
from beam_jobs.cleaning.bad_addresses import BadAddresses
from beam_jobs.cleaning.bad_pages import BadPages
from model.contract.errors import SettingError
from tests.beam_jobs.sample_corpus import ROOT

PAGES = ROOT / "tests" / "data" / "lines"
FIND = BadPages(BadPagesConfig()).find
SOLD = "바카라 사이트, 온라인 카지노, 먹튀 검증을 찾으신다면 가입머니와 첫충을 드리는 이곳으로 오세요."
NEUTRAL = "비가 사흘째 내렸다. 시민들은 우산을 들고 출근길에 나섰다."


def pages(name):
    """What each page is marked as, its title and its text."""
    for page in (PAGES / name).read_text().split("=== ")[1:]:
        head, _, text = page.partition("\n")
        yield *head.split(" | ", 1), text.strip()


def test_most_made_up_pages_that_sell_are_found_under_their_rule():
    spam = list(pages("spam_pages.txt"))

    missed = [title for rule, title, text in spam if getattr(FIND(text, "", title), "rule", None) != rule]

    assert len(spam) == 34
    assert missed == ["흥신소 의뢰", "여행 후기와 카지노", "싸게 드립니다", "에볼 파트너 모집", "오늘 밤 외로우신가요"]


def test_no_decision_and_no_article_on_the_same_matters_is():
    good = list(pages("good_pages.txt"))

    assert len(good) == 34
    assert [title for _, title, text in good if FIND(text, "", title)] == []


def test_a_finding_tells_how_dense_the_words_are():
    finding = FIND(SOLD, "", "")

    assert finding.rule == "gambling_words"
    assert finding.value == pytest.approx((3 + 2) * 1000 / 200)  # as if the page had 200 characters
    assert finding.threshold == BadPagesConfig().max_words


def test_words_that_are_few_among_many_others_are_no_matter():
    assert FIND(f"{SOLD}\n{NEUTRAL * 10}", "", "")
    assert FIND(f"{SOLD}\n{NEUTRAL * 60}", "", "") is None


def test_who_reports_may_quote():
    report = f"경찰은 '{SOLD}'라는 글을 올린 혐의로 피의자를 구속했다. 검찰이 기소했고 법원은 징역형을 선고했다."

    assert FIND(report, "", "") is None
    assert BadPages(BadPagesConfig(max_reporting_share=1.0)).find(report, "", "")


def test_words_alone_sell_nothing_without_a_way_to_be_asked():
    assert FIND("바카라, 블랙잭, 룰렛 사이트, 홀덤 사이트는 어떻게 다른가.", "", "") is None


@pytest.mark.parametrize("sign", [".", " ", "·", "★", "_"])
def test_words_are_known_in_pieces_and_with_or_without_their_blanks(sign):
    text = f"{sign.join('카지노')}, {sign.join('바카라')}, 토토사이트, 가입머니, 첫 충전"

    for length in (0, 100):  # short texts go another way
        assert FIND(f"{text}\n{'가' * length * 3}", "", "").rule == "gambling_words"


def test_a_title_counts_as_well():
    assert FIND("바카라 사이트에서 가입머니와 첫충을 드립니다.", "", "") is None
    assert FIND("바카라 사이트에서 가입머니와 첫충을 드립니다.", "", "카지노 먹튀 검증").rule == "gambling_words"


@pytest.mark.parametrize("rule", ["adult_words", "gambling_words", "spam_words", "bad_address"])
def test_a_rule_that_is_off_finds_nothing_and_the_others_go_on(rule):
    find = BadPages(BadPagesConfig.parse({rule: {"on": False}}, "test")).find
    found = {finding.rule for _, title, text in pages("spam_pages.txt") if (finding := find(text, "", title))}
    if finding := find(NEUTRAL, "https://www.bestcasino.example/", ""):
        found.add(finding.rule)

    assert found == {"adult_words", "gambling_words", "spam_words", "bad_address"} - {rule}


def test_a_list_of_ones_own_goes_beside_or_in_the_place_of_the_shipped(tmp_path):
    own = tmp_path / "words.txt"
    own.write_text("# 우산 장수\n우산 특가\n\n우비 특가\n장화 특가\n")
    page = "우산특가 우비 특가 장화 특가, 문의 주세요. 24시간 상담."
    beside = BadPages(BadPagesConfig(spam_words=WordListConfig(paths=(str(own),)))).find
    instead = BadPages(BadPagesConfig(gambling_words=WordListConfig(shipped=False, paths=(str(own),)))).find

    assert FIND(page, "", "") is None
    assert beside(page, "", "").rule == "spam_words"
    assert beside(SOLD, "", "").rule == "gambling_words"
    assert instead(page, "", "").rule == "gambling_words"
    assert instead(SOLD, "", "") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not|no such file"),
        (b"# nothing\n\n", "holds no word; write one a line"),
        ("카지노".encode("cp949"), "not in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_setting_error(tmp_path, content, message):
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingError, match=f"words.txt.*({message})"):
        BadPages(BadPagesConfig(adult_words=WordListConfig(paths=(str(path),))))


def test_no_list_at_all_is_a_setting_error():
    with pytest.raises(SettingError, match=r"spam_words: shipped is off and paths is empty.*add a path"):
        BadPagesConfig.parse({"spam_words": {"shipped": False}}, "test")


@pytest.mark.parametrize(
    ("url", "bad"),
    [
        ("https://www.best-casino7.example/play", True),
        ("https://sex.example.com/", True),
        ("https://free-sex-24.example/", True),
        ("https://" + "카지노사이트.example".encode("idna").decode(), True),
        ("https://www.essex.ac.uk/", False),
        ("https://example.com/casino-ruling", False),
        ("https://news.example.com/?q=porn", False),
        ("", False),
    ],
)
def test_an_address_is_known_by_words_of_its_host_alone(url, bad):
    finding = FIND(NEUTRAL, url, "")

    assert (finding is not None and finding.rule == "bad_address") == bad


def test_hosts_count_with_those_below_and_pages_with_those_that_begin_so():
    addresses = BadAddresses(["bad.example", "https://fair.example/bad/", "co.kr.example"])

    assert addresses.has("http://bad.example")
    assert addresses.has("https://A.B.BAD.example:443/x")
    assert addresses.has("https://www.fair.example/bad/page?x=1")
    assert addresses.has("fair.example/bad")
    assert not addresses.has("https://notbad.example/")
    assert not addresses.has("https://fair.example/badly")


@given(st.text("가나다라마바사 .\n", max_size=600))
def test_a_text_without_any_listed_word_is_never_found(text):
    assert FIND(text, "", "") is None


def test_lists_hold_each_term_once_and_none_of_one_syllable():
    for path in sorted((ROOT / "beam_jobs" / "cleaning" / "lists").glob("*.txt")):
        terms = [re.sub(r"\W", "", line) for line in path.read_text().splitlines() if line and line[0] != "#"]

        assert len(set(terms)) == len(terms) > 15, path.name
        assert min(map(len, terms)) >= 2


def test_a_travel_text_a_medical_text_and_words_within_other_words_stay():
    texts = {
        "travel": "마카오의 카지노 호텔은 24시간 운영하고, 바카라와 블랙잭, 슬롯 머신을 본다. 환전은 공항이 낫다. " * 4,
        "medicine": "비아그라, 시알리스, 레비트라는 약이다. 20대도 무료 상담을 받고 안전하게 먹는다. " * 4,
        "programming": "크롤링과 스크롤링을 다룬 분야동향을 사건마다, 조건마다 정리했다. " * 6,
    }
    judge = BadPages(BadPagesConfig())

    assert {name: judge.find(text, "", "") for name, text in texts.items()} == dict.fromkeys(texts)


GAMES = "마카오의 호텔마다 카지노가 있고 바카라와 블랙잭, 슬롯 머신이 늘어서 있다. 24시간 운영하며 연중무휴이다."
DRUGS = "비아그라, 시알리스, 레비트라는 모두 같은 효소를 막는다. 본원은 무료 상담을 하고 비밀 보장을 약속한다."


@pytest.mark.parametrize(("text", "rule"), [(GAMES, "gambling_words"), (DRUGS, "adult_words")])
def test_names_of_games_and_drugs_sell_only_beside_a_way_to_join_or_call(text, rule):
    assert FIND(text, "", "") is None
    assert FIND(f"{text} 추천인 코드를 적으세요.", "", "").rule == rule
    assert FIND(f"{text} 텔레그램 ganada0000", "", "").rule == rule


@pytest.mark.parametrize("host", ["sex-ed.go.kr", "xxx.lanl.gov", "koreacasino.go.kr", "jackpot.dev", "holdem.ac.kr"])
def test_words_in_the_hosts_of_offices_and_schools_say_nothing(host):
    assert BadPages(BadPagesConfig()).find("글", f"https://{host}/", "") is None
