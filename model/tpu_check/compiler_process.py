"""Runs the TPU's compiler in a child process and tells apart what it answers."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.contract.errors import InputError, SettingError
from model.tpu_check.compile_for_tpu import ENVIRONMENT
from model.tpu_check.topology import Topology

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
# https://openxla.org/xla/errors/error_1000; what it calls temporaries includes arguments and results, as measured.
_TOO_MUCH = re.compile(
    r"memory required for HLO temporaries \(([\d.]+)([KMGT]?)\) exceeds available HBM \(([\d.]+)([KMGT]?)\)"
)
PACKAGES = ("jax", "libtpu")


@dataclass(frozen=True)
class Compiled:
    """What the compiler says of a program that fits; all bytes are a core's.

    Attributes:
      compile_seconds: how long it took.
      arguments: bytes of the step's inputs: variables, moments and the batch.
      outputs: bytes of its results, most of which lie in the place of arguments.
      aliased: bytes of those.
      temporary: bytes needed while it runs.
      code: bytes of the program.
      flops: floating-point operations of a step.
      bytes_accessed: bytes read and written in a step.
      optimal_seconds: as the compiler gives it, -1 added for each operation that it does not estimate.
      text: the optimized HLO.
    """

    compile_seconds: float
    arguments: int
    outputs: int
    aliased: int
    temporary: int
    code: int
    flops: float
    bytes_accessed: float
    optimal_seconds: float
    text: str

    @property
    def used(self) -> int:
        """Bytes of a core's memory that the step takes."""
        return self.arguments + self.outputs - self.aliased + self.temporary + self.code


@dataclass(frozen=True)
class OutOfMemory:
    """A program that does not fit: the compiler gives up before it estimates anything.

    Attributes:
      used: bytes that it would take.
      usable: bytes that the compiler has for it.
    """

    used: int
    usable: int


def require_compiler() -> None:
    """Checks that the extra is installed.

    Raises:
      SettingError: when it is not.
    """
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise SettingError(
            f"the TPU's compiler needs {' and '.join(missing)}, which are not installed; "
            "run pip install '.[tpu-check]' in the project's folder."
        )


def compile_program(hlo: bytes, topology: Topology) -> Compiled | OutOfMemory:
    """Compiles one replica's program for all cores of a slice; takes seconds for a small model, minutes for a big one.

    Raises:
      SettingError: when the extra is missing.
      InputError: when the compiler fails for another reason than memory.
    """
    require_compiler()
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "step.hlo")
        module.write_bytes(hlo)
        words = [module, topology.compiler_name, topology.chip_config, topology.cores, folder]
        done = subprocess.run(
            [sys.executable, "-m", "model.tpu_check.compile_for_tpu", *map(str, words)],
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            capture_output=True,
            text=True,
        )
        answered = Path(folder, "answer.json")
        if not answered.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise InputError(f"the TPU's compiler ended with code {done.returncode} ({last}); try a smaller batch.")
        answer = json.loads(answered.read_text())
        if "error" in answer:
            return fault(answer["error"])
        return _compiled(answer, Path(folder, "optimized.txt").read_text())


def _compiled(answer: dict[str, Any], text: str) -> Compiled:
    memory, cost = answer["memory"], answer["cost"]
    return Compiled(
        compile_seconds=answer["compile_seconds"],
        arguments=memory["argument_size"],
        outputs=memory["output_size"],
        aliased=memory["alias_size"],
        temporary=memory["temp_size"],
        code=memory["generated_code_size"],
        flops=cost["flops"],
        bytes_accessed=cost["bytes accessed"],
        optimal_seconds=cost["optimal_seconds"],
        text=text,
    )


def fault(error: str) -> OutOfMemory:
    """What the compiler's error means: only that of too little memory is an answer.

    Raises:
      InputError: for any other.
    """
    found = _TOO_MUCH.search(error)
    if found is None:
        raise InputError(f"the TPU's compiler refuses the step: {error.splitlines()[0]}")
    used, usable = (int(float(found[i]) * UNITS[found[i + 1]]) for i in (1, 3))
    return OutOfMemory(used, usable)
