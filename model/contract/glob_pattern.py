"""Pure: which object names match a glob, by the rules that Python's `glob` has for files on disk."""

import fnmatch
import re
from collections.abc import Sequence


def literal_start(pattern: str) -> str:
    """What every name that matches begins with: the pattern up to its first wildcard."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def name_matches(name: str, pattern: str) -> bool:
    """Whether the whole name matches, as of `glob.glob(pattern, recursive=True)`; a folder's place-holder does not."""
    return not name.endswith("/") and matches(name.split("/"), pattern.split("/"))


def matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether the parts of a path match the parts of a pattern; a leading dot only matches a written one."""
    if not names or not patterns:
        return not names and not patterns
    name, pattern = names[0], patterns[0]
    hidden = name.startswith(".") and not pattern.startswith(".")
    if pattern == "**":
        if len(patterns) == 1:
            return not any(part.startswith(".") for part in names)
        return matches(names, patterns[1:]) or (not hidden and matches(names[1:], patterns))
    return not hidden and fnmatch.fnmatchcase(name, pattern) and matches(names[1:], patterns[1:])
