"""Options that several commands take."""

from typing import Annotated, Any

import typer
import yaml

Preset = Annotated[str, typer.Option(help="The name of a file in configs/, or the path of a YAML file.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE with a dotted key; as often as needed.", metavar="KEY=VALUE"),
]


def overrides(assignments: list[str] | None) -> dict[str, Any]:
    """`KEY=VALUE` words as overrides; values are read as YAML."""
    from model.contract.errors import SettingError

    found = {}
    for assignment in assignments or []:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise SettingError(
                f"--set {assignment} is not KEY=VALUE; write, for example, --set model.pretrain.steps=100."
            )
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise SettingError(f"--set {assignment}: {value} is not YAML; put it in quotes to mean a text.") from None
    return found
