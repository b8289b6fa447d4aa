"""A two-layer model's whole train step, compiled for the eight cores of a v3-8 with no TPU at hand."""

import re
from pathlib import Path

import pytest

from model.config import EncoderConfig, MaskingConfig, PretrainConfig
from model.tpu_check.compiler_process import OutOfMemory, compile_program
from model.tpu_check.cost_report import report
from model.tpu_check.hlo_text import parse_module
from model.tpu_check.topology import GIB, topology_named
from model.tpu_check.whole_step import WholeStep
from tests.child_process import REPOSITORY

V3 = topology_named("v3-8")
ENCODER = EncoderConfig(
    vocabulary_size=256,
    hidden_size=32,
    layers=2,
    heads=2,
    intermediate_size=64,
    max_positions=160,
    block_size=16,
    random_blocks=1,
    plan="uniform",
)
CONFIG = PretrainConfig(sequence_length=160, batch_size=16, masking=MaskingConfig(max_predictions=8))
BATCH = 2


@pytest.fixture(scope="module")
def step():
    return WholeStep(ENCODER, CONFIG, V3.cores)


@pytest.fixture(scope="module")
def program(step):
    return step.program(BATCH)


@pytest.fixture(scope="module")
def compiled(program):
    return compile_program(program.hlo, V3)


@pytest.fixture(scope="module")
def found(program, compiled):
    return report(compiled, V3, ENCODER, CONFIG, BATCH, program.sources, price_per_hour=8.0)


def test_a_small_step_fits(found):
    assert found.fits
    assert 0 < found.used_gib < 1
    assert found.spare_gib == pytest.approx(found.usable_gib - found.used_gib)
    assert found.usable_gib < found.memory_gib == 16


def test_every_gradient_is_summed_over_all_replicas(compiled, step):
    sums = [each for each, _, _ in parse_module(compiled.text).scheduled() if each.opcode.startswith("all-reduce")]

    parameters = sum(variable.shape.num_elements() for variable in step.trained)
    # The loss and the number of predicted tokens are summed as well.
    assert sum(each.output_bytes for each in sums) == 4 * (parameters + 2)
    assert "replica_groups={{0,1,2,3,4,5,6,7}}" in compiled.text


def test_weights_and_moments_are_updated_in_place(found, step):
    parameters = sum(variable.shape.num_elements() for variable in step.trained)

    assert found.memory.aliased_gib * GIB >= 3 * 4 * parameters
    assert found.memory.outputs_gib - found.memory.aliased_gib < 1e-4


def test_the_estimates_are_of_a_step(found):
    # A model this small takes a few microseconds for each of some hundred operations.
    assert 1e-5 < found.estimated_step_seconds < 1e-2
    assert 1e-5 < found.scheduled_step_seconds < 1e-2
    assert found.flops > found.model_flops > 0
    assert found.bytes_accessed > 0
    assert found.estimated_days == pytest.approx(found.estimated_step_seconds * CONFIG.steps / 86_400)
    assert found.estimated_cost == pytest.approx(8 * found.estimated_hours)
    assert 0 < found.utilisation < 1


def test_the_random_numbers_are_a_tpu_s_own(compiled):
    sites = 1 + 2 * ENCODER.layers

    assert len(re.findall(r" rng-bit-generator\(.*algorithm=rng_default", compiled.text)) >= sites
    assert "rng_philox" not in compiled.text


def test_the_heaviest_operations_come_from_lines_of_ours(found):
    heaviest = found.heaviest_operations

    assert len(heaviest) == 10
    assert [each.seconds for each in heaviest] == sorted((each.seconds for each in heaviest), reverse=True)
    placed = [each for each in heaviest if each.source]
    assert len(placed) >= 8
    for each in placed:
        path, line = re.fullmatch(r"(model/[\w/]+\.py):(\d+)(?: \(gradient\))?", each.source).groups()
        assert Path(REPOSITORY, path).read_text().splitlines()[int(line) - 1].strip()


def test_nearly_all_of_the_time_comes_from_lines_of_ours(found, compiled, program):
    assert sum(line.share for line in found.heaviest_lines if not line.source) < 0.1
    assert any("packed_attention.py" in line.source for line in found.heaviest_lines)


def test_a_batch_that_is_too_large_is_told_by_how_much():
    # Full attention has scores of 32 GiB here; where many smaller tensors fill the memory, the compiler takes minutes.
    batch, length = 4_096, 512
    sizes = {"hidden_size": 64, "heads": 8, "layers": 1, "max_positions": length, "block_size": 64, "random_blocks": 3}
    encoder = EncoderConfig(vocabulary_size=128, intermediate_size=64, **sizes)
    config = CONFIG.model_copy(update={"sequence_length": length})

    outcome = compile_program(WholeStep(encoder, config, V3.cores).program(batch).hlo, V3)
    found = report(outcome, V3, encoder, config, batch, {})

    assert isinstance(outcome, OutOfMemory)
    assert not found.fits
    assert found.spare_gib < -10
    assert found.used_gib == pytest.approx(found.usable_gib - found.spare_gib)
    assert found.estimated_step_seconds is None
    assert found.usable_gib == pytest.approx(V3.core.usable / GIB, abs=0.01)
