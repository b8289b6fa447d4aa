"""Pure: addresses that a list names, by host, by beginning or by a word in the host."""

import re
from collections.abc import Iterable

_NEVER = (".go.kr", ".ac.kr", ".re.kr", ".hs.kr", ".edu", ".gov", ".mil")
"""Offices and schools, which words in a host say nothing of."""
_PARTS = re.compile(r"[^\W\d_]+")


class BadAddresses:
    """A list of addresses; millions of hosts are looked up as fast as ten.

    Args:
      entries: "example.com" (with all hosts below), "example.com/path" (with all that begins so), "*word*" (anywhere in
        a host) or "word" (between dots, hyphens and digits of a host).
    """

    def __init__(self, entries: Iterable[str]):
        lowered = [entry.lower().removeprefix("http://").removeprefix("https://").rstrip("/") for entry in entries]
        inside = sorted(entry.strip("*") for entry in lowered if entry.startswith("*"))
        whole = [entry for entry in lowered if not entry.startswith("*")]
        self._inside = re.compile("|".join(map(re.escape, inside)) or r"(?!)")
        self._pages = {entry for entry in whole if "/" in entry}
        self._hosts = {entry for entry in whole if "." in entry and "/" not in entry}
        self._words = {entry for entry in whole if "." not in entry}

    def has(self, url: str) -> bool:
        """Whether the list names this address.

        >>> BadAddresses(["sex", "example.com"]).has("https://www.essex.ac.uk/")
        False
        """
        address = url.partition("://")[2] or url
        host, _, path = address.partition("/")
        host = _readable(host.rpartition("@")[2].partition(":")[0].partition("?")[0].lower())
        if not host.endswith(_NEVER) and (
            self._inside.search(host) or not self._words.isdisjoint(_PARTS.findall(host))
        ):
            return True
        if self._hosts and any(parent in self._hosts for parent in _with_parents(host)):
            return True
        return bool(self._pages) and self._has_page(host, path.lower())

    def _has_page(self, host: str, path: str) -> bool:
        parts = re.split(r"[?#]", path)[0].split("/")
        return any(
            f"{host.removeprefix('www.')}/{'/'.join(parts[:length])}" in self._pages
            for length in range(1, len(parts) + 1)
        )


def _readable(host: str) -> str:
    """A host in its own script: "xn--" hides Hangul."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _with_parents(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
