"""Pure: the five raw genres of 모두의 말뭉치, how their documents are told apart, and their forms as lines of text.

Where one genre's schema differs from another's, the field names are those that public parsers of the published files
read (ko-nlp/Korpora korpus_modu_*.py, AIRC-KETI/Korean-Copora nikl.py).
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from beam_jobs.sources.nikl.nikl_masks import drop_events, name_masks, plain_speech

_KINDS = {"newspaper": ("N", "WLPIZ"), "written": ("W", "ABCZ"), "web": ("E", "BPSR"), "spoken": ("S", "ABDE")}
_KINDS["messenger"] = ("M", "DM")
_GENRES: Mapping[str, str] = {f"{medium}{kind}RW": genre for genre, (medium, kinds) in _KINDS.items() for kind in kinds}
"""Genres by how the ids of their corpora and documents begin ("NLRW2400000005.1")."""

_PARAGRAPH = re.compile(r"</p\s*>\s*<p(?:\s[^<>]*)?>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|b|em|font|i|img|p|s|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def genre_of_id(identifier: str) -> str | None:
    """The genre that the id of a corpus or document, or the name of a file, tells.

    >>> genre_of_id("SDRW2000000001.1")
    'spoken'
    """
    return _GENRES.get(identifier[:4])


def genre_of_shape(document: Mapping[str, Any]) -> str:
    """The genre that a document's own fields tell: newspapers' topics have originals, messages have times."""
    if utterances := document.get("utterance"):
        first = utterances[0] if isinstance(utterances, list) else None
        return "messenger" if isinstance(first, dict) and "time" in first else "spoken"
    metadata = document.get("metadata")
    return "newspaper" if isinstance(metadata, dict) and "original_topic" in metadata else "written"


def paragraph_lines(paragraphs: Iterable[Any]) -> list[str]:
    """Each paragraph that has text, in order; `<br>` begins a new line in it."""
    lines = []
    for paragraph in paragraphs:
        form = paragraph.get("form") if isinstance(paragraph, dict) else None
        if isinstance(form, str) and (plain := plain_form(form) if "<" in form or "&" in form else form.strip()):
            lines.append(plain)
    return lines


def plain_form(form: str) -> str:
    """A paragraph without the HTML that newspapers since 2024 have (`<p>…</p>`, entities), its masks named.

    What else stands in angle brackets stays: Korean texts have titles and captions in them.

    >>> plain_form("<p>&name&은 &quot;<b>예</b>&quot;라고<br/>했다.</p>")
    '[이름]은 "예"라고\\n했다.'
    """
    if "<" in form:
        form = _TAG.sub("", _PARAGRAPH.sub("\n", form))
    if "&" in form:
        form = _ENTITY.sub(lambda entity: html.unescape(entity[0]), name_masks(form)).replace("\xa0", " ")
    return form.strip()


def speech_lines(utterances: Iterable[Any]) -> list[str]:
    """A line for each turn: what one speaker says until another does; for each utterance where no speaker is told.

    The form is in standard spelling; as it was pronounced (original_form), it stands only where there is no other.
    """
    lines: list[str] = []
    last = None
    for speaker, form in _utterances(utterances):
        if said := plain_speech(form):
            if lines and speaker == last and speaker is not None:
                lines[-1] += f" {said}"
            else:
                lines.append(said)
            last = speaker
    return lines


def message_lines(utterances: Iterable[Any]) -> list[str]:
    """A line for each message: people end a message where they would end a sentence, and seldom write a full stop."""
    return [form for _, form in _utterances(utterances)]


def speakers(utterances: Iterable[Any]) -> int:
    """How many different speakers there are."""
    named = (each.get("speaker_id") for each in utterances if isinstance(each, dict))
    return len({speaker for speaker in named if isinstance(speaker, str)})


def _utterances(utterances: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    for utterance in utterances:
        if isinstance(utterance, dict):
            form = utterance.get("form")
            if not isinstance(form, str):
                form = utterance.get("original_form")
            if isinstance(form, str) and (plain := drop_events(name_masks(form)).strip()):
                yield utterance.get("speaker_id"), plain
