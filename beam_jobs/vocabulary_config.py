"""Every setting of the vocabulary: given or trained, and what its report compares it with."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from model.contract.record import SPECIAL_TOKENS
from model.contract.settings import Settings


class VocabularyTrainingConfig(Settings):
    """A cased WordPiece vocabulary, trained on a sample of the corpus."""

    size: PositiveInt = 32_500
    """Pieces in all, special tokens included; KoBigBird's has as many."""
    sample_megabytes: PositiveInt = 1_000
    """Of UTF-8 text that is trained on, from documents chosen by a hash of their ids; all, if there is less."""
    weights: dict[str, float] = Field(default_factory=dict)
    """By source, shares of the sample in any unit; if left out, each source has what it has in training."""
    unused: NonNegativeInt = 498
    """[unusedN] pieces, for words that a fine-tuning adds; KoBigBird's has as many."""
    character_coverage: float = Field(default=0.9999, gt=0.0, le=1.0)
    """Share of the sample's characters that have a piece of their own; words that hold another are [UNK]."""
    syllable_coverage: float = Field(default=0.99999, gt=0.0, le=1.0)
    """The same of Hangul syllables, which come before hanja and all others; in Korean they are never noise."""
    min_frequency: PositiveInt = 2
    """A piece, and a character but for the usual ones, stands at least so often in the sample."""
    max_piece_characters: PositiveInt = 16
    """A piece of more is an address or a formula; KoBigBird's longest is 13, KoELECTRA's 9."""
    max_digits: PositiveInt = 4
    """Digits in a row in one piece: years are whole, other numbers fall into parts; as in KoBigBird's."""
    max_repeats: PositiveInt = 4
    """The same of one character: laughter and drawn lines of any length are made of a few pieces."""

    @model_validator(mode="after")
    def _there_is_room_for_pieces(self) -> Self:
        if (least := len(SPECIAL_TOKENS) + self.unused) >= self.size:
            raise ValueError(
                f"size {self.size} has no room beside {len(SPECIAL_TOKENS)} special tokens and {self.unused} unused "
                f"pieces; use more than {least}."
            )
        return self

    @model_validator(mode="after")
    def _weights_are_shares(self) -> Self:
        if low := [name for name, weight in self.weights.items() if not weight > 0]:
            raise ValueError(f"weights gives {low[0]} no share; a share is more than 0.")
        return self


class VocabularyReportConfig(Settings):
    """How well the vocabulary fits text that it was not trained on."""

    megabytes: PositiveInt = 20
    """Of UTF-8 text that is looked at."""
    held_aside: float = Field(default=0.05, gt=0.0, lt=1.0)
    """At most this share of the documents is kept from the training of a vocabulary for its report."""


class VocabularyConfig(Settings):
    """The WordPiece vocabulary to tokenize with: a given one, or one trained on the corpus."""

    path: str = ""
    """A vocab.txt, one piece a line."""
    size: PositiveInt | None = None
    """Pieces that the given file must have, to be sure that it is the one that is meant."""
    train: VocabularyTrainingConfig | None = None
    """How to train one, instead of a path."""
    compare: dict[str, str] = Field(default_factory=dict)
    """Other vocabularies beside which it stands in the report: a name, and the path of a vocab.txt."""
    report: VocabularyReportConfig = VocabularyReportConfig()
    seed: NonNegativeInt = 42
    """Of the choice of documents that are trained and reported on."""

    def mixed_as(self, mixture: Mapping[str, float]) -> Self:
        """The same, but a training without weights of its own takes those of a mixture of sources, if there is one."""
        if self.train is None or self.train.weights or not mixture:
            return self
        return self.model_copy(update={"train": self.train.model_copy(update={"weights": dict(mixture)})})

    @model_validator(mode="after")
    def _is_either_given_or_trained(self) -> Self:
        if bool(self.path) == (self.train is not None):
            both = "both path and train" if self.path else "neither path nor train"
            raise ValueError(f"the vocabulary has {both}; name a vocab.txt by path, or say by train how to make one.")
        if self.train is not None and self.size is not None:
            raise ValueError(f"size {self.size} is for a given vocabulary; a trained one has train.size.")
        return self

    @model_validator(mode="after")
    def _others_have_names_of_their_own(self) -> Self:
        if OURS in self.compare:
            raise ValueError(f"compare calls another vocabulary {OURS!r}, as the report calls this one; rename it.")
        return self


OURS = "this"
"""What the report calls the vocabulary that it is about."""
