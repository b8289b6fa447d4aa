"""What a check finds: whether a step fits, how long the compiler believes it takes, and what that comes to."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from model.config import EncoderConfig, PretrainConfig
from model.tpu_check.compiler_process import Compiled, OutOfMemory
from model.tpu_check.heaviest import Lines, Operation, alike_together, by_line, operations, unestimated
from model.tpu_check.hlo_text import parse_module
from model.tpu_check.model_flops import train_flops
from model.tpu_check.source_lines import SourceLine
from model.tpu_check.topology import GIB, Topology

HEAVIEST = 10
OF_SCHEDULED = 0.8
"""What the cost analysis says, of the cycles of all operations: 0.79 for BERT-base on v3-8 and on v5e-8."""


@dataclass(frozen=True)
class Memory:
    """GiB of a core's memory. Outputs that lie in an argument's place are in `aliased_gib` too, and count once."""

    arguments_gib: float
    temporary_gib: float
    outputs_gib: float
    aliased_gib: float
    code_gib: float


@dataclass(frozen=True)
class CostReport:
    """One batch on one topology. Times are the compiler's estimates; what needs one is None when the step does not fit.

    Attributes:
      topology: name of the slice.
      cores: replicas of it.
      batch_per_core: sequences of a replica.
      sequence_length: tokens of a sequence.
      gradient_checkpointing: whether layers are computed anew in the backward pass.
      fits: whether the step fits a core's memory.
      memory_gib: of a core.
      usable_gib: what the compiler leaves a program of that.
      used_gib: what the step takes.
      spare_gib: usable less used; negative when the step does not fit.
      memory: what `used_gib` is made of.
      flops: of a core's step, as the compiler counts them.
      model_flops: of a core's step, as the architecture needs them.
      bytes_accessed: of a core's step, as the compiler counts them.
      estimated_step_seconds: the compiler's cost analysis: what the step takes at the chip's peaks.
      unestimated_operations: how many it leaves out of that.
      scheduled_step_seconds: its other estimate, cycles of all operations one after the other; it knows more of
        the chip, but leaves out gathers, scatters and the sum over replicas.
      utilisation: model_flops a second, of the core's peak.
      tokens_per_second: of the whole slice.
      estimated_days: of all the preset's steps.
      estimated_hours: the same.
      estimated_cost: hours times the price an hour; None without one.
      heaviest_operations: the ten that take longest, those of the layers that are alike taken together.
      heaviest_lines: the ten source lines that take longest, all layers together.
      not_estimated: the ten largest of the operations that no cycles are estimated of.
      compile_seconds: what compiling took here.
    """

    topology: str
    cores: int
    batch_per_core: int
    sequence_length: int
    gradient_checkpointing: bool
    fits: bool
    memory_gib: float
    usable_gib: float
    used_gib: float
    spare_gib: float
    memory: Memory | None = None
    flops: float | None = None
    model_flops: float | None = None
    bytes_accessed: float | None = None
    estimated_step_seconds: float | None = None
    unestimated_operations: int | None = None
    scheduled_step_seconds: float | None = None
    utilisation: float | None = None
    tokens_per_second: float | None = None
    estimated_days: float | None = None
    estimated_hours: float | None = None
    estimated_cost: float | None = None
    heaviest_operations: tuple[Operation, ...] = ()
    heaviest_lines: tuple[Lines, ...] = ()
    not_estimated: tuple[Operation, ...] = ()
    compile_seconds: float | None = None


def report(
    outcome: Compiled | OutOfMemory,
    topology: Topology,
    encoder: EncoderConfig,
    config: PretrainConfig,
    batch: int,
    sources: dict[str, SourceLine],
    price_per_hour: float | None = None,
) -> CostReport:
    """Puts what the compiler says beside what the preset asks for.

    Args:
      outcome: the compiler's answer.
      topology: what was compiled for.
      encoder: the architecture.
      config: the run.
      batch: sequences of a replica.
      sources: the program's.
      price_per_hour: of the whole slice, in any currency.
    """
    found = _fit(outcome, topology, encoder, config, batch)
    if isinstance(outcome, OutOfMemory):
        return found
    module = parse_module(outcome.text)
    heaviest = _heaviest(operations(module, sources, topology.core.clock))
    left_out = operations_left_out(outcome.optimal_seconds, unestimated(module), heaviest["scheduled_step_seconds"])
    estimates = _estimates(outcome, left_out, topology, config, batch, price_per_hour)
    utilisation = train_flops(encoder, config, batch) / estimates["estimated_step_seconds"] / topology.core.peak_flops
    return dataclasses.replace(found, memory=_memory(outcome), utilisation=utilisation, **estimates, **heaviest)


def _fit(
    outcome: Compiled | OutOfMemory, topology: Topology, encoder: EncoderConfig, config: PretrainConfig, batch: int
) -> CostReport:
    """What is known whether it fits or not."""
    usable = outcome.usable if isinstance(outcome, OutOfMemory) else topology.core.usable
    return CostReport(
        topology=topology.name,
        cores=topology.cores,
        batch_per_core=batch,
        sequence_length=config.sequence_length,
        gradient_checkpointing=config.gradient_checkpointing,
        fits=isinstance(outcome, Compiled),
        memory_gib=topology.core.memory / GIB,
        usable_gib=usable / GIB,
        used_gib=outcome.used / GIB,
        spare_gib=(usable - outcome.used) / GIB,
        model_flops=train_flops(encoder, config, batch),
    )


def operations_left_out(optimal_seconds: float, counted: int, scheduled_seconds: float) -> int:
    """How many operations of unknown time are in the compiler's sum, each as minus one second.

    Those of which it is known that the compiler marks them so were counted. When a program holds others too, the sum
    says no more than the fraction of a second, and the whole seconds are those that come nearest to the other estimate.

    Args:
      optimal_seconds: the compiler's sum.
      counted: the operations in the program that are known to be marked.
      scheduled_seconds: the other estimate.
    """
    if scheduled_seconds / 2 <= optimal_seconds + counted <= scheduled_seconds * 1.5:
        return counted
    below = math.floor(optimal_seconds)
    return max(round(OF_SCHEDULED * scheduled_seconds - (optimal_seconds - below)), 0) - below


def _memory(compiled: Compiled) -> Memory:
    return Memory(
        arguments_gib=compiled.arguments / GIB,
        temporary_gib=compiled.temporary / GIB,
        outputs_gib=compiled.outputs / GIB,
        aliased_gib=compiled.aliased / GIB,
        code_gib=compiled.code / GIB,
    )


def _estimates(
    compiled: Compiled,
    left_out: int,
    topology: Topology,
    config: PretrainConfig,
    batch: int,
    price_per_hour: float | None,
) -> dict[str, Any]:
    seconds = compiled.optimal_seconds + left_out
    hours = seconds * config.steps / 3_600
    return {
        "flops": compiled.flops,
        "bytes_accessed": compiled.bytes_accessed,
        "estimated_step_seconds": seconds,
        "unestimated_operations": left_out,
        "tokens_per_second": batch * topology.cores * config.sequence_length / seconds,
        "estimated_days": hours / 24,
        "estimated_hours": hours,
        "estimated_cost": None if price_per_hour is None else hours * price_per_hour,
        "compile_seconds": compiled.compile_seconds,
    }


def _heaviest(found: list[Operation]) -> dict[str, Any]:
    timed = [each for each in found if each.seconds is not None]
    others = [each for each in found if each.seconds is None]
    return {
        "scheduled_step_seconds": sum(each.seconds or 0.0 for each in timed),
        "heaviest_operations": tuple(alike_together(timed)[:HEAVIEST]),
        "heaviest_lines": tuple(by_line(timed)[:HEAVIEST]),
        "not_estimated": tuple(alike_together(others)[:HEAVIEST]),
    }
