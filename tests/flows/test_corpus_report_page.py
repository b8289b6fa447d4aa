import dataclasses
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from beam_jobs.tally import Tally
from flows import corpus_report, reports
from flows.corpus_report import rows
from flows.corpus_report.gathered import gather
from flows.corpus_report.page import report_page, write_report
from tests.flows.corpus_report_stages import BARE, CLUSTERS, HOSTILE, MASKED, cleaning, corpus, deduplication, sifted

NOT_SHOWN = {"\u202e": "U+202E", "\u200b": "U+200B"}


class Outline(HTMLParser):
    """Every tag with its attributes, and all text that is not in a style or a script."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._code = "", False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._code = tag in ("style", "script")

    def handle_endtag(self, tag):
        self._code = False

    def handle_data(self, data):
        self.text += "" if self._code else data


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    return gather(corpus(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="module")
def outline(facts):
    return Outline(report_page(facts))


def test_every_rule_example_copy_and_host_is_on_the_page(facts, outline):
    for rule in facts.rules:
        assert rule.name in outline.text
    for example in (HOSTILE, MASKED, BARE):
        assert example.id in outline.text
        for text in (example.title, example.before, example.after):
            for character, name in NOT_SHOWN.items():
                text = text.replace(character, name)
            assert text in outline.text
    for copy in (CLUSTERS[0]["survivor"], *CLUSTERS[0]["members"]):
        assert copy["id"] in outline.text
        assert copy["excerpt"] in outline.text
    for host in facts.hosts:
        assert host.host in outline.text


def test_a_rule_without_a_sentence_stands_by_its_name_alone(outline):
    assert "rule_without_a_sentence" in outline.text
    assert "Texts with too few characters to learn from." in outline.text


def test_nothing_in_a_document_becomes_markup(outline):
    tags = [tag for tag, _ in outline.tags]

    assert tags.count("script") == 1
    assert not {"img", "b", "iframe", "object", "embed", "form", "base"} & set(tags)
    assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]


def test_only_web_addresses_become_links_and_they_tell_nothing(outline):
    links = [attributes for tag, attributes in outline.tags if tag == "a"]
    outside = [link for link in links if not link["href"].startswith("#")]

    assert {link["href"] for link in outside} == {MASKED.url, "https://a.kr/1"}
    assert all("noreferrer" in link["rel"] for link in outside)
    assert HOSTILE.url in outline.text


def test_the_page_loads_nothing(outline):
    loading = [
        (tag, name, value)
        for tag, attributes in outline.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href")
        or (name == "href" and tag != "a")
    ]

    assert loading == [("link", "href", "data:,")]


def test_styles_and_scripts_name_no_address(facts):
    code = "".join(re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", report_page(facts), re.DOTALL))

    assert len(code) > 1_000
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|fetch|XMLHttpRequest", code)


def test_the_template_trusts_no_text():
    folder = Path(corpus_report.__file__).parent

    assert not re.search(r"\bsafe\b|autoescape|Markup", (folder / "page.html.j2").read_text())
    assert "autoescape=True" in (folder / "page.py").read_text()


def test_equal_facts_give_equal_bytes(tmp_path):
    write_report(gather(corpus(tmp_path / "one")), str(tmp_path / "one.html"))
    write_report(gather(corpus(tmp_path / "two")), str(tmp_path / "two.html"))

    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_order_in_which_tallies_were_added_changes_nothing(tmp_path):
    first, second = Tally("clean"), Tally("clean")
    second.flow("blogs", "in", 10)
    second.drop("too_short", "blogs", 10)
    forwards, backwards = cleaning().add(second), first.add(second).add(cleaning())

    pages = [report_page(gather([sifted(tmp_path / str(at), tally)])) for at, tally in enumerate((forwards, backwards))]

    assert pages[0] == pages[1]


def test_sums_that_disagree_are_on_the_page(facts, tmp_path):
    tally = deduplication()
    tally.flow("news", "in", 994)

    page = html.unescape(report_page(gather([sifted(tmp_path, cleaning()), sifted(tmp_path, tally)])))

    assert "Deduplication, news: 3 documents came in, but 1 stayed and 1 were dropped." in page
    assert "do not agree" in page
    assert "do not agree" not in report_page(facts)


def test_a_page_of_cleaning_alone_has_no_copies_tokens_or_reading(tmp_path):
    page = report_page(gather([sifted(tmp_path, cleaning())]))

    assert "before cleaning" in page
    assert not re.search(r'id="copies"|Tokens|Copies found|as read', page)


def test_a_corpus_of_which_nothing_came_in_has_a_page_too(tmp_path):
    page = report_page(gather([sifted(tmp_path, Tally("clean"))]))

    assert "Corpus report: 0 documents" in page
    assert "No rule dropped or changed anything." in page


def test_near_copies_that_are_marked_are_not_said_to_go(tmp_path):
    tally = Tally("dedupe")
    tally.change("near_copy", "news", 1, 0)
    facts = gather([sifted(tmp_path, tally, [{**CLUSTERS[0], "all_stay": True}])])

    page = report_page(facts)

    assert [row["fate"] for row in rows.cluster_rows(facts)] == ["stays", "stays"]
    assert "Stays, marked; similarity 0.88" in page
    assert "Goes;" not in page


def test_the_tables_for_prefect_say_what_the_page_says(facts):
    assert rows.flow_rows(facts)[:3] == [
        {"unit": "documents", "source": "news", "as read": 3, "after cleaning": 2, "after deduplication": 1},
        {"unit": "documents", "source": "wiki", "as read": 2, "after cleaning": 1, "after deduplication": 1},
        {"unit": "documents", "source": "all", "as read": 5, "after cleaning": 3, "after deduplication": 2},
    ]
    assert [row["unit"] for row in rows.flow_rows(facts)][-1] == "tokens, about"
    short = next(row for row in rows.rule_rows(facts) if row["rule"] == "too_short")
    assert (short["documents dropped"], short["characters dropped"], short["stage"]) == (1, 50, "cleaning")
    assert {row["before"] for row in rows.example_rows(facts)} == {HOSTILE.before, MASKED.before, BARE.before}
    assert [(row["fate"], row["similarity"]) for row in rows.cluster_rows(facts)] == [("stays", 1.0), ("goes", 0.88)]
    assert rows.host_rows(facts)[0] == {
        "host": "a.kr",
        "came in": 2,
        "after cleaning": 1,
        "after deduplication": 0,
    }
    assert {"measure": "Length in characters", "from": "32 to 64", "before": 1, "after": 0} in rows.histogram_rows(
        facts
    )


def test_the_opening_says_what_each_stage_took(facts):
    assert rows.summary_markdown(facts).splitlines() == [
        "- documents: 2 of 5 stay (40.0%)",
        "- characters: 1,284 of 2,350 stay (54.6%)",
        "- tokens: about 526 of 855 stay (61.5%)",
        "- copies that deduplication dropped: 1",
        "- cleaning: It dropped 2 of 5 documents (40.0%), and 24.1% of the characters went. Most went by "
        "rule_without_a_sentence 1, too_short 1.",
        "- deduplication: It dropped 1 of 3 documents (33.3%), and 28.0% of the characters went. Most went by "
        "near_copy 1.",
    ]


def test_within_a_flow_run_every_section_becomes_an_artifact(facts, monkeypatch):
    made = {}
    for kind in ("table", "markdown"):
        monkeypatch.setattr(
            f"prefect.artifacts.create_{kind}_artifact", lambda key, **content: made.__setitem__(key, content)
        )
    monkeypatch.setattr(reports, "under_prefect", lambda: True)

    reports.publish_corpus_report(dataclasses.replace(facts, hosts=()), "gs://lab/corpus.html")

    assert set(made) == {f"corpus-{name}" for name in ("report", "flow", "rules", "examples", "histograms", "copies")}
    assert "`gs://lab/corpus.html`" in made["corpus-report"]["markdown"]
    assert made["corpus-rules"]["table"] == rows.rule_rows(facts)


def test_without_prefect_nothing_is_published(facts, monkeypatch):
    monkeypatch.setattr("prefect.artifacts.create_markdown_artifact", lambda **_: pytest.fail("an artifact was made"))

    reports.publish_corpus_report(facts, "corpus.html")
