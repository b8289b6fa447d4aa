import pytest

from model.tpu_check.heaviest import alike_together, by_line, operations, unestimated
from model.tpu_check.hlo_text import parse_module
from model.tpu_check.source_lines import SourceLine
from tests.model.tpu_check.test_hlo_text import STEP

CLOCK = 1e6
DENSE = SourceLine("model/layers.py", 32, "Dense.__call__", "model/encoder.py:37")
GELU = SourceLine("model/layers.py", 90, "gelu", backward=True)
SOURCES = {"MatMul_3": DENSE, "Gelu/mul_1": GELU}


@pytest.fixture
def found():
    return {each.name: each for each in operations(parse_module(STEP), SOURCES, CLOCK)}


def test_seconds_are_cycles_by_the_clock_as_often_as_they_run(found):
    assert found["fusion"].seconds == pytest.approx(0.060060)
    assert found["negate.4"].seconds == pytest.approx(5 * 7e-6)
    assert found["fusion"].share == pytest.approx(60_060 / (60_060 + 35 + 22), rel=1e-3)


def test_a_fusion_is_called_after_the_product_in_it_and_comes_from_its_line(found):
    assert found["fusion"].kind == "matrix product"
    assert found["fusion"].source == "model/layers.py:32"
    assert found["fusion"].called_from == "model/encoder.py:37"
    assert found["fusion"].more_sources == ("model/layers.py:90 (gradient)",)


def test_an_operation_without_an_estimate_has_no_seconds(found):
    assert found["rng-bit-generator.21"].seconds is None
    assert found["rng-bit-generator.21"].kind == "random numbers"


def test_operations_that_the_cost_analysis_marks_as_unknown_are_counted():
    assert unestimated(parse_module(STEP)) == 2


def test_alike_operations_are_taken_together_and_the_longest_come_first(found):
    together = alike_together([found["negate.4"], found["fusion"], found["fusion"]])

    assert [(each.name, each.count) for each in together] == [("fusion", 2), ("negate.4", 1)]
    assert together[0].seconds == pytest.approx(2 * found["fusion"].seconds)
    assert together[0].bytes == 2 * found["fusion"].bytes


def test_lines_add_up_to_the_whole():
    found = operations(parse_module(STEP), SOURCES, CLOCK)

    lines = by_line(found)

    assert lines[0].source == "model/layers.py:32"
    assert sum(line.share for line in lines) == pytest.approx(1)
    assert sum(line.operations for line in lines) == len(found)


def test_what_the_compiler_adds_comes_from_the_line_of_what_it_copies():
    text = STEP.replace("  ROOT %tuple.9", "  %copy.5 = f32[2]{0} copy(%part)\n  ROOT %tuple.9").replace(
        "  %while.3", "  %part = f32[2]{0} get-tuple-element(%fusion), index=1\n  %while.3"
    )

    copy = next(each for each in operations(parse_module(text), SOURCES, CLOCK) if each.name == "copy.5")

    assert copy.source == "model/layers.py:32"
