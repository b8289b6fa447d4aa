"""CleanDocs: keeps the Documents worth training on, in normal form, and lists why the others go."""

import re
from functools import partial

from beam_jobs.clean_config import CleanConfig, NormaliseConfig, PersonalDataConfig
from beam_jobs.cleaning.cleaner import Cleaned, Cleaner
from beam_jobs.cleaning.finding import Cut
from beam_jobs.cleaning.normal_form import Normaliser
from beam_jobs.cleaning.personal_data import PersonalData
from beam_jobs.config import RunnerConfig
from beam_jobs.document import Document
from beam_jobs.each_file import Book, sift_documents
from model.contract.manifest import StageOutput
from model.contract.stage import Made

STAGE = "clean"
LANGUAGE = "ko"
"""The ISO 639-1 code of every document that stays."""
_MASKED = "masked_"
NORMAL_RULES = [name for name, field in NormaliseConfig.model_fields.items() if field.annotation is bool]
_WORD_CHARACTER = re.compile(r"[^\W_]")


class CleanDocs:
    """The sieve of the cleaning job (see `beam_jobs.each_file`): one cleaner for each source's settings."""

    stage = STAGE

    def __init__(self, config: CleanConfig):
        self._config = config

    def setup(self) -> None:
        """Compiles the rules, once a worker."""
        self._cleaners: dict[str, Cleaner] = {}
        self._mask = PersonalData(PersonalDataConfig())

    def show(self, text: str) -> str:
        """With personal data masked, whatever the settings: what was dropped is looked at by people, too."""
        return self._mask(text)[0]

    def __call__(self, row: int, doc: Document, book: Book) -> Document | None:
        """The document cleaned, or None."""
        cleaned = self.cleaner(doc.source)(doc.title, doc.text, doc.url)
        stays = doc._replace(title=cleaned.title, text=cleaned.text, language=LANGUAGE)
        for door in ("in",) if cleaned.finding else ("in", "out"):
            _measure(book, doc.source, door, cleaned)
        if cleaned.finding is not None:
            book.drop(stays, *cleaned.finding)
            return None
        for rule in cleaned.normalised:
            rewritten = partial(self._by_one_rule, rule, doc.text)
            book.rewrite(stays._replace(text=cleaned.normal), f"normalised_{rule}", doc.text, rewritten)
        book.change(stays, [shown(cut) for cut in cleaned.cuts])
        return stays

    def _by_one_rule(self, rule: str, text: str) -> str:
        """A text as this rule alone normalises it; jamo are only looked at in what is composed."""
        switches = {name: name in (rule, "nfc") for name in NORMAL_RULES}
        return Normaliser(NormaliseConfig.model_validate(switches))(text)[0]

    def cleaner(self, source: str) -> Cleaner:
        """The cleaner for a source's documents."""
        if source not in self._cleaners:
            self._cleaners[source] = Cleaner(self._config.of(source))
        return self._cleaners[source]


def _measure(book: Book, source: str, door: str, cleaned: Cleaned) -> None:
    if cleaned.language is not None:
        book.tally.measure("hangul_share", source, door, cleaned.language.hangul_share)
        book.tally.measure("language_score", source, door, cleaned.language.score)


def shown(cut: Cut) -> Cut:
    """Of personal data the report shows the shape alone; as many characters, so that counts stay right."""
    return cut._replace(before=_WORD_CHARACTER.sub("•", cut.before)) if cut.rule.startswith(_MASKED) else cut


def clean_documents(documents: StageOutput, config: CleanConfig, directory: str, runner: RunnerConfig) -> Made:
    """The cleaning job, from the reading stage's Documents to those kept.

    Raises:
      OutputError: when a file of the earlier stage is damaged, or every document was dropped.
    """
    return sift_documents(documents, CleanDocs(config), directory, runner)
