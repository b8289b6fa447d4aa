"""Pure: whether a text is Korean, asked of the cheapest judge that can be sure."""

from typing import Literal, NamedTuple

from beam_jobs.clean_config import LanguageConfig
from beam_jobs.cleaning.finding import Finding
from beam_jobs.cleaning.korean_share import HANGUL_WEIGHT, KoreanShare, korean_share
from beam_jobs.cleaning.language_models import ask_cld2, ask_lid, spread
from beam_jobs.korean_text import hangul_share

Judge = Literal["hangul", "cld2", "lid176"]


class Verdict(NamedTuple):
    """Whether a text is Korean, and by whose word."""

    hangul_share: float
    """Hangul among the letters of the text."""
    korean_line_share: float
    """Of the letters of prose, by weight in UTF-8, those in Korean lines; where the Hangul share alone decides, or
    there is too little prose, Hangul among all letters, by weight."""
    score: float
    """The share of what the text says that the judge holds Korean, by weight in UTF-8, from 0 to 1."""
    judge: Judge
    finding: Finding | None
    """low_hangul_share, few_korean_lines or not_korean; None where the text is Korean."""


class LanguageJudge:
    """Judges texts in the form that `normal_form.Normaliser` gives.

    Script decides what is plain: next to no Hangul, hardly any prose in Korean lines, or nearly all. What lies between,
    and what mixes Hangul with much Hanja or kana, goes to CLD2, and where that is not sure, to lid.176. Models are read
    on first use, once a process; the judge itself holds settings alone, so it can be sent to workers.
    """

    def __init__(self, rules: LanguageConfig):
        self.rules = rules

    def __call__(self, text: str) -> Verdict:
        """Asks the Hangul share, the lines, CLD2 and lid.176, in this order, until one is sure."""
        rules = self.rules
        share = hangul_share(text)
        if share < rules.min_hangul_share or share >= rules.sure_hangul_share:
            too_low = Finding("low_hangul_share", share, rules.min_hangul_share)
            by_weight = HANGUL_WEIGHT * share / (1 - share + HANGUL_WEIGHT * share)
            return Verdict(share, by_weight, by_weight, "hangul", too_low if share < rules.min_hangul_share else None)
        lines = korean_share(text)
        if lines.other_cjk <= rules.max_other_cjk_share:
            if lines.share < rules.min_korean_line_share:
                too_few = Finding("few_korean_lines", lines.share, rules.min_korean_line_share)
                return Verdict(share, lines.share, lines.share, "hangul", too_few)
            if lines.share >= rules.sure_korean_line_share:
                return Verdict(share, lines.share, lines.share, "hangul", None)
        judge, score = self._by_models(self._lines_to_read(text, lines))
        not_korean = Finding("not_korean", score, rules.min_score) if score < rules.min_score else None
        return Verdict(share, lines.share, score, judge, not_korean)

    def _lines_to_read(self, text: str, lines: KoreanShare) -> list[str]:
        """The lines of prose; every line where that is too little, or where the script does not tell Korean prose."""
        if len(lines.starts) and lines.other_cjk <= self.rules.max_other_cjk_share:
            return [text[start:end] for start, end in zip(lines.starts.tolist(), lines.ends.tolist(), strict=True)]
        return [line for line in text.split("\n") if line]

    def _by_models(self, lines: list[str]) -> tuple[Judge, float]:
        rules = self.rules
        opinion = ask_cld2("\n".join(lines))
        if opinion.reliable and abs(opinion.korean - rules.min_score) > rules.cld2_doubt:
            return "cld2", opinion.korean
        sample = spread(lines, rules.lid_line_characters, rules.lid_characters)
        return "lid176", ask_lid(sample, rules.lid_line_characters)
