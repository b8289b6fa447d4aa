"""Reads the compiler's optimized HLO: which operations there are, how often they run, what each costs.

Format: github.com/openxla/xla, HloInstruction::ToString; the TPU's compiler adds its estimates in `backend_config`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_COMPUTATION = re.compile(r"^(?P<entry>ENTRY )?%(?P<name>[\w.\-]+) .*\{$")
_INSTRUCTION = re.compile(r"^ +(?:ROOT )?%(?P<name>[\w.\-]+) = (?P<rest>.*)$")
_OPCODE = re.compile(r"(?:^|[ }\])])(?P<opcode>[a-z][a-z0-9\-]*)\(")
_ARRAY = re.compile(r"\b(?P<type>pred|bf16|f8\w+|[suf]\d+)\[(?P<sizes>[\d,]*)\]")
_OPERAND = re.compile(r"%([\w.\-]+)")
_CALLED = re.compile(r"\b(?:calls|body|to_apply|true_computation|false_computation)=%([\w.\-]+)")
_BRANCHES = re.compile(r"\bbranch_computations=\{([^}]*)\}")
_CYCLES = re.compile(r'"estimated_cycles":"(\d+)"')
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')
_OP_NAME = re.compile(r'\bop_name="([^"]*)"')
_TARGET = re.compile(r'custom_call_target="([^"]*)"')
_DESCENDED = {"while", "call", "conditional", "async-start"}
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "replica-id", "partition-id"}


@dataclass(frozen=True)
class Instruction:
    """One line of a computation.

    Attributes:
      name: unique in the module.
      opcode: such as fusion, copy or all-reduce.
      output_bytes: of its results, padding not counted.
      operands: names of the instructions that it reads.
      called: names of the computations that it runs.
      op_name: the operation of the source graph that the compiler says it stands for; empty when it says none.
      cycles: the compiler's estimate; None when it gives none.
      trips: how often a loop runs its body.
      target: of a custom call.
    """

    name: str
    opcode: str
    output_bytes: int
    operands: tuple[str, ...]
    called: tuple[str, ...]
    op_name: str
    cycles: int | None
    trips: int
    target: str


@dataclass
class Module:
    """Computations by name, each with its instructions by name; `entry` is where the program begins."""

    computations: dict[str, dict[str, Instruction]] = field(default_factory=dict)
    entry: str = ""

    def scheduled(self) -> Iterator[tuple[Instruction, str, int]]:
        """What runs one after the other: instruction, its computation's name, how often a step runs it.

        Loops, calls and branches are followed (of a conditional, all branches); what a fusion holds runs as one.
        """
        waiting = [(self.entry, 1)]
        while waiting:
            name, times = waiting.pop()
            for instruction in self.computations[name].values():
                if instruction.opcode in _DESCENDED:
                    waiting += [(called, times * instruction.trips) for called in instruction.called]
                elif instruction.opcode not in _FREE:
                    yield instruction, name, times

    def inside(self, instruction: Instruction) -> Iterator[Instruction]:
        """The instructions of the computations that an instruction calls, and of those that they call."""
        for called in instruction.called:
            for inner in self.computations.get(called, {}).values():
                yield inner
                yield from self.inside(inner)

    def bytes_touched(self, instruction: Instruction, computation: str) -> int:
        """Bytes of an instruction's operands and results. Of an operand that it reads in part, this is too many."""
        beside = self.computations[computation]
        read = sum(beside[name].output_bytes for name in set(instruction.operands) if name in beside)
        return read + instruction.output_bytes


def parse_module(text: str) -> Module:
    """Reads the text of a whole module."""
    module, current = Module(), {}
    for line in text.splitlines():
        if (instruction := _INSTRUCTION.match(line)) is not None:
            current[instruction["name"]] = _instruction(instruction["name"], instruction["rest"])
        elif (opening := _COMPUTATION.match(line)) is not None:
            current = module.computations.setdefault(opening["name"], {})
            module.entry = opening["name"] if opening["entry"] else module.entry
    return module


def _instruction(name: str, rest: str) -> Instruction:
    plain = rest.partition(", metadata={")[0].partition(", backend_config=")[0]
    found = _OPCODE.search(plain)
    opcode, shape, behind = (
        (found["opcode"], plain[: found.start()], plain[found.end() :]) if found else ("", plain, "")
    )
    operands = behind.partition(")")[0]
    branches = _BRANCHES.search(behind)
    called = (*_CALLED.findall(behind), *(_OPERAND.findall(branches[1]) if branches else ()))
    cycles, trips, op_name, target = (each.search(rest) for each in (_CYCLES, _TRIPS, _OP_NAME, _TARGET))
    return Instruction(
        name=name,
        opcode=opcode,
        output_bytes=_bytes(shape),
        operands=tuple(_OPERAND.findall(operands)),
        called=called,
        op_name=op_name[1] if op_name else "",
        cycles=int(cycles[1]) if cycles else None,
        trips=int(trips[1]) if trips else 1,
        target=target[1] if target else "",
    )


def _bytes(shape: str) -> int:
    """Bytes of an array, or of all arrays of a tuple."""
    total = 0
    for array in _ARRAY.finditer(shape):
        count = 1
        for size in filter(None, array["sizes"].split(",")):
            count *= int(size)
        total += count * _type_bytes(array["type"])
    return total


def _type_bytes(name: str) -> int:
    if name == "pred" or name.startswith("f8"):
        return 1
    return max(int(re.sub(r"\D", "", name)) // 8, 1)
