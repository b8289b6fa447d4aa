"""Pure: e-mail addresses, also those written so as not to be found.

Not masked: the names that RFC 2606 and 6761 reserve (user@example.com: nobody's), what stands for a machine or a
repository (git@…, ssh user@host, the user in https://user:password@host), and files (logo@2x.png).
"""

import re
from collections.abc import Iterator

from beam_jobs.cleaning.personal.spans import Span

KIND = "email"
_LOCAL = "[A-Za-z0-9._%+-]"
_LOCAL_BACKWARDS = re.compile(rf"{_LOCAL}{{0,63}}[A-Za-z0-9_]")
_LOCAL_CHARACTERS = 64
"""RFC 5321, 4.5.3.1."""
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_END = r"(?![A-Za-z0-9@]|[-_][A-Za-z0-9_@-])"
"""The domain ends here; a name in Hangul may be tied to it: "hong@naver.com-홍길동"."""
_PLAIN = re.compile(rf"@ ?((?:{_LABEL}\.)+[A-Za-z]{{2,12}}){_END}")
_DOT = r"(?:\.| ?[\[(] ?(?:dot|DOT|점|닷) ?[\])] ?| (?:dot|DOT|점|닷) )"
_HIDDEN = re.compile(
    rf"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9_]{_LOCAL}{{0,63}})"
    r"(?: ?[\[(] ?(?:at|AT|골뱅이) ?[\])] ?| ?골뱅이 ?|(?P<word> (?:at|AT) ))"
    rf"(?P<domain>{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}[A-Za-z]{{2,12}}){_END}"
)
SIGNS = frozenset(["@", "골뱅이", "at]", "at)", "AT]", "AT)", "DOT ", "dot "])
"""One of these stands in every text with an address."""

_TOP_LEVEL = re.compile(
    "com|net|org|edu|gov|mil|int|info|biz|name|pro|jobs|mobi|asia|tel|travel|museum|coop|aero|cat|xyz|online|site|"
    "website|shop|store|tech|blog|cloud|app|dev|page|email|live|life|world|today|news|media|company|group|studio|"
    "design|agency|academy|school|university|center|solutions|systems|network|digital|software|space|zone|club|"
    "work|team|love|fun|art|wiki|seoul|korea"
)
_COUNTRY = re.compile("(?!js|ts|go|rb|cs|vb|kt|db|gz|xz|jl|hs)[a-z]{2}")
"""Not the two letters that end files and are no country's."""
_RESERVED = frozenset(["example", "test", "invalid", "localhost", "local", "internal"])
_NAMES_OF_MACHINES = frozenset(["git", "hg", "svn"])
_STANDS_IN = re.compile(r"(?i:xxxx|\bx{2,}\b)")
_LOGIN = re.compile(r"\b(?:ssh|scp|sftp|rsync|ssh-copy-id)\b[^\n가-힣]*\Z")
"""A command as it is typed; with Hangul before the address, the line speaks of one."""
_LOGIN_CHARACTERS = 60
_WITHIN_ADDRESS = re.compile(r"://[^/\s]*\Z")
_PATH = re.compile(r":[A-Za-z0-9/~.]")
"""What follows a machine: "user@host.kr:/home"."""


def find_emails(text: str) -> Iterator[Span]:
    """Addresses with "@", and those with a word in its place."""
    if "@" in text:
        yield from _plain(text)
    if any(sign in text for sign in SIGNS if sign != "@"):
        yield from _hidden(text)


def _plain(text: str) -> Iterator[Span]:
    for match in _PLAIN.finditer(text):
        at = match.start()
        spaced = text[at - 1 : at] == " " and text[at + 1 : at + 2] == " "
        end_of_local = at - 1 if spaced else at
        local = _LOCAL_BACKWARDS.match(text[max(end_of_local - _LOCAL_CHARACTERS, 0) : end_of_local][::-1])
        if local is None or (text[at + 1] == " ") != spaced or not _is_domain(match[1], spaced):
            continue
        start = end_of_local - local.end()
        if not _is_nobody(text, start, end_of_local, match.end()):
            yield Span(KIND, start, match.end())


def _hidden(text: str) -> Iterator[Span]:
    for match in _HIDDEN.finditer(text):
        domain = re.sub(_DOT, ".", match["domain"])
        plainly_dotted = "." in match["domain"]
        if _is_domain(domain, known=True) and not (match["word"] and plainly_dotted):
            yield Span(KIND, *match.span())


def _is_domain(domain: str, known: bool) -> bool:
    """Whether mail could go there; `known` asks for more, where what is before is less sure."""
    *names, last = domain.lower().split(".")
    if last in _RESERVED or "example" in names:
        return False
    if _TOP_LEVEL.fullmatch(last):
        return True
    if all(name.isdigit() for name in names):  # a version: matplotlib@3.io; 163.com is a provider of mail
        return False
    return last == "kr" if known else _COUNTRY.fullmatch(last) is not None


def _is_nobody(text: str, start: int, end_of_local: int, end: int) -> bool:
    line = text[max(start - _LOGIN_CHARACTERS, 0) : start]
    return (
        text[start:end_of_local] in _NAMES_OF_MACHINES
        or _STANDS_IN.search(text, start, end_of_local) is not None
        or _PATH.match(text, end) is not None
        or _LOGIN.search(line) is not None
        or _WITHIN_ADDRESS.search(line) is not None
    )
