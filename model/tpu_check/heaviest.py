"""The operations that the compiler thinks take longest, and those it says nothing about."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from model.tpu_check.hlo_text import Instruction, Module
from model.tpu_check.source_lines import SourceLine

UNESTIMATED_TARGETS = {"X64SplitHigh", "X64SplitLow"}
"""Custom calls for which the compiler's cost analysis says minus one second, as for random numbers: unknown."""
READ_DEPTH = 4
"""How far back the line is looked for of an operation that has none."""
# What a fusion is called after, the most telling first; the TPU's compiler writes matrix products as convolutions.
_TELLING = {
    "convolution": "matrix product",
    "dot": "matrix product",
    "all-reduce": "sum over replicas",
    "scatter": "scatter",
    "gather": "gather",
    "sort": "sort",
    "rng-bit-generator": "random numbers",
    "reduce": "reduction",
    "reduce-window": "reduction",
    "transpose": "transposition",
    "copy": "copy",
}


@dataclass(frozen=True)
class Operation:
    """An operation of the compiled step, or several that are alike, as a model's layers have them.

    Attributes:
      name: the compiler's, of the first.
      count: how many there are.
      kind: what it is, in words.
      source: the line of ours that it comes from; empty when none is known.
      function: that the line stands in.
      called_from: the line of ours that called that function.
      more_sources: other lines of which it computes a part, as the compiler fuses them.
      seconds: by the compiler's estimate of cycles, all times that a step runs it; None when it gives none.
      share: of the seconds of all operations.
      bytes: of its operands and results.
    """

    name: str
    count: int
    kind: str
    source: str
    function: str
    called_from: str
    more_sources: tuple[str, ...]
    seconds: float | None
    share: float | None
    bytes: int


@dataclass(frozen=True)
class Lines:
    """A source line with all operations that come from it: their seconds, share, and how many they are."""

    source: str
    function: str
    seconds: float
    share: float
    operations: int


def operations(module: Module, sources: Mapping[str, SourceLine], clock: float) -> list[Operation]:
    """Everything that runs in a step, in no order.

    Args:
      module: the optimized one.
      sources: lines of ours by names of graph operations.
      clock: of a core, Hz.
    """
    rows = list(module.scheduled())
    cycles = max(sum((each.cycles or 0) * times for each, _, times in rows), 1)
    found = []
    for each, computation, times in rows:
        lines = _lines(module, each, sources) or _read_lines(module, each, computation, sources)
        own = None if each.cycles is None else each.cycles * times
        found.append(
            Operation(
                name=each.name,
                count=1,
                kind=_kind(module, each),
                source=str(lines[0]) if lines else "",
                function=lines[0].function if lines else "",
                called_from=lines[0].caller if lines else "",
                more_sources=tuple(dict.fromkeys(str(line) for line in lines[1:])),
                seconds=None if own is None else own / clock,
                share=None if own is None else own / cycles,
                bytes=module.bytes_touched(each, computation) * times,
            )
        )
    return found


def alike_together(found: Iterable[Operation]) -> list[Operation]:
    """Puts operations of one line, kind and size together; the longest first, without estimates by their bytes."""
    groups: dict[tuple[object, ...], list[Operation]] = {}
    for each in found:
        key = (each.kind, each.source, each.called_from, each.bytes, each.seconds is None)
        groups.setdefault(key, []).append(each)
    together = [
        dataclasses.replace(
            group[0],
            count=len(group),
            seconds=None if group[0].seconds is None else sum(each.seconds or 0.0 for each in group),
            share=None if group[0].share is None else sum(each.share or 0.0 for each in group),
            bytes=sum(each.bytes for each in group),
        )
        for group in groups.values()
    ]
    return sorted(together, key=lambda each: (each.seconds or 0.0, each.bytes), reverse=True)


def by_line(found: Iterable[Operation]) -> list[Lines]:
    """Operations added up by source line, the longest first."""
    groups: dict[tuple[str, str], list[Operation]] = {}
    for each in found:
        groups.setdefault((each.source, each.function), []).append(each)
    lines = [
        Lines(
            source=source,
            function=function,
            seconds=sum(each.seconds or 0.0 for each in group),
            share=sum(each.share or 0.0 for each in group),
            operations=len(group),
        )
        for (source, function), group in groups.items()
    ]
    return sorted(lines, key=lambda line: line.seconds, reverse=True)


def unestimated(module: Module) -> int:
    """How many operations the compiler's cost analysis counts as minus one second each."""
    return sum(
        times
        for each, _, times in module.scheduled()
        if each.opcode == "rng-bit-generator" or each.target in UNESTIMATED_TARGETS
    )


def _kind(module: Module, instruction: Instruction) -> str:
    inside = {inner.opcode for inner in module.inside(instruction)}
    if instruction.opcode in _TELLING:
        return _TELLING[instruction.opcode]
    if instruction.opcode != "fusion":
        return instruction.opcode
    return next((words for opcode, words in _TELLING.items() if opcode in inside), "elementwise")


def _lines(module: Module, instruction: Instruction, sources: Mapping[str, SourceLine]) -> list[SourceLine]:
    """Lines of ours in an instruction: that of its product of matrices if it holds one, else that it is named after."""
    inside = list(module.inside(instruction))
    products = [inner for inner in inside if inner.opcode in ("convolution", "dot")]
    ordered = [*products, instruction, *inside]
    names = [name for each in ordered for name in each.op_name.split(";")]
    return list(dict.fromkeys(sources[name] for name in names if name in sources))


def _read_lines(
    module: Module, instruction: Instruction, computation: str, sources: Mapping[str, SourceLine]
) -> list[SourceLine]:
    """For what the compiler adds by itself, such as copies to save memory: the lines of what it reads."""
    beside = module.computations[computation]
    near = [instruction]
    for _ in range(READ_DEPTH):
        near = [beside[name] for each in near for name in each.operands if name in beside]
        for each in near:
            if lines := _lines(module, each, sources):
                return lines
    return []
