import itertools
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.clean_config import LineRulesConfig, QualityConfig
from beam_jobs.cleaning.document_rules import DocumentRules
from beam_jobs.dedupe.exact_copies import RULES
from beam_jobs.dedupe_config import EvaluationTask
from beam_jobs.tally import STATISTICS
from flows.corpus_report.corpus_flow import Flow, Point, disagreements, flows
from flows.corpus_report.differences import LONGEST, differences, shown
from flows.corpus_report.facts import Amount, Change, Tokens
from flows.corpus_report.flow_chart import COLOURS, DROPPED, bands, lay_out
from flows.corpus_report.gathered import gather
from flows.corpus_report.histograms import bars_by_source, bars_of_all
from flows.corpus_report.rule_sentences import rule_sentence
from model.contract.errors import InputError, OutputError
from tests.flows.corpus_report_stages import cleaning, corpus, deduplication, reading, sifted, tokenizing
from tests.flows.finished_stages import stage


def test_the_facts_say_what_came_in_what_stayed_and_why(tmp_path):
    facts = gather(corpus(tmp_path))

    assert facts.came_in == Amount(5, 2_350)
    assert facts.stayed == Amount(2, 1_284)
    assert [found.name for found in facts.stages] == ["clean", "dedupe"]
    rules = {rule.name: rule for rule in facts.rules}
    assert list(rules) == ["rule_without_a_sentence", "too_short", "lines", "masked_email", "near_copy"]
    assert rules["too_short"].dropped == {"news": Amount(1, 50)}
    assert rules["masked_email"].changed_in_all == Change(documents=1, places=2, characters=6)
    assert [example.id for example in rules["too_short"].examples] == ["doc-1"]
    assert (facts.clusters[0].size, facts.clusters[0].members[0].similarity) == (7, 0.875)
    assert facts.tokens == {"news": Tokens(1, 497, 497), "wiki": Tokens(1, 29, 29)}
    assert [(found.source, found.documents, dict(found.lost)) for found in facts.reading] == [
        ("news", 3, {}),
        ("wiki", 2, {"skipped_redirect": 11}),
    ]


def test_in_a_sound_corpus_all_sums_agree(tmp_path):
    assert disagreements(gather(corpus(tmp_path))) == ()


def test_a_document_that_vanished_within_a_stage_is_told(tmp_path):
    tally = cleaning()
    tally.dropped["too_short", "news", "documents"] -= 1

    found = disagreements(gather([sifted(tmp_path, tally)]))

    assert found == ("Cleaning, news: 3 documents came in, but 2 stayed and 0 were dropped.",)


def test_a_document_that_vanished_between_stages_is_told(tmp_path):
    tally = deduplication()
    tally.flow("wiki", "in", 7)
    tally.drop("near_copy", "wiki", 7)
    before = cleaning()
    before.flow("news", "in", 9)
    before.drop("too_short", "news", 9)

    found = disagreements(gather([reading(tmp_path), sifted(tmp_path, before), sifted(tmp_path, tally)]))

    assert found == (
        "news: 3 documents were read, but 4 came into cleaning.",
        "wiki: 1 documents (290 characters) left cleaning, but 2 (297) came into deduplication.",
    )


def test_tokens_are_reckoned_from_each_sources_own_characters(tmp_path):
    documents, characters, tokens = flows(gather(corpus(tmp_path)))

    assert [point.total for point in documents.points] == [5, 3, 2]
    assert [point.label for point in characters.points] == ["as read", "after cleaning", "after deduplication"]
    assert [point.amounts for point in tokens.points] == [
        {"news": 775, "wiki": 80},
        {"news": 747, "wiki": 29},
        {"news": 497, "wiki": 29},
    ]
    assert tokens.estimated
    assert not characters.estimated


def test_a_sources_weight_does_not_change_its_tokens_per_character(tmp_path):
    once = [*corpus(tmp_path / "once")[:-1], tokenizing(tmp_path / "once")]
    often = [*corpus(tmp_path / "often")[:-1], tokenizing(tmp_path / "often", weight=3)]

    assert flows(gather(once))[2] == flows(gather(often))[2]


def test_before_anything_is_tokenized_there_are_no_tokens(tmp_path):
    assert [flow.unit for flow in flows(gather([sifted(tmp_path, cleaning())]))] == ["documents", "characters"]


def test_histograms_show_the_first_stage_that_measured_beside_the_last(tmp_path):
    length, share = gather(corpus(tmp_path)).histograms

    assert (length.name, length.first_stage, length.last_stage) == ("characters", "clean", "dedupe")
    assert (sum(length.before["news"]), sum(length.after["news"])) == (3, 1)
    assert (share.name, share.first_stage, share.last_stage) == ("hangul_share", "clean", "clean")
    drawn = bars_of_all(length)
    assert {bar.name: (bar.before, bar.after) for bar in drawn.bars if bar.before} == {
        "32 to 64": (1, 0),
        "256 to 512": (3, 1),
        "512 to 1,024": (1, 1),
    }
    assert (drawn.middle_before, drawn.middle_after) == ("256 to 512", "256 to 512")
    assert max(bar.before_height for bar in drawn.bars) == 100
    assert [bars.title for bars in bars_by_source(length, ("wiki", "none", "news"))] == ["wiki", "news"]


def test_a_host_that_a_complete_list_leaves_out_has_no_documents_left(tmp_path):
    hosts = gather(corpus(tmp_path)).hosts

    assert [(host.host, host.came_in, host.stayed) for host in hosts] == [("a.kr", 2, (1, 0)), ("b.kr", 1, (0, 0))]


def test_a_host_beyond_the_end_of_a_later_list_is_not_said_to_be_gone(tmp_path):
    tally = deduplication()
    tally.host("https://c.kr/", "in")

    hosts = gather([sifted(tmp_path, cleaning()), sifted(tmp_path, tally)]).hosts

    assert [host.stayed for host in hosts] == [(1, 0), (0, None)]


def test_stages_without_statistics_make_no_report(tmp_path):
    with pytest.raises(InputError, match=r"read: none keeps statistics.json; a report needs the cleaning stage"):
        gather([reading(tmp_path)])


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"stage": "clean"}', cleaning().to_json().replace(b'"in": {', b'"in": 3, "x": {')]
)
def test_statistics_of_another_version_are_refused_by_name(tmp_path, data):
    broken = stage(tmp_path, "clean", files={STATISTICS: data})

    with pytest.raises(OutputError, match=r"statistics.json is not of this version \(.+\); remove its folder"):
        gather([broken])


lines = st.text("가나다 a.\n", max_size=60)


@given(lines, lines)
def test_differences_give_both_passages_back_whole(before, after):
    left, right = differences(before, after)

    assert "".join(piece.text for piece in left) == before
    assert "".join(piece.text for piece in right) == after
    kept = ["".join(piece.text for piece in side if piece.kind == "same") for side in (left, right)]
    assert kept[0] == kept[1]


def test_a_line_that_was_cut_out_is_marked_as_a_line():
    left, right = differences("첫째 줄.\n로그인.\n셋째 줄.", "첫째 줄.\n셋째 줄.")

    assert [(piece.kind, piece.text) for piece in left] == [
        ("same", "첫째 줄.\n"),
        ("gone", "로그인.\n"),
        ("same", "셋째 줄."),
    ]
    assert [piece.kind for piece in right] == ["same"]


@pytest.mark.parametrize(
    "character", ["\u200b", "\u202e", "\x00", "\u00ad", "\ufeff", "\u00a0", "\ue000", "\u2028", "\r"]
)
def test_what_nobody_could_see_is_spelled_out(character):
    assert [piece.text for piece in shown(f"가{character}나")] == ["가", f"U+{ord(character):04X}", "나"]


def test_a_long_passage_is_cut():
    left, _ = differences("가" * (LONGEST + 5), "")

    assert [piece.text for piece in left] == ["가" * LONGEST + "…"]


def test_every_rule_that_can_be_listed_has_a_sentence():
    quality = [measure.rule for measure in DocumentRules(QualityConfig()).measure("한국어 문장입니다. " * 30)]
    lines_cut = [name for name, on in LineRulesConfig() if isinstance(on, bool)]
    held = [f"holds_{task}" for task in typing.get_args(EvaluationTask)]

    assert min(len(quality), len(lines_cut)) > 10
    assert [rule for rule in (*quality, *lines_cut, *RULES.values(), *held) if not rule_sentence(rule)] == []


amounts = st.lists(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), min_size=1, max_size=12)


@given(amounts)
def test_a_chart_is_as_long_at_each_point_as_what_there_was_before(counts):
    shrinking = [sorted(row, reverse=True) for row in counts]
    points = [
        Point(f"point {at}", {f"source {number}": row[at] for number, row in enumerate(shrinking)}) for at in range(3)
    ]
    flow = Flow("documents", False, tuple(points))

    layout = lay_out(flow, extent=300)

    for at in (1, 2):
        here = sum(node.amount for node in (*layout.at(at), *layout.at(at, dropped=True)))
        assert here == points[at - 1].total
    for at in range(3):
        nodes = [*layout.at(at), *layout.at(at, dropped=True)]
        assert all(above.end < below.start for above, below in itertools.pairwise(nodes))
    for ribbon in layout.ribbons:
        assert ribbon.start <= ribbon.end
        ends = layout.at(ribbon.point + 1, dropped=ribbon.style == DROPPED)
        assert any(
            node.start - 1e-6 <= ribbon.next_start and ribbon.next_end <= node.end + 1e-6
            for node in ends
            if node.style == ribbon.style
        )


def test_small_sources_share_the_last_band():
    names = [f"source {number}" for number in range(COLOURS + 2)]
    flow = Flow("documents", False, (Point("before", dict.fromkeys(names, 2)), Point("after", dict.fromkeys(names, 1))))

    found = bands(flow)

    assert [band.name for band in found] == [*names[:COLOURS], "2 others"]
    assert found[-1].amounts == (4, 2)
