import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import PretrainConfig
from model.contract.errors import InputError, SettingError
from model.tpu_check.check import largest_that
from model.tpu_check.compiler_process import OutOfMemory, compile_program, fault, require_compiler
from model.tpu_check.topology import GIB, TOPOLOGIES, batch_per_core, topology_named


@given(st.integers(0, 500), st.integers(1, 64))
def test_the_search_finds_the_largest_that_fits(limit, first):
    asked = []

    found = largest_that(lambda number: asked.append(number) or number <= limit, first)

    assert found == limit
    assert len(asked) == len(set(asked)) <= 20


def test_a_batch_is_dealt_to_the_cores():
    assert batch_per_core(PretrainConfig(batch_size=32), topology_named("v3-8")) == 4


def test_a_batch_that_cannot_be_dealt_is_refused_with_what_would_work():
    with pytest.raises(SettingError, match="batch_size 30 cannot be dealt to the 8 cores of a v3-8; use a multiple of"):
        batch_per_core(PretrainConfig(batch_size=30), topology_named("v3-8"))


def test_an_unknown_topology_is_refused_with_those_that_there_are():
    with pytest.raises(SettingError, match="no topology 'v9-8' to compile for; use v2-8, v3-8, v4-8, v5e-1, v5e-4"):
        topology_named("v9-8")


def test_v5e_alone_is_a_host_of_eight():
    assert topology_named("v5e") is TOPOLOGIES["v5e-8"]


@pytest.mark.parametrize("topology", TOPOLOGIES.values(), ids=list(TOPOLOGIES))
def test_a_program_gets_less_than_all_of_a_core_s_memory(topology):
    assert 0.9 * topology.core.memory < topology.core.usable < topology.core.memory


@pytest.mark.parametrize("missing", ["jax", "libtpu"])
def test_a_missing_extra_is_named_in_one_sentence(monkeypatch, missing):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else real(name))

    with pytest.raises(SettingError, match=rf"needs {missing}.*run pip install '\.\[tpu-check\]'") as refused:
        require_compiler()

    assert "\n" not in str(refused.value)


def test_too_little_memory_is_an_answer_and_no_fault():
    # As libtpu 0.0.52 has it.
    error = (
        "JaxRuntimeError: RESOURCE_EXHAUSTED: E1000: CompileTimeHbmOom: Ran out of memory on HBM, the total memory "
        "required for HLO temporaries (33.82G) exceeds available HBM (15.48G). HLO module: step.\nSee https://…"
    )

    assert fault(error) == OutOfMemory(int(33.82 * GIB), int(15.48 * GIB))


def test_any_other_fault_of_the_compiler_is_told_in_its_own_words():
    with pytest.raises(InputError, match="refuses the step: ValueError: no such thing$"):
        fault("ValueError: no such thing\nat some place")


def test_a_compiler_that_dies_is_told_by_its_exit_code(monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(InputError, match=r"ended with code 1 \(it said nothing\); try a smaller batch"):
        compile_program(b"", topology_named("v3-8"))


def test_what_is_no_program_is_refused_by_the_compiler_itself():
    with pytest.raises(InputError, match="the TPU's compiler refuses the step: ") as refused:
        compile_program(b"no module", topology_named("v3-8"))

    assert "\n" not in str(refused.value)
