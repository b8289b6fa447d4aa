import pytest

from flows.corpus_report.gathered import gather
from flows.corpus_report.page import write_report
from tests.browser import browser, needs_chromium
from tests.flows.corpus_report_stages import corpus

pytestmark = needs_chromium
SCREENS = [(1280, False), (1280, True), (400, False), (400, True)]
VISIBLE = "[...document.querySelectorAll('{}')].filter(found => found.checkVisibility()).length"
OPEN_ALL = "document.querySelectorAll('details').forEach(found => { found.open = true })"
LABELS_CUT_OFF = """[...document.querySelectorAll('svg')].filter(found => found.checkVisibility()).flatMap(drawing =>
  [...drawing.querySelectorAll('text')].filter(text => {
    const [box, all] = [text.getBBox(), drawing.viewBox.baseVal];
    return box.x < -1 || box.y < -1 || box.x + box.width > all.width + 1 || box.y + box.height > all.height + 1;
  }).map(text => text.textContent))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(gather(corpus(folder)), str(folder / "report.html"))
    return folder / "report.html"


@pytest.fixture(scope="module")
def tab():
    with browser() as opened:
        yield opened


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_the_page_shows_all_of_itself_without_a_complaint(tab, page, width, dark):
    tab.open(page, width=width, dark=dark)

    assert tab.complaints == []
    assert tab.requests == [page.resolve().as_uri()]
    assert tab.run("window.hacked === undefined")
    assert tab.run(VISIBLE.format("svg")) == 1
    assert tab.run(VISIBLE.format("table")) >= 5
    assert tab.run(VISIBLE.format(".histogram")) == 2
    assert tab.run("document.querySelectorAll('article.example').length") == 5


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_nothing_is_wider_than_the_screen_with_everything_open(tab, page, width, dark):
    tab.open(page, width=width, dark=dark)

    tab.run(OPEN_ALL)

    assert tab.run("window.innerWidth") == width
    assert tab.run("document.documentElement.scrollWidth") <= width
    outside = (
        "[...document.querySelectorAll('main *, header *')].filter(found => found.checkVisibility() "
        "&& !found.closest('.scroll, svg') && found.getBoundingClientRect().right > window.innerWidth + 1)"
        ".map(found => found.outerHTML.slice(0, 200))"
    )
    assert tab.run(outside) == []


@pytest.mark.parametrize("width", [1280, 400])
def test_no_label_of_a_chart_is_cut_off(tab, page, width):
    tab.open(page, width=width)

    for unit in (1, 2, 3):
        tab.run(f"document.getElementById('unit{unit}').click()")
        assert tab.run(LABELS_CUT_OFF) == []


def test_paper_and_ink_change_with_the_readers_scheme(tab, page):
    colour = "getComputedStyle(document.body).backgroundColor"

    tab.open(page)
    light = tab.run(colour)
    tab.open(page, dark=True)

    assert (light, tab.run(colour)) == ("rgb(255, 255, 255)", "rgb(20, 24, 29)")


def test_units_switch_and_all_tables_stand_there_without_scripts(tab, page):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(page)
        tab.run("document.getElementById('unit3').checked = true")

        assert tab.run("document.querySelectorAll('th button').length") == 0
        assert tab.run("[1, 2, 3].map(unit => document.querySelector('.panel' + unit).checkVisibility())") == [
            False,
            False,
            True,
        ]
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_table_sorts_by_the_heading_that_is_pressed(tab, page):
    tab.open(page)
    names = "[...document.querySelector('table.rules').querySelectorAll('tbody a')].map(link => link.textContent)"
    press = "document.querySelector('table.rules').tHead.rows[0].cells[2].querySelector('button').click()"

    tab.run(press)
    downwards = tab.run(names)
    tab.run(press)

    assert downwards[:2] == ["rule_without_a_sentence", "too_short"]
    assert tab.run(names)[-2:] == ["too_short", "rule_without_a_sentence"]
    assert tab.run("document.querySelectorAll('th[aria-sort=ascending]').length") == 1


def test_a_rules_link_opens_its_examples(tab, page):
    tab.open(page)

    tab.run("document.querySelector('table.rules a').click()")

    assert tab.run("[...document.querySelectorAll('details')].filter(found => found.open).length") == 1
    assert tab.run("document.querySelector('details.rule').open")
