"""The base of every settings class: frozen, typed, closed to unknown keys, with errors that a person can act on."""

import difflib
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from model.contract.errors import SettingError


class Settings(BaseModel):
    """Frozen settings; an unknown key is an error that names the nearest right one."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any], named: str) -> Self:
        """Builds the settings from plain values.

        Args:
          values: nested mappings, as YAML or JSON gives them.
          named: what the values come from, for the error's sentence ("configs/tiny.yaml").

        Raises:
          SettingError: with one sentence on the first thing wrong.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            # A misspelt key is often the cause of a missing one, so it is told first.
            first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
            raise SettingError(f"{named}: {_sentence(cls, first)}") from None


def _sentence(settings: type[BaseModel], error: ErrorDetails) -> str:
    path = [part for part in error["loc"] if isinstance(part, str)]
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = sorted(_known_keys(settings, path[:-1]))
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.0)
        prefix = name[: -len(path[-1])]
        return f"{name} is not a setting; the nearest is {prefix}{near[0]}." if near else f"{name} is not a setting."
    if error["type"] == "missing":
        return f"{name} is missing and has no default; add it."
    if error["type"] == "value_error":
        text = error["msg"].removeprefix("Value error, ")
        return f"{name}: {text}" if name else text
    return f"{name} is {error['input']!r}, which cannot be: {error['msg'][0].lower()}{error['msg'][1:]}."


def _known_keys(settings: type[BaseModel], path: list[str]) -> set[str]:
    """The keys allowed at a path; sequences of settings are looked through by their element type."""
    current: type[BaseModel] = settings
    for part in path:
        field = current.model_fields.get(part)
        found = _settings_within(field.annotation) if field else None
        if found is None:
            return set()
        current = found
    return set(current.model_fields)


def _settings_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _settings_within(argument)) is not None:
            return found
    return None
