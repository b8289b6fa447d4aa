from pathlib import Path

from model.tpu_check.hlo_text import parse_module

# Cut from what libtpu's compiler wrote for a step; a loop and a conditional are added by hand.
STEP = Path(__file__).with_name("step.hlo.txt").read_text()


def test_an_instruction_is_read_with_its_estimate_and_the_operation_it_stands_for():
    fusion = parse_module(STEP).computations["main.0"]["fusion"]

    assert fusion.opcode == "fusion"
    assert fusion.cycles == 60_060
    assert fusion.op_name == "Gelu/mul_1;Cast_3"
    assert fusion.operands == ("XLA_Args.1", "XLA_Args.2")
    assert fusion.called == ("fused_computation.20",)


def test_bytes_are_of_all_arrays_of_a_tuple_and_of_what_is_read():
    module = parse_module(STEP)
    fusion = module.computations["main.0"]["fusion"]

    assert fusion.output_bytes == 2 * 32 * 2 + 2 * 4
    assert module.bytes_touched(fusion, "main.0") == fusion.output_bytes + (2 * 64 + 64 * 32) * 2


def test_a_loop_runs_its_body_as_often_as_it_is_known_to():
    times = {each.name: (each.cycles, count) for each, _, count in parse_module(STEP).scheduled()}

    assert times["negate.4"] == (7, 5)
    assert times["fusion"] == (60_060, 1)
    assert times["sine.1"] == (11, 1)


def test_what_takes_no_time_is_not_scheduled():
    names = {each.name for each, _, _ in parse_module(STEP).scheduled()}

    assert names == {"fusion", "rng-bit-generator.21", "custom-call.1", "negate.4", "sine.1"}


def test_inside_a_fusion_are_its_instructions():
    module = parse_module(STEP)

    inside = module.inside(module.computations["main.0"]["fusion"])

    assert "convolution" in {each.opcode for each in inside}


def test_a_type_narrower_than_a_byte_counts_as_one():
    module = parse_module("ENTRY %main (x: pred[3]) -> s4[5] {\n  %x = pred[3]{0} parameter(0)\n"
                          "  ROOT %y = s4[5]{0} convert(%x)\n}")  # fmt: skip

    assert [each.output_bytes for each in module.computations["main"].values()] == [3, 5]
