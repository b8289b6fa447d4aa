"""What a downstream task is: where its examples come from, what is asked of them, how answers are scored."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

from model.contract import places
from model.contract.errors import InputError
from model.metrics import MetricName


@dataclasses.dataclass(frozen=True)
class Example:
    """One text, or a pair of texts, with its answer: a class's index, or a real number."""

    guid: str
    text: str
    pair: str | None
    label: float


@dataclasses.dataclass(frozen=True)
class TaskExamples:
    """A task's file, read; `dropped` counts the records without text."""

    examples: Sequence[Example]
    dropped: int = 0


@dataclasses.dataclass(frozen=True)
class Task:
    """A downstream task.

    Attributes:
      name: as settings spell it.
      kind: what the head computes: a class, or one real number.
      labels: the classes, in the order of their indices; empty for regression.
      metric: the one that the task publishes.
      read: reads one of its files, in its original format, on disk or gs://; raises InputError for a bad one.
    """

    name: str
    kind: Literal["classification", "regression"]
    labels: tuple[str, ...]
    metric: MetricName
    read: Callable[[str], TaskExamples]

    @property
    def outputs(self) -> int:
        """Width of the task's head."""
        return len(self.labels) if self.kind == "classification" else 1


def read_text(path: str) -> str:
    """A UTF-8 file's text, without a byte order mark.

    Raises:
      InputError: when the file is missing or not UTF-8.
    """
    try:
        return places.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start:,}); give the file as it was published.") from None


def read_json_list(path: str) -> list[dict[str, Any]]:
    """The records of a JSON file whose root is a list of objects, as KLUE's sentence tasks are.

    Raises:
      InputError: when the file is missing, is no such JSON, or is empty.
    """
    text = read_text(path)
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON (line {error.lineno}: {error.msg}); give the published file.") from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path} does not hold a JSON list of objects; give the published file.")
    if not records:
        raise InputError(f"{path} holds no example; give a file with at least one.")
    return records


def text_field(path: str, index: int, record: dict[str, Any], name: str) -> str:
    """A record's text under a key.

    Raises:
      InputError: when the key is missing or its value is no text.
    """
    value = record.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{path}: record {index} has no text under {name!r}; give the published file.")
    return value
