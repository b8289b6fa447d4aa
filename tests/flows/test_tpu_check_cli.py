"""The command in front of a compiler that answers at once: its words, exit codes and tables."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from flows.cli import app
from model.contract.errors import KnownError, SettingError
from model.tpu_check import check
from model.tpu_check.compiler_process import Compiled, OutOfMemory
from model.tpu_check.topology import GIB
from tests.child_process import run_python
from tests.model.tpu_check.test_hlo_text import STEP

FITTING = 5
"""Sequences a core, past which the answer is that it does not fit."""
TINY = {
    "vocabulary_size": 64,
    "hidden_size": 16,
    "layers": 1,
    "heads": 2,
    "intermediate_size": 16,
    "max_positions": 64,
    "block_size": 16,
    "random_blocks": 1,
}


class StandIn:
    """For WholeStep and the compiler: a program is its batch, and fits up to a number."""

    def __init__(self, *given):
        StandIn.given = given

    def program(self, batch):
        StandIn.batch = batch
        return self

    hlo, sources = b"", {}

    @staticmethod
    def compile(hlo, topology):
        if StandIn.batch > FITTING:
            return OutOfMemory(used=topology.core.usable + 2 * GIB, usable=topology.core.usable)
        return Compiled(
            compile_seconds=1.0,
            arguments=GIB,
            outputs=GIB,
            aliased=GIB,
            temporary=int(StandIn.batch * GIB),
            code=0,
            flops=1e9,
            bytes_accessed=1e8,
            optimal_seconds=-1.9,
            text=STEP,
        )


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(check, "WholeStep", StandIn)
    monkeypatch.setattr(check, "compile_program", StandIn.compile)


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "small.yaml"
    pretrain = {"sequence_length": 64, "batch_size": 16, "steps": 1_000_000}
    path.write_text(
        yaml.safe_dump({"root": "run", "records": "records", "model": {"encoder": TINY, "pretrain": pretrain}})
    )
    return str(path)


def run(*words):
    done = CliRunner().invoke(app, ["tpu-check", *map(str, words)])
    if isinstance(done.exception, KnownError):
        raise done.exception
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_json_has_every_figure_and_exit_code_0_says_that_it_fits(preset):
    done = run("--preset", preset, "--topology", "v3-8", "--price-per-hour", 8, "--json")

    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert found["fits"] is True
    assert found["batch_per_core"] == 2
    assert found["spare_gib"] == pytest.approx(15.48 - 3)
    # Two operations of the step have no estimate, each of which counted minus one second.
    assert found["estimated_step_seconds"] == pytest.approx(0.1)
    assert found["unestimated_operations"] == 2
    assert found["estimated_days"] == pytest.approx(1e5 / 86_400)
    assert found["estimated_cost"] == pytest.approx(8 * 1e5 / 3_600)
    assert found["tokens_per_second"] == pytest.approx(2 * 8 * 64 / 0.1)
    assert found["flops"] == 1e9
    assert found["bytes_accessed"] == 1e8
    assert found["heaviest_operations"][0]["name"] == "fusion"


def test_exit_code_1_says_that_it_does_not_fit_and_by_how_much(preset):
    done = run("--preset", preset, "--batch", 6)

    assert done.exit_code == 1
    assert "6 sequences of 64 tokens on each of 8 cores: does not fit, 2.00 GiB too much" in done.stdout


def test_the_text_shows_figures_operations_and_lines(preset):
    text = run("--preset", preset, "--topology", "v5e").stdout

    assert "2 sequences of 64 tokens on each of 8 cores: fits, 12.75 GiB to spare" in text
    assert "| estimated seconds a step | 0.1000, 2 operations left out |" in text
    assert "| give --price-per-hour |" in text
    assert "matrix product" in text
    assert "estimates, not measurements" in text


def test_the_largest_batch_is_searched_and_every_try_is_told(preset):
    done = run("--preset", preset, "--max-batch", "--json")

    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert found["largest"]["batch_per_core"] == FITTING
    assert [(each["batch_per_core"], each["fits"]) for each in found["tried"]] == [
        (2, True),
        (4, True),
        (5, True),
        (6, False),
        (8, False),
    ]
    assert "8 sequences a core: does not fit, 2.00 GiB too much" in done.stderr


def test_the_search_prints_a_table(preset):
    text = run("--preset", preset, "--max-batch").stdout

    assert "| 5 | yes |" in text
    assert "The largest batch that fits: 5 a core" in text


def test_checkpointing_and_other_settings_can_be_overridden(preset):
    done = run("--preset", preset, "--gradient-checkpointing", "--set", "model.pretrain.batch_size=8", "--json")

    found = json.loads(done.stdout)
    assert found["gradient_checkpointing"] is True
    assert found["batch_per_core"] == 1
    assert StandIn.given[1].gradient_checkpointing


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "model.pretrain.step=1"), "step"),
        (("--topology", "v9-8"), "no topology 'v9-8'"),
        (("--set", "model.pretrain.batch_size=12"), "batch_size 12 cannot be dealt to the 8 cores"),
    ],
)
def test_a_mistake_is_one_sentence(preset, words, sentence):
    with pytest.raises(SettingError, match=sentence) as refused:
        run("--preset", preset, *words)

    assert "\n" not in str(refused.value)


def test_help_loads_neither_tensorflow_nor_jax():
    done = run_python(
        "import sys\nfrom typer.testing import CliRunner\nfrom flows.cli import app\n"
        "assert CliRunner().invoke(app, ['tpu-check', '--help']).exit_code == 0\n"
        "assert not {'tensorflow', 'jax', 'libtpu'} & set(sys.modules)"
    )

    assert done.returncode == 0, done.stderr
