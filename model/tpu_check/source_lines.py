"""Which line of ours made an operation of the compiled program.

TensorFlow names each HLO instruction after the graph operation that it stands for, and keeps of that operation's
traceback only the innermost line, which is TensorFlow's own. The graph's operations still have the whole traceback.
"""

import ast
import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework import ops

PROJECT = Path(__file__).resolve().parents[2]
OURS = str(PROJECT / "model")
MACHINERY = str(PROJECT / "model" / "tpu_check")
TAPE = "tensorflow/python/eager/backprop.py"
TAPE_PREFIX = "gradient_tape/"
BACKWARD_DEPTH = 4
"""How far a gradient's inputs are followed to the forward pass."""


@dataclass(frozen=True)
class SourceLine:
    """A place in the project.

    Attributes:
      file: relative to the project's folder.
      line: from 1.
      function: that the line stands in, with its class.
      caller: the line of ours that called the function; empty when none did.
      backward: whether the operation is part of that line's gradient.
    """

    file: str
    line: int
    function: str
    caller: str = ""
    backward: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (" (gradient)" if self.backward else "")


def source_lines(graph: tf.Graph) -> dict[str, SourceLine]:
    """The line of each operation of a graph that one can be found for, by the operation's name.

    An operation that a gradient rule of TensorFlow made gets the line of the operation that the rule belongs to; where
    that is not found, the line that asked for the gradient.
    """
    found: dict[str, SourceLine] = {}
    rules: dict[str, str] = {}
    for operation in graph.get_operations():
        line, rule = _own_line(operation)
        if line is not None:
            found[operation.name] = line
        if rule is not None:
            rules[operation.name] = rule
    for name, forward in _Backward(graph, found, rules).differentiated().items():
        found[name] = dataclasses.replace(found[forward], backward=True)
    return found


def _own_line(operation: tf.Operation) -> tuple[SourceLine | None, str | None]:
    """The innermost line of ours, and the name of the gradient rule that a tape called below it, if one did."""
    line: SourceLine | None = None
    rule: str | None = None
    previous = ""
    for frame in operation.traceback:
        if frame.filename.startswith(OURS) and not frame.filename.startswith(MACHINERY):
            file = str(Path(frame.filename).relative_to(PROJECT))
            caller = "" if line is None else f"{line.file}:{line.line}"
            line, rule = SourceLine(file, frame.lineno, _function(frame.filename, frame.lineno), caller), None
        elif previous.endswith(TAPE) and not frame.filename.endswith(TAPE):
            rule = frame.name
        previous = frame.filename
    return line, rule


def _function(file: str, line: int) -> str:
    """The innermost function around a line, as `Class.function`."""
    around = [name for name, first, last in _functions(file) if first <= line <= last]
    return around[-1] if around else ""


@functools.cache
def _functions(file: str) -> list[tuple[str, int, int]]:
    """Each function of a file with its first and last line, outer ones before inner ones."""
    found = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = prefix + child.name
                if isinstance(child, ast.FunctionDef):
                    found.append((name, child.lineno, child.end_lineno or child.lineno))
                visit(child, f"{name}.")
            else:
                visit(child, prefix)

    visit(ast.parse(Path(file).read_text(encoding="utf-8")), "")
    return found


class _Backward:
    """Finds the forward operation that each operation of a gradient belongs to.

    Args:
      graph: the step's.
      lines: of all operations that have one, by name.
      rules: which gradient rule made an operation, by name; no entry for those that none made.
    """

    def __init__(self, graph: tf.Graph, lines: Mapping[str, SourceLine], rules: Mapping[str, str]) -> None:
        self._rules = rules
        self._gradients = [each for each in graph.get_operations() if each.name in rules]
        self._forward = {each.name: each for each in graph.get_operations() if each.name in lines.keys() - rules.keys()}
        self._at_tensor: dict[int, list[tf.Operation]] = {}
        """The forward operations that read or make a tensor, by the tensor's identity."""
        for operation in self._forward.values():
            for tensor in (*operation.inputs, *operation.outputs):
                self._at_tensor.setdefault(id(tensor), []).append(operation)

    def differentiated(self) -> dict[str, str]:
        """Names of forward operations by those of the gradients' operations; those that are found."""
        found: dict[str, str] = {}
        # In the order in which the tape made them, so that what comes from the loss is known first.
        for operation in self._gradients:
            name = self._by_name(operation) or self._by_tensors(operation, found)
            if name is not None:
                found[operation.name] = name
        return found

    def _by_name(self, operation: tf.Operation) -> str | None:
        """TensorFlow names most gradients after the forward operation, with something behind it."""
        parts = operation.name.replace(TAPE_PREFIX, "").split("/")
        names = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((name for name in names if name in self._forward), None)

    def _by_tensors(self, operation: tf.Operation, found: Mapping[str, str]) -> str | None:
        """The operation that has the same rule and shares a tensor, or stands before what the input is gradient of."""
        rule = self._rules[operation.name]
        near = [operation]
        for _ in range(BACKWARD_DEPTH):
            tensors = [tensor for each in near for tensor in each.inputs]
            for candidate in (candidate for tensor in tensors for candidate in self._candidates(tensor, found)):
                if _rule_name(candidate) == rule:
                    return str(candidate.name)
            near = [tensor.op for tensor in tensors if tensor.op.name in self._rules]
        return None

    def _candidates(self, tensor: tf.Tensor, found: Mapping[str, str]) -> list[tf.Operation]:
        sharing = self._at_tensor.get(id(tensor), [])
        after = self._forward.get(found.get(tensor.op.name, ""))
        before = [] if after is None else [after, *(read.op for read in after.inputs if read.op.name in self._forward)]
        return [*sharing, *before]


def _rule_name(operation: tf.Operation) -> str | None:
    try:
        return getattr(ops.get_gradient_function(operation), "__name__", None)
    except LookupError:
        return None
