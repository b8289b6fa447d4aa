"""Every setting of the cleaning job; docs/cleaning.md has each threshold's source and what it drops."""

from typing import Any, Self

from pydantic import Field, PositiveInt, model_validator

from model.contract.errors import SettingError
from model.contract.settings import Settings


class NormaliseConfig(Settings):
    """Which rules bring a text into normal form, in the order of their work; docs/cleaning.md shows each at work."""

    mojibake: bool = True
    """UTF-8 read as Latin-1 or Windows-1252, by ftfy, and EUC-KR read so; of 54,097 clean texts none changes."""
    html: bool = True
    """Entities, layout tags and comments, in texts that are not about markup or code."""
    invisible: bool = True
    """Control, zero-width, directional, private-use characters, variation selectors; off, lone surrogates still go."""
    full_width: bool = True
    """Latin letters, digits and signs of full width, and half-width Korean ones; "「」", "·" and "…" stay."""
    nfc: bool = True
    """Composes syllables of their jamo, which file names on macOS have."""
    jamo: bool = True
    """Lone jamo as the letters of keyboards, and "ᆢ" as the two dots that it is typed for; only where `nfc` is on."""
    middle_dots: bool = True
    """The old vowel "ㆍ" and its look-alikes between words as "·"; as a letter it makes one word of "시ㆍ도지사"."""
    blanks: bool = True
    """Tabs and every other blank as spaces; line ends, trailing blanks, blank lines in a row."""
    repeats: bool = True
    """Jamo, syllables, signs and drawn rules more than `max_repeats` times in a row; not in tables and code."""
    max_repeats: int = Field(default=3, ge=2)
    """Measured on 48,000 comments and reviews: 88 of 100 runs of jamo are no longer. soynlp's and KcBERT's 2 would make
    "..." and "하하하" others than they are."""


class LanguageConfig(Settings):
    """When a text counts as Korean: by its script, else by CLD2, else by lid.176; measured on docs/cleaning.md's pages.

    Shares but the first two are by weight in UTF-8, in which a Hangul syllable is three and a Latin letter one.
    """

    min_hangul_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """Hangul among a text's letters; tutorials that are nearly all code have 0.1."""
    sure_hangul_share: float = Field(default=0.8, ge=0.0, le=1.0)
    """Where Hangul is so much of the letters, what prose looks like is not asked: talk has short lines."""
    min_korean_line_share: float = Field(default=0.3, ge=0.0, le=1.0)
    """Of the prose, that in Korean lines; with less the page is of another language, whatever its menu."""
    sure_korean_line_share: float = Field(default=0.7, ge=0.0, le=1.0)
    """With so much the page is Korean, and no identifier is asked."""
    max_other_cjk_share: float = Field(default=0.1, ge=0.0, le=1.0)
    """Hanja and kana among the letters; a page with more is asked about: mixed script, or a lesson of Korean."""
    cld2_doubt: float = Field(default=0.1, ge=0.0, le=0.5)
    """CLD2's share of Korean may be as near to `min_score` before lid.176 is asked."""
    min_score: float = Field(default=0.5, ge=0.0, le=1.0)
    """What an identifier has to find Korean: half of what is said."""
    lid_characters: PositiveInt = 2_000
    """The sample that lid.176 reads: evenly spread lines."""
    lid_line_characters: PositiveInt = 100
    """So much of each; with 200 the sample has half the lines, and a page's share comes out less exact."""

    @model_validator(mode="after")
    def _the_bands_of_doubt_are_bands(self) -> Self:
        for kind in ("hangul_share", "korean_line_share"):
            least, sure = getattr(self, f"min_{kind}"), getattr(self, f"sure_{kind}")
            if least > sure:
                raise ValueError(
                    f"min_{kind} {least} exceeds sure_{kind} {sure}, so a text could be both too little Korean and "
                    f"Korean for sure; use at most {sure}."
                )
        return self


class LineRulesConfig(Settings):
    """Which lines are cut out of a text: each rule by its name, and what makes a line a bar or a menu.

    The thresholds are ours, measured on the corpora and whole crawled pages of docs/cleaning.md.
    """

    menus: bool = True
    breadcrumbs: bool = True
    page_numbers: bool = True
    skip_links: bool = True
    consent: bool = True
    sign_in: bool = True
    bylines: bool = True
    copyright: bool = True
    sharing: bool = True
    browser_notices: bool = True
    more_links: bool = True
    post_details: bool = True
    related_links: bool = True
    templates: bool = True
    max_line_characters: PositiveInt = 300
    """A longer line is prose, and not looked at; a notice of cookies in English has 290."""
    min_bar_share: float = Field(default=0.9, gt=0.0, le=1.0)
    """Of a bar's letters and digits, those in words that bars are made of."""
    min_bar_weight: float = Field(default=3.0, gt=0.0)
    """What a bar's words weigh together: 2 for what only sites say ("회원가입"), 1 for what texts say, too ("목록"),
    0.5 for a section of a newspaper ("경제"); words of another rule weigh half."""
    min_piped_items: PositiveInt = 4
    min_piped_share: float = Field(default=0.4, gt=0.0, le=1.0)
    """As `min_bar_share`, where "|" parts a line into so many items: a shop names its own pages there."""
    min_menu_lines: PositiveInt = 4
    """Lines in a row that are bar words and nothing else."""
    min_menu_weight: float = Field(default=6.0, gt=0.0)
    """What a menu's words weigh together, each counted once."""
    min_menu_share: float = Field(default=0.6, gt=0.0, le=1.0)
    """Of a menu's lines, those that are bar words and nothing else."""
    max_unknown_menu_lines: int = Field(default=2, ge=0)
    """Other lines in a row within a menu."""
    max_menu_line_characters: PositiveInt = 15
    """A longer line ends a menu."""
    max_headlines: PositiveInt = 12
    """Headlines of other texts below "관련 글" at a text's end; as when news are read."""
    max_headline_characters: PositiveInt = 60


class QualityConfig(Settings):
    """When a text as a whole is worth training on.

    "Measured" is on 3,636 Korean texts of at least 200 characters: court decisions, statutes, documentation, a crawl of
    documentation, reviews; docs/cleaning.md has the quantiles by source.
    """

    min_characters: PositiveInt = 200
    """Gopher's 50 words (arXiv:2112.11446, A1.1) are 220 to 255 characters of Korean prose, measured."""
    max_characters: PositiveInt = 2_000_000
    """Books and whole statutes stay (Gopher stops at 100,000 words); what is longer is a broken crawl."""
    min_mean_line_characters: float = Field(default=8.0, ge=0.0)
    """Measured: texts have 10 or more, menus and lists of a shop 3 to 7. Empty lines do not count."""
    max_list_line_share: float = Field(default=0.9, ge=0.0, le=1.0)
    """Lines that begin with a bullet; Gopher's. Measured: at most 0.54."""
    max_cut_line_share: float = Field(default=0.3, ge=0.0, le=1.0)
    """Lines that stop at dots within a sentence; Gopher's, whose rule counts "좋았어요..." as well. Measured: one text
    has more."""
    max_repeated_line_share: float = Field(default=0.45, ge=0.0, le=1.0)
    """Characters in lines that repeat an earlier line, among those of all lines. Measured: Gopher's 0.20 would drop 47
    texts, tutorials among them that show a program again at each step; what says all twice has 0.5."""
    max_repeated_paragraph_share: float = Field(default=0.35, ge=0.0, le=1.0)
    """Characters in paragraphs, parted by an empty line, that repeat an earlier one. Measured: three pages of help have
    more; Gopher's 0.20 would drop 13, references with the same paragraph under each function."""
    max_digit_share: float = Field(default=0.3, ge=0.0, le=1.0)
    """Digits among all characters but blanks. Measured: at most 0.26, in statutes; lists of prices and tables have
    more."""
    max_symbol_share: float = Field(default=0.4, ge=0.0, le=1.0)
    """What is neither letter, digit nor blank, among all characters but blanks. Measured on documentation with its
    Markdown and code: at most 0.39, in 99 of 100 at most 0.30."""
    min_sentence_share: float = Field(default=0.1, ge=0.0, le=1.0)
    """Characters in sentences that end as Korean ones do. Measured: 0.12 at least in court decisions, 0.43 in statutes;
    under the threshold are lists of links, terms and commands."""
    min_marked_share: float = Field(default=0.25, ge=0.0, le=1.0)
    """Korean words that carry a particle or an ending, for Gopher's two English stop words. Measured: 0.41 or more in
    decisions and statutes, 0.65 in the middle; 0.15 to 0.30 in lists of nouns."""
    min_mean_word_characters: float = Field(default=2.0, ge=0.0)
    """Gopher has 3 for English, FineWeb2 (arXiv:2506.20920) 1 for Korean morphemes. Measured, of words parted by
    blanks: 2.2 or more; what puts a blank after every letter has 1."""
    max_mean_word_characters: float = Field(default=10.0, gt=0.0)
    """Gopher's. Measured: 7.5 at most but in comments without blanks."""
    frequent_run_words: tuple[PositiveInt, ...] = (1, 2, 3, 4)
    """Gopher asks for 2, 3 and 4; one word is for pages filled with a keyword."""
    max_frequent_run_share: float = Field(default=0.3, ge=0.0, le=1.0)
    """Characters that the most frequent run of so many words takes. Measured: two texts have more; Gopher's 0.20 to
    0.16 for English would drop 38, FineWeb2's 0.28 to 0.19 for Korean morphemes 16, short pages that are good."""
    repeated_run_characters: PositiveInt = 20
    """Some five words: Gopher's runs of 5 to 10 English words. Of characters, not of words, since particles and blanks
    change from one time to the next; the shares are much the same."""
    max_repeated_run_share: float = Field(default=0.65, ge=0.0, le=1.0)
    """Characters in runs of so many that began earlier as well. Measured: 0.44 at most in decisions; Gopher's 0.15
    would drop more than a quarter of them, and most statutes, which amend others."""

    @model_validator(mode="after")
    def _some_length_is_allowed(self) -> Self:
        if self.min_characters > self.max_characters:
            raise ValueError(
                f"min_characters {self.min_characters} exceeds max_characters {self.max_characters}, "
                f"so no document could stay; use at most {self.max_characters}."
            )
        return self


class WordListConfig(Settings):
    """A rule's list: the one that ships with the package, others beside it, or others in its place."""

    on: bool = True
    """Whether its words count."""
    shipped: bool = True
    """Whether beam_jobs/cleaning/lists has a part in it."""
    paths: tuple[str, ...] = ()
    """Lists of one's own, on disk or gs://: UTF-8, a term a line, "#" before remarks."""

    @model_validator(mode="after")
    def _there_is_a_list(self) -> Self:
        if not self.shipped and not self.paths:
            raise ValueError("shipped is off and paths is empty, which leaves no list; add a path, or keep shipped on.")
        return self


class BadPagesConfig(Settings):
    """Which words and addresses make a page gambling, adult content or spam.

    The thresholds are ours, measured on 1,068 court decisions, many of them on gambling, sexual offences and loans.
    """

    bad_address: WordListConfig = WordListConfig()
    adult_words: WordListConfig = WordListConfig()
    gambling_words: WordListConfig = WordListConfig()
    spam_words: WordListConfig = WordListConfig()
    promotion_words: WordListConfig = WordListConfig()
    """How pages ask to be joined, called or paid."""
    reporting_words: WordListConfig = WordListConfig()
    """What courts, police and newspapers say, which speaks for a text."""
    min_distinct_words: PositiveInt = 3
    """Different words of one list."""
    min_promotions: PositiveInt = 2
    """Different ways to ask for something: words, a messenger's handle, a mobile number."""
    max_words: float = Field(default=8.0, ge=0.0)
    """Words of the list and of `promotion_words` in 1,000 characters."""
    max_reporting_share: float = Field(default=0.2, ge=0.0, le=1.0)
    """Of all words found, those of `reporting_words`; with more a text reports on such pages."""


class PersonalDataConfig(Settings):
    """Which kinds of personal data are masked; docs/cleaning.md has each one's precision and recall."""

    registration_number: bool = True
    """Residents' and aliens'."""
    phone: bool = True
    email: bool = True
    card_number: bool = True
    bank_account: bool = True
    passport: bool = True
    driver_licence: bool = True
    licence_plate: bool = True
    ip_address: bool = True
    """Public IPv4 addresses after a word for them."""
    business_number: bool = False
    """A public register has them and shops must show them, so they stay unless asked."""


class CleanConfig(Settings):
    """Which Documents are worth training on, and what of their texts."""

    normalise: NormaliseConfig = NormaliseConfig()
    language: LanguageConfig = LanguageConfig()
    lines: LineRulesConfig = LineRulesConfig()
    quality: QualityConfig = QualityConfig()
    bad_pages: BadPagesConfig = BadPagesConfig()
    personal_data: PersonalDataConfig = PersonalDataConfig()
    per_source: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What differs for a source, by its name: {"reviews": {"quality": {"min_characters": 20}}}."""

    @model_validator(mode="after")
    def _each_source_has_settings_that_can_be(self) -> Self:
        for source in self.per_source:
            self.of(source)
        return self

    def of(self, source: str) -> "CleanConfig":
        """The settings for one source's documents."""
        changes = self.per_source.get(source, {})
        if "per_source" in changes:
            raise ValueError(f"per_source.{source} holds per_source again; write its settings one level up.")
        own = self.model_dump(exclude={"per_source"})
        try:
            return CleanConfig.parse(_merged(own, changes), f"per_source.{source}")
        except SettingError as error:
            raise ValueError(str(error)) from None


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`values` with `changes` over them, level by level."""
    merged = dict(values)
    for key, change in changes.items():
        below = merged.get(key)
        merged[key] = _merged(below, change) if isinstance(below, dict) and isinstance(change, dict) else change
    return merged
