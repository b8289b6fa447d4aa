"""Every setting of the data half, on one page."""

from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from model.contract.settings import Settings


class SourceConfig(Settings):
    """One source: files of one format that hold texts of one kind."""

    name: Literal["common_crawl", "wikipedia", "news", "everyones_corpus"]
    format: Literal["warc", "wet", "mediawiki", "jsonl", "nikl"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Files or globs, on disk or on gs://."""


class ReadConfig(Settings):
    """Raw files to Documents."""

    sources: tuple[SourceConfig, ...] = ()
    shards: PositiveInt = 64
    """Parquet files written; about 200 MB of text each is a good size."""
    max_bad_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """More unreadable records than this stop the job."""
    dead_letters: NonNegativeInt = 20
    """Bad records kept for looking at, for each source and reason."""


class CleanConfig(Settings):
    """Which Documents are worth training on; docs/cleaning.md has each threshold's source and its drops."""

    min_characters: PositiveInt = 200
    """Gopher's 50 words (arXiv:2112.11446, A1.1) are 220 to 255 characters of Korean prose, measured."""
    max_characters: PositiveInt = 2_000_000
    """Books and whole statutes stay (Gopher stops at 100,000 words); what is longer is a broken crawl."""
    min_hangul_share: float = Field(default=0.25, ge=0.0, le=1.0)
    """Hangul among letters; at 0.25 half of the letters' bytes are Hangul, and CLD2 begins to say Korean."""
    max_repeated_line_share: float = Field(default=0.4, ge=0.0, le=1.0)
    """Characters in lines that repeat an earlier line, among those of all lines; measured."""
    ngram_words: PositiveInt = 5
    """Gopher's shortest n-gram whose every repetition counts."""
    max_repeated_ngram_share: float = Field(default=0.5, ge=0.0, le=1.0)
    """Characters in word n-grams that stood earlier in the document, among those of all words; measured."""
    shards: PositiveInt = 64

    @model_validator(mode="after")
    def _some_length_is_allowed(self) -> Self:
        if self.min_characters > self.max_characters:
            raise ValueError(
                f"min_characters {self.min_characters} exceeds max_characters {self.max_characters}, "
                f"so no document could stay; use at most {self.max_characters}."
            )
        return self


class DedupeConfig(Settings):
    """Exact copies, then near copies by MinHash over word n-grams (Broder 1997).

    Shingles, bands and rows are FineWeb's (arXiv:2406.17557): they find pairs of similarity
    0.75 with 77 % probability and 0.85 with 99 %. FineWeb takes what they find; here it is checked.
    """

    near: bool = True
    shingle_words: PositiveInt = 5
    bands: PositiveInt = 14
    rows: PositiveInt = 8
    min_similarity: float = Field(default=0.7, ge=0.0, le=1.0)
    """Candidates whose signatures agree less than this are kept apart; measured in docs/cleaning.md."""
    seed: NonNegativeInt = 42
    """Draws the permutations."""
    shards: PositiveInt = 64


class VocabularyConfig(Settings):
    """The WordPiece vocabulary to tokenize with: a vocab.txt, one piece a line."""

    path: str


class TokenizeConfig(Settings):
    """Documents to packed, shuffled training records."""

    sequence_length: PositiveInt = 4_096
    shards: PositiveInt = 64
    validation_share: float = Field(default=0.005, ge=0.0, lt=1.0)
    validation_shards: PositiveInt = 1
    packing_buckets: PositiveInt = 256
    """Documents are packed with others of the same source and bucket; more buckets pack in parallel."""
    seed: NonNegativeInt = 42


class RunnerConfig(Settings):
    """Where Beam runs; it changes no stage's identity."""

    runner: str = "FnApiRunner"
    processes: PositiveInt = 1
    options: dict[str, Any] = Field(default_factory=dict)
    """Further Beam pipeline options by their long names (project, region, temp_location…)."""


class CorpusConfig(Settings):
    """The data half: raw text to TFRecords."""

    read: ReadConfig
    clean: CleanConfig = CleanConfig()
    dedupe: DedupeConfig = DedupeConfig()
    vocabulary: VocabularyConfig
    tokenize: TokenizeConfig = TokenizeConfig()

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not self.read.sources:
            raise ValueError("read.sources is empty; name at least one source with its format and paths.")
        return self
