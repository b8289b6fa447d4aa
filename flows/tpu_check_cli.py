"""The command `kobigbird tpu-check`: does a preset's train step fit a TPU, and how long may it take?"""

import dataclasses
import json
import sys
import time
from typing import Annotated, Any

import typer

from flows.cli_options import Preset, Set, overrides


def tpu_check(
    preset: Preset = "base",
    topology: Annotated[str, typer.Option(help="v2-8, v3-8, v4-8, v5e-1, v5e-4 or v5e-8.")] = "v3-8",
    batch: Annotated[
        int | None, typer.Option(min=1, help="Sequences a core; the preset's batch over the cores, unless given.")
    ] = None,
    gradient_checkpointing: Annotated[
        bool | None, typer.Option("--gradient-checkpointing/--no-gradient-checkpointing", help="The preset's, else.")
    ] = None,
    max_batch: Annotated[
        bool, typer.Option("--max-batch", help="Search the largest batch a core that fits; minutes for each try.")
    ] = False,
    price_per_hour: Annotated[
        float | None, typer.Option(min=0.0, help="Of the whole slice, to tell what all steps cost.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    set_: Set = None,
) -> None:
    """Compiles a preset's train step for a described TPU, with none at hand; exit code 1 when it does not fit."""
    from flows.config import load_run_config
    from model.tpu_check.compiler_process import require_compiler
    from model.tpu_check.topology import batch_per_core, topology_named

    where = topology_named(topology)
    given = overrides(set_)
    if gradient_checkpointing is not None:
        given["model.pretrain.gradient_checkpointing"] = gradient_checkpointing
    model = load_run_config(preset, given).model
    first = batch or batch_per_core(model.pretrain, where)
    require_compiler()
    from model.tpu_check.check import TpuCheck  # and with it TensorFlow: what is wrong with the words is said by now

    check = TpuCheck(model.encoder, model.pretrain, where, price_per_hour, _Progress())
    if not max_batch:
        found = check.one(first)
        _print({"preset": preset, **dataclasses.asdict(found)}, as_json)
        raise typer.Exit(0 if found.fits else 1)
    search = check.largest(first)
    tried = [dataclasses.asdict(each) for each in search.tried]
    largest = dataclasses.asdict(search.largest) if search.largest else None
    _print_search({"preset": preset, "largest": largest, "tried": tried}, as_json)
    raise typer.Exit(0 if largest else 1)


class _Progress:
    """Lines on standard error, with the time gone by: standard output is for the answer."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {line}", file=sys.stderr, flush=True)


def _print(found: dict[str, Any], as_json: bool) -> None:
    from flows.tpu_check_tables import check_text

    print(json.dumps(found) if as_json else check_text(found))


def _print_search(found: dict[str, Any], as_json: bool) -> None:
    from flows.tpu_check_tables import search_text

    print(json.dumps(found) if as_json else search_text(found))
