"""The tokenizer's vocabulary: a given vocab.txt, looked over before anything is tokenized with it."""

from collections import Counter

from beam_jobs.config import VocabularyConfig
from beam_jobs.storage import write_shard
from model.contract import places
from model.contract.errors import InputError
from model.contract.record import SPECIAL_TOKENS, SpecialIds
from model.contract.stage import Made

VOCABULARY_FILE = "vocab.txt"


def parse_vocabulary(text: str, named: str) -> list[str]:
    """The pieces of a vocab.txt, by id.

    Raises:
      InputError: for an empty file, a piece that stands twice, or a special token that is missing.
    """
    pieces = text.removesuffix("\n").split("\n")
    if not text.strip():
        raise InputError(f"{named} is empty; give a vocab.txt with one piece a line.")
    twice = [piece for piece, count in Counter(pieces).items() if count > 1]
    if twice:
        raise InputError(f"{named} holds {twice[0]!r} more than once; each piece needs one id.")
    missing = [token for token in SPECIAL_TOKENS if token not in pieces]
    if missing:
        raise InputError(f"{named} lacks {', '.join(missing)}; a BertTokenizer vocabulary needs them, one a line.")
    return pieces


def special_ids(pieces: list[str]) -> SpecialIds:
    """Where the special tokens stand."""
    names = ("pad", "unknown", "cls", "sep", "mask", "begin", "end")
    return SpecialIds(**{name: pieces.index(token) for name, token in zip(names, SPECIAL_TOKENS, strict=True)})


def read_vocabulary(path: str) -> list[str]:
    """The pieces of the vocab.txt at a path, on disk or gs://, by id."""
    try:
        return parse_vocabulary(places.read_bytes(path).decode(), path)
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; give a vocab.txt with one piece a line.") from None


def make_vocabulary(config: VocabularyConfig, directory: str) -> Made:
    """Copies the given vocabulary, looked over, into a stage's directory."""
    pieces = read_vocabulary(config.path)
    file = write_shard(directory, VOCABULARY_FILE, ("\n".join(pieces) + "\n").encode(), len(pieces))
    facts = {"size": len(pieces), "crc32c": file.crc32c, "special_ids": special_ids(pieces).model_dump()}
    return Made(outputs=[file], facts=facts)
