"""Pure: all cleaning of one text, in order; each part's own module says what it does."""

from typing import NamedTuple

from beam_jobs.clean_config import CleanConfig
from beam_jobs.cleaning.bad_pages import BadPages
from beam_jobs.cleaning.document_rules import DocumentRules, Measure
from beam_jobs.cleaning.finding import Cut, Finding
from beam_jobs.cleaning.language import LanguageJudge, Verdict
from beam_jobs.cleaning.line_rules import LineRules
from beam_jobs.cleaning.normal_form import Normaliser
from beam_jobs.cleaning.personal_data import PersonalData
from beam_jobs.korean_text import fold_blanks


class Cleaned(NamedTuple):
    """What became of a text, and why."""

    title: str
    normal: str
    """The text in normal form, and nothing else done to it."""
    text: str
    """In normal form, less the lines cut; if it stays, with personal data masked."""
    finding: Finding | None
    """The rule for which it goes; None: it stays."""
    language: Verdict | None
    """None where the text was too short or too long to be asked."""
    normalised: tuple[str, ...]
    """The rules that brought it into normal form."""
    cuts: list[Cut]
    """Lines cut and personal data masked."""


class Cleaner:
    """Cleans the texts of one source.

    Args:
      rules: its settings.
    """

    def __init__(self, rules: CleanConfig):
        self._normalise = Normaliser(rules.normalise)
        self._judge_language = LanguageJudge(rules.language)
        self._cut_lines = LineRules(rules.lines)
        self._bad_pages = BadPages(rules.bad_pages)
        self._documents = DocumentRules(rules.quality)
        self._mask = PersonalData(rules.personal_data)

    def __call__(self, title: str, text: str, url: str) -> Cleaned:
        """Cleans one text."""
        normal, normalised = self._normalise(text)
        title = fold_blanks(self._normalise(title)[0])
        if (finding := self._documents.wrong_length(normal)) is not None:
            return Cleaned(title, normal, normal, finding, None, normalised, [])
        language = self._judge_language(normal)
        if language.finding is not None:
            return Cleaned(title, normal, normal, language.finding, language, normalised, [])
        text, cuts = self._cut_lines(normal)
        finding = self._bad_pages.find(text, url, title) or self._documents.first_broken(text)
        if finding is not None:
            return Cleaned(title, normal, text, finding, language, normalised, cuts)
        text, masked = self._mask(text)
        title, masked_in_title = self._mask(title)
        return Cleaned(title, normal, text, None, language, normalised, [*cuts, *masked, *masked_in_title])

    def explain(self, title: str, text: str, url: str) -> tuple[Cleaned, list[Measure]]:
        """What becomes of one text, and what each document rule measures of it, asked or not."""
        normal, _ = self._normalise(text)
        return self(title, text, url), self._documents.measure(self._cut_lines(normal)[0])
