"""Every setting of deduplication and decontamination; docs/deduplication.md has where the thresholds come from."""

import itertools
from typing import Literal, NamedTuple, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from model.contract.settings import Settings

LineRule = Literal["none", "lines", "three_sentences"]


def found_share(similarity: float, bands: int, rows: int) -> float:
    """The probability that two texts of this Jaccard similarity share a band (Leskovec et al., MMDS, sec. 3.4.2).

    >>> round(found_share(0.75, bands=14, rows=8), 2)
    0.77
    """
    return float(1 - (1 - similarity**rows) ** bands)


class LineDedupeConfig(Settings):
    """Passages that recur across the corpus: the first stays, the others are cut out of their texts."""

    rule: LineRule = "none"
    """"lines": a line that stood in the corpus before goes; "three_sentences": three sentences in a row (C4,
    arXiv:1910.10683, sec. 2.2)."""
    per_source: dict[str, LineRule] = Field(default_factory=dict)
    """The rule for a source, by its name, where it is another."""
    min_characters: PositiveInt = 30
    """Shorter lines ("맺음말", "}") recur for good reasons and stay; for "lines" only."""
    min_text_characters: PositiveInt = 200
    """A document of which less is left goes as a whole."""

    @property
    def any(self) -> bool:
        """Whether passages of any source are looked at."""
        return {self.rule, *self.per_source.values()} != {"none"}

    def of(self, source: str) -> LineRule:
        """The rule for one source's documents."""
        return self.per_source.get(source, self.rule)


class NearConfig(Settings):
    """Near copies: MinHash over character n-grams, bands derived from the similarity to find."""

    threshold: float = Field(default=0.65, gt=0.0, lt=1.0)
    """The Jaccard similarity of character n-grams from which two texts are near copies."""
    recall: float = Field(default=0.8, gt=0.0, lt=1.0)
    """The probability with which bands find a pair just as similar as that; bands and rows follow."""
    permutations: PositiveInt = 256
    shingle_characters: PositiveInt = 5
    check: bool = True
    """Whether candidates must agree in `threshold` of their signatures, too; else sharing a band is enough."""
    seed: NonNegativeInt = 42
    """Draws the hash functions."""
    action: Literal["drop", "mark"] = "drop"
    """"drop": one of each set of near copies stays; "mark": all stay and carry one mark (`document.NEAR_COPIES`), so
    that training and validation share none."""

    @model_validator(mode="after")
    def _bands_find_enough(self) -> Self:
        _ = self.bands
        return self

    @property
    def bands(self) -> tuple[int, int]:
        """Bands, and rows in each: the most rows, which let the fewest unlike pairs pass, that still find enough.

        Raises:
          ValueError: when bands of a single row find too few.

        >>> NearConfig().bands
        (36, 7)
        """
        for rows in range(self.permutations, 0, -1):
            bands = self.permutations // rows
            if found_share(self.threshold, bands, rows) >= self.recall:
                return bands, rows
        raise ValueError(
            f"{self.permutations} permutations find pairs of similarity {self.threshold} in less than "
            f"{self.recall:.0%} of cases however they are banded; use more permutations, a higher threshold or less "
            "recall."
        )


class Preference(NamedTuple):
    """Which copy to keep: see DedupeConfig."""

    keep: tuple[str, ...]
    prefer: tuple[str, ...]


class DedupeConfig(Settings):
    """Of each set of copies one Document stays: by address, text, recurring lines, and similarity."""

    ids: bool = True
    """Of documents to which one source gave one id one stays; off for ids that are row numbers of several files."""
    addresses: bool = True
    """Of documents with the same address, less scheme, "www.", fragment and tracking, one stays."""
    texts: bool = True
    """Of documents whose texts differ in blanks alone, one stays."""
    lines: LineDedupeConfig = LineDedupeConfig()
    near: NearConfig | None = NearConfig()
    """`null` for none."""
    keep: tuple[Literal["longest", "source"], ...] = ("longest", "source")
    """Which of several copies stays: by the first of these that differs, then the one with the least id."""
    prefer: tuple[str, ...] = ()
    """Sources from the best on; those not named come after."""

    @property
    def preference(self) -> "Preference":
        """What says which copy to keep."""
        return Preference(self.keep, self.prefer)


EvaluationTask = Literal[
    "nsmc",
    "klue_nli",
    "klue_sts",
    "korquad_1",
    "klue_mrc",
    "tydi_qa",
    "korquad_2",
    "fake_news",
    "modu_sentiment",
]


class EvaluationConfig(Settings):
    """The files of one downstream task whose examples must not be in the corpus."""

    task: EvaluationTask
    paths: tuple[str, ...] = Field(min_length=1)
    """Paths or globs, on disk or gs://, of files as they were published; those that scores are reported on."""
    contexts: bool = True
    """Whether the texts that questions are asked about are looked for, too; `false` looks for the questions alone,
    and leaves the encyclopaedia's articles in the corpus."""


class DecontaminateConfig(Settings):
    """Evaluation examples within the corpus: what counts as one, and what happens to the text.

    Lengths are in compared letters: letters and digits without the commonest particles
    (beam_jobs/decontamination/compared_letters.py). A word of Korean prose has 2.7 of them.
    """

    evaluations: tuple[EvaluationConfig, ...] = ()
    action: Literal["cut", "drop"] = "cut"
    """"cut": the sentences that hold the example go; "drop": the document goes."""
    ngram_characters: PositiveInt = 8
    """Letters of an n-gram, some three words; measured against 5, 6, 10 and 13."""
    min_share: float = Field(default=0.4, gt=0.0, le=1.0)
    """Of a passage's letters, those in n-grams that stand close together in the document; measured, so that half of a
    passage is found. PaLM asks for 70 % of the 8-grams (arXiv:2204.02311, sec. 8), Tülu 3 for half of the tokens
    (arXiv:2411.15124, sec. 3.2)."""
    min_characters: PositiveInt = 16
    """So many letters must be found, six words; a shorter example is looked for as a whole line or sentence alone.
    GPT-3 compares 8 to 13 words (arXiv:2005.14165, app. C); measured against 12, 14 and 20."""
    min_whole_characters: PositiveInt = 12
    """Shorter examples ("정말 재미있게 봤어요") are anybody's words and are not looked for; measured."""
    passage_characters: PositiveInt = 150
    """Longer examples are looked for in parts of this length and up to twice that, so that a paragraph of an article
    is found."""
    max_passages_per_ngram: PositiveInt = 100
    """N-grams in more passages than this are stock phrases and do not count. GPT-3 says 10 documents (app. C), but the
    name of what an article is about stands in dozens of questions."""
    min_text_characters: PositiveInt = 200
    """Characters of text: a document of which less is left goes as a whole (GPT-3, app. C)."""
    max_cut_share: float = Field(default=0.5, gt=0.0, le=1.0)
    """A document of which more would be cut goes as a whole."""
    max_places: PositiveInt = 10
    """A document that would be cut in more places goes as a whole (GPT-3, app. C)."""

    @model_validator(mode="after")
    def _lengths_ascend(self) -> Self:
        names = ("ngram_characters", "min_whole_characters", "min_characters", "passage_characters")
        for shorter, longer in itertools.pairwise(names):
            if getattr(self, shorter) > getattr(self, longer):
                raise ValueError(
                    f"{shorter} {getattr(self, shorter)} exceeds {longer} {getattr(self, longer)}; "
                    f"use at most {getattr(self, longer)}."
                )
        return self
