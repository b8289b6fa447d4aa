"""What the trainer reads of the vocabulary and tokenizing stages beside the records."""

import io

import numpy as np

from model.contract import places
from model.contract.errors import InputError, OutputError, SettingError
from model.contract.manifest import StageOutput, check_outputs


def read_pieces(vocabulary: StageOutput) -> list[str]:
    """The pieces of the vocabulary stage, by id."""
    check_outputs(vocabulary)
    return pieces_at(vocabulary.paths(suffix="vocab.txt")[0])


def pieces_at(path: str) -> list[str]:
    """The pieces of a vocab.txt, by id.

    Raises:
      InputError: when the file is missing or no text.
    """
    try:
        return places.read_bytes(path).decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8; give a vocab.txt, one piece a line.") from None


def token_counts(corpus: StageOutput, vocabulary_size: int) -> np.ndarray:
    """How often each id occurs in the training split; [vocabulary] int64.

    Raises:
      SettingError: when the tokenizing stage counted none.
      OutputError: when its counts are not as its manifest says, or of another vocabulary.
    """
    paths = corpus.paths(prefix="token-counts")
    check_outputs(corpus, corpus.files(prefix="token-counts"))
    if not paths:
        raise SettingError(
            f"{corpus.directory} has no token counts, so output_bias cannot be log_frequency; use zeros."
        )
    counts: np.ndarray = np.load(io.BytesIO(places.read_bytes(paths[0])))
    if counts.shape != (vocabulary_size,):
        raise OutputError(
            f"{paths[0]} has counts of shape {counts.shape} where the vocabulary has {vocabulary_size} pieces; "
            "tokenize again."
        )
    return counts
