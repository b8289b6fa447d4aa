import json

import pytest

from beam_jobs.vocabularies.report import ALL, Fit, report_json, report_on, report_tables
from model.contract.record import SPECIAL_TOKENS

OURS = [*SPECIAL_TOKENS, "[unused2]", "나", "##는", "간", "##다", ".", "학교"]
OTHER = ["[UNK]", "나는", ".", "물"]
COUNTED = [
    ("news", "나는", 3),  # ours: 나 ##는; other: 나는
    ("news", "간다.", 2),  # ours: 간 ##다 .; other: [UNK] .
    ("wiki", "학교", 4),  # ours: 학교; other: [UNK]
    ("wiki", "漢字", 1),  # ours: [UNK] [UNK]; other: the same
    ("wiki", "나는", 1),
]


@pytest.fixture(scope="module")
def found():
    return report_on({"this": OURS, "other": OTHER}, COUNTED)


def test_figures_are_those_counted_by_hand(found):
    of_news, of_all = (found["this"]["fit"][source] for source in ("news", ALL))
    other = found["other"]["fit"][ALL]

    assert [of_news[name] for name in Fit._fields] == [5, 12, 12, 0, 0, 0]
    assert [of_all[name] for name in Fit._fields] == [11, 24, 20, 2, 1, 4]
    assert [other[name] for name in Fit._fields] == [11, 24, 14, 8, 7, 4]


def test_ratios_are_those_of_the_counts(found):
    fit = found["this"]["fit"][ALL]

    assert fit["tokens_per_eojeol"] == 20 / 11
    assert fit["tokens_per_character"] == 20 / 24
    assert fit["unknown_token_share"] == 2 / 20
    assert fit["unknown_eojeol_share"] == 1 / 11
    assert fit["one_piece_share"] == 4 / 11


def test_unused_pieces_are_those_that_no_eojeol_has_and_special_ones_are_none(found):
    assert (found["this"]["spelling_pieces"], found["this"]["unused_pieces"]) == (6, 0)
    assert (found["other"]["spelling_pieces"], found["other"]["unused_pieces"]) == (3, 1)
    assert found["other"]["longest"] == ["나는", ".", "물"]


def test_no_text_gives_no_figures_but_no_fault():
    found = report_on({"this": OURS}, [])

    assert list(found["this"]["fit"]) == [ALL]
    assert set(found["this"]["fit"][ALL].values()) == {0}
    assert "on 0 eojeols" in report_tables(found)


def test_the_tables_show_every_source_and_vocabulary(found):
    lines = report_tables(found).splitlines()

    assert lines[0] == "# Vocabularies on 11 eojeols"
    assert "| this | 14 | 0 | 1.8182 | 0.8333 | 10.0000% | 9.0909% | 36.36% |" in lines
    assert [line for line in lines if line.startswith("## ")] == ["## news", "## wiki", "## Longest pieces"]
    assert len([line for line in lines if line.startswith("| other |")]) == 3
    assert "- other: `나는` `.` `물`" in lines


def test_the_file_for_programs_holds_all_figures(found):
    assert json.loads(report_json(found)) == found
