"""A vocab.txt, looked over before anything is tokenized with it."""

import re
from collections import Counter
from collections.abc import Sequence

from beam_jobs.vocabulary_config import VocabularyConfig
from model.contract import places
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS, UNKNOWN, SpecialIds

_BLANK = re.compile(r"\s")
_WORD_OF_MANY = re.compile(r"\w\w")


def parse_pieces(text: str, named: str) -> list[str]:
    """The pieces of a WordPiece vocabulary, by id; of special tokens it needs but [UNK].

    Raises:
      InputError: when it is empty or none, or a piece is empty, holds a blank or stands twice.
    """
    if not text.strip():
        raise InputError(f"{named} is empty; give a vocab.txt with one piece a line.")
    if text.startswith("\ufeff"):
        raise InputError(f"{named} begins with a byte-order mark, which would be part of a piece; save it without.")
    if "\r" in text:
        raise InputError(f"{named} ends lines with CR LF, and CR would be part of each piece; save it with LF alone.")
    pieces = text.removesuffix("\n").split("\n")
    for number, piece in enumerate(pieces, start=1):
        if not piece or _BLANK.search(piece):
            fault = f"holds {piece!r}, with a blank in it" if piece else "is empty"
            raise InputError(
                f"line {number} of {named} {fault}; a line's number is its id, so mend or replace the file."
            )
    if twice := [piece for piece, count in Counter(pieces).items() if count > 1]:
        raise InputError(f"{named} holds {twice[0]!r} more than once; each piece needs one id.")
    if UNKNOWN not in pieces:
        raise InputError(f"{named} lacks {UNKNOWN}; a BertTokenizer vocabulary needs it.")
    if not any(piece.startswith("##") for piece in pieces) and any(map(_WORD_OF_MANY.match, pieces)):
        raise InputError(
            f"no piece of {named} begins with ##, so it is no WordPiece vocabulary; give a vocab.txt of BERT."
        )
    return pieces


def parse_vocabulary(text: str, named: str) -> list[str]:
    """The pieces of a vocabulary to train with, by id.

    Raises:
      InputError: see `parse_pieces`; and when a special token is missing.
    """
    pieces = parse_pieces(text, named)
    if missing := [token for token in SPECIAL_TOKENS if token not in pieces]:
        raise InputError(f"{named} lacks {', '.join(missing)}; a BertTokenizer vocabulary needs them, one a line.")
    return pieces


def special_ids(pieces: Sequence[str]) -> SpecialIds:
    """Where the special tokens stand."""
    names = ("pad", "unknown", "cls", "sep", "mask", "begin", "end")
    return SpecialIds(**{name: pieces.index(token) for name, token in zip(names, SPECIAL_TOKENS, strict=True)})


def read_vocabulary(path: str) -> list[str]:
    """The pieces of the vocab.txt at a path, on disk or gs://, by id.

    Raises:
      InputError: when it is missing, or see `parse_vocabulary`.
    """
    return parse_vocabulary(_read_text(path), path)


def read_given(config: VocabularyConfig) -> list[str]:
    """The vocabulary that the settings name, which has the size they name.

    Raises:
      InputError: see `read_vocabulary`; and when it has another size.
    """
    pieces = read_vocabulary(config.path)
    if config.size not in (None, len(pieces)):
        raise InputError(
            f"{config.path} has {len(pieces):,} pieces where vocabulary.size is {config.size:,}; give the file that is "
            "meant, or correct the size."
        )
    return pieces


def read_compared(config: VocabularyConfig) -> dict[str, list[str]]:
    """The vocabularies that the settings compare with, by name.

    Raises:
      InputError: when one is missing, or see `parse_pieces`.
    """
    return {name: parse_pieces(_read_text(path), path) for name, path in sorted(config.compare.items())}


def _read_text(path: str) -> str:
    try:
        return places.read_bytes(path).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; give a vocab.txt with one piece a line.") from None
