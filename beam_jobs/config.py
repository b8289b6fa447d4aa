"""Every setting of the data half, on one page."""

import datetime
import math
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from beam_jobs.clean_config import CleanConfig
from beam_jobs.dedupe_config import DecontaminateConfig, DedupeConfig
from beam_jobs.vocabulary_config import VocabularyConfig
from model.contract.settings import Settings

Kind = Literal["common_crawl", "wikipedia", "news", "everyones_corpus", "plain_text"]
Format = Literal[
    "warc",
    "wet",
    "crawl_index",
    "mediawiki",
    "jsonl",
    "csv",
    "tsv",
    "parquet",
    "text",
    "markdown",
    "lm_dataformat",
    "nikl",
]
FORMATS_OF: dict[str, tuple[str, ...]] = {
    "common_crawl": ("warc", "wet", "crawl_index"),
    "wikipedia": ("mediawiki",),
    "news": ("jsonl", "csv", "tsv", "parquet", "text", "markdown", "lm_dataformat", "warc", "wet"),
    "everyones_corpus": ("nikl",),
    "plain_text": ("text", "markdown", "jsonl", "csv", "tsv", "parquet", "lm_dataformat"),
}
"""The formats in which texts of each kind come; the first is the usual one."""


class FieldsConfig(Settings):
    """What a table's columns, or a JSON object's names, are called in the files; texts without a body are bad."""

    id: str = "id"
    title: str = "title"
    body: str = "text"
    date: str = "date"
    publisher: str = "publisher"
    url: str = "url"


class LimitsConfig(Settings):
    """How much of a source to read; whatever is left out is left out the same way each time."""

    max_files: PositiveInt | None = None
    """The first so many files, in order of name."""
    max_documents: PositiveInt | None = None
    """At most so many, spread evenly over the pieces that the source is read in."""
    share: float = Field(default=1.0, gt=0.0, le=1.0)
    """The share of documents kept, chosen by their ids."""


class FiltersConfig(Settings):
    """Which documents of a source to keep, by what is known when they are read; cleaning judges the text."""

    hosts_allow: tuple[str, ...] = ()
    """Only these hosts and those below them ("example.kr" is also "www.example.kr"); all, if empty."""
    hosts_deny: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """ISO 639-3 codes; documents of which the source says that they hold none of them are dropped."""
    since: datetime.date | None = None
    """With since or until, documents without a date are dropped."""
    until: datetime.date | None = None
    """The last day that is kept."""
    min_characters: NonNegativeInt = 0
    max_characters: PositiveInt | None = None

    @model_validator(mode="after")
    def _something_may_stay(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since {self.since} lies after until {self.until}, so nothing could stay; swap them.")
        if self.max_characters is not None and self.min_characters > self.max_characters:
            raise ValueError(
                f"min_characters {self.min_characters} exceeds max_characters {self.max_characters}, "
                f"so no document could stay; use at most {self.max_characters}."
            )
        return self


class HtmlConfig(Settings):
    """Which pages of a WARC to read, and how to find their main content."""

    extractor: Literal["resiliparse", "trafilatura"] = "resiliparse"
    """docs/sources.md has their precision, recall and speed on annotated pages."""
    max_bytes: PositiveInt = 10_000_000
    """Of a page as it was sent, decompressed; what is longer is hardly text."""


class FetchConfig(Settings):
    """How records are fetched from other people's servers; per worker process."""

    concurrency: PositiveInt = 4
    requests_per_second: float = Field(default=10.0, gt=0.0)
    retries: NonNegativeInt = 6
    """After a lost connection, a 429 or a 5xx, each after twice the wait of the one before."""
    timeout_seconds: float = Field(default=60.0, gt=0.0)


_HTML_FORMATS = {"warc", "crawl_index"}
_TABLE_FORMATS = {"jsonl", "csv", "tsv", "parquet"}
_USED_BY: dict[str, set[str]] = {
    "fields": _TABLE_FORMATS,
    "layout": {"text"},
    "html": _HTML_FORMATS,
    "fetch": {"crawl_index"},
    "buckets": {"crawl_index"},
    "index": {"mediawiki"},
}
"""The settings that only some formats have."""


class SourceConfig(Settings):
    """One source: files that hold texts of one kind."""

    kind: Kind
    name: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    """What its documents and counters are called; the kind, if left out. Ids of documents depend on it."""
    format: Format | None = None
    """If left out, each file's name tells ("news-01.csv.gz", "NLRW1900000001.json")."""
    paths: tuple[str, ...] = Field(min_length=1)
    """Files or globs on disk, gs:// or s3://, files on https://, or lists of paths (NAME.paths, NAME.paths.gz)."""
    base: str = "https://data.commoncrawl.org/"
    """What stands before the relative paths of path lists and of the crawl's index."""
    weight: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    """How often its training records are written: 2 is twice, 0.5 every other one."""
    limits: LimitsConfig = LimitsConfig()
    filters: FiltersConfig = FiltersConfig()
    fields: FieldsConfig = FieldsConfig()
    layout: Literal["blank_lines", "lines", "file"] = "blank_lines"
    """Where documents of plain text end: at a blank line, at each line's end, or at the file's."""
    trim: bool | None = None
    """Whether bylines, copyright lines and the like are cut off; if left out, from news and NIKL newspapers."""
    html: HtmlConfig = HtmlConfig()
    index: str | None = None
    """A multistream dump's index; if left out, the file of that name beside the dump, if there is one."""
    fetch: FetchConfig = FetchConfig()
    buckets: PositiveInt = 64
    """Into how many files the pages of a crawl's index are read, which is as many as can be read at once."""

    @model_validator(mode="before")
    @classmethod
    def _is_called_as_its_kind(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("name"):
            return {**values, "name": values.get("kind", "")}
        return values

    @model_validator(mode="after")
    def _settings_fit_the_format(self) -> Self:
        formats = FORMATS_OF[self.kind]
        if self.format is not None and self.format not in formats:
            raise ValueError(
                f"kind {self.kind} does not come in format {self.format}; use {', '.join(formats)}, or another kind."
            )
        possible = {self.format} if self.format else set(formats)
        for setting, users in _USED_BY.items():
            if setting in self.model_fields_set and not users & possible:
                raise ValueError(
                    f"{setting} means nothing to format {self.format or '/'.join(formats)} of source {self.name}; "
                    f"leave it out (it is for {', '.join(sorted(users))})."
                )
        return self

    @property
    def trimmed(self) -> bool:
        """Whether its news lose their bylines and tails."""
        return self.kind in ("news", "everyones_corpus") if self.trim is None else self.trim


class ReadConfig(Settings):
    """Raw files to Documents."""

    sources: tuple[SourceConfig, ...] = ()
    piece_megabytes: PositiveInt = 64
    """Raw bytes, as stored, that one worker reads at a time and writes as one Parquet file: large files are cut
    where their format allows it, small ones read together."""
    max_bad_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """More unreadable records than this stop the job."""
    dead_letters: NonNegativeInt = 20
    """Bad records kept for looking at, for each source and reason."""

    @property
    def weights(self) -> dict[str, float]:
        """Weights by source, of those that differ from 1."""
        return {source.name: source.weight for source in self.sources if source.weight != 1.0}

    @model_validator(mode="after")
    def _sources_have_names_of_their_own(self) -> Self:
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"two sources are called {twice[0]}; give each a name of its own, as in `name: {twice[0]}_2`."
            )
        return self


class TokenizeConfig(Settings):
    """Documents to packed, shuffled training records."""

    sequence_length: PositiveInt = 4_096
    shard_megabytes: PositiveInt = 150
    """About as much lies in a shard; 100 to 200 suit a TPU's hosts (TensorFlow's guide to input pipelines)."""
    min_shards: PositiveInt = Field(default=8, le=10_000)
    """Of the training split, however small it is: each of the hosts that read it needs one of its own."""
    validation_share: float = Field(default=0.005, ge=0.0, lt=1.0)
    """Of the documents, chosen by their ids; those that are near copies of one another go together."""
    mixture: dict[str, float] = Field(default_factory=dict)
    """Shares of the training characters by source, instead of the sources' weights; all sources, or none."""
    max_epochs: float = Field(default=4.0, gt=0.0, allow_inf_nan=False)
    """A mixture repeats no source more often; up to 4 epochs are worth nearly as much as new text
    (Muennighoff et al., arXiv:2305.16264)."""
    cut_back: NonNegativeInt = 256
    """Tokens that a sequence may stay short of its length so that it ends where a sentence does."""
    short_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of sequences that are given a random shorter length; the original's short_seq_prob, 0 as published."""
    pair_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of sequences in two segments, with segment ids 0 and 1; the original's sentence_pair_prob, 0 as published."""
    seed: int = Field(default=42, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _shares_are_shares(self) -> Self:
        if self.sequence_length < 16:
            raise ValueError(f"sequence_length {self.sequence_length} has no room for text; use at least 16.")
        if self.mixture and not math.isclose(total := sum(self.mixture.values()), 1.0, abs_tol=1e-6):
            raise ValueError(f"the shares of mixture add up to {total:g}; make them add up to 1.")
        if low := [name for name, share in self.mixture.items() if share <= 0]:
            raise ValueError(f"mixture gives {low[0]} no share; leave the source out of read.sources instead.")
        return self


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
    decontaminate: DecontaminateConfig = DecontaminateConfig()
    vocabulary: VocabularyConfig
    tokenize: TokenizeConfig = TokenizeConfig()

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not self.read.sources:
            raise ValueError("read.sources is empty; name at least one source with its format and paths.")
        return self

    @model_validator(mode="after")
    def _settings_for_a_source_name_one(self) -> Self:
        known = {source.name for source in self.read.sources}
        named: dict[str, Iterable[str]] = {
            "clean.per_source": self.clean.per_source,
            "dedupe.lines.per_source": self.dedupe.lines.per_source,
            "dedupe.prefer": self.dedupe.prefer,
            "tokenize.mixture": self.tokenize.mixture,
            "vocabulary.train.weights": self.vocabulary.train.weights if self.vocabulary.train else (),
        }
        for setting, names in named.items():
            if strangers := sorted(set(names) - known):
                raise ValueError(f"{setting} names {strangers[0]}, which is no source; use {', '.join(sorted(known))}.")
        return self

    @model_validator(mode="after")
    def _a_mixture_names_every_source(self) -> Self:
        mixture = self.tokenize.mixture
        if mixture and (without := sorted({source.name for source in self.read.sources} - set(mixture))):
            raise ValueError(f"tokenize.mixture gives {without[0]} no share; name every source there, or none.")
        if mixture and (weighted := sorted(self.read.weights)):
            raise ValueError(
                f"{weighted[0]} has a weight, and tokenize.mixture says how often each source stands in training, "
                "too; keep one of them."
            )
        return self
