"""Pure: personal data in a text, masked by the placeholder of its kind; docs/cleaning.md says what counts."""

import re
from collections.abc import Iterator, Mapping

from beam_jobs.clean_config import PersonalDataConfig
from beam_jobs.cleaning.finding import Cut
from beam_jobs.cleaning.personal import emails, identity, payments, phones, plates
from beam_jobs.cleaning.personal.spans import NumberFinder, Span, TextFinder, apart, stretches
from beam_jobs.sources.nikl.nikl_masks import PLACEHOLDERS as CORPUS_PLACEHOLDERS

PLACEHOLDERS: Mapping[str, str] = {
    **{kind: CORPUS_PLACEHOLDERS[kind] for kind in ("registration_number", "phone", "card_number", "bank_account")},
    "email": "[이메일]",
    "passport": "[여권번호]",
    "driver_licence": "[운전면허번호]",
    "licence_plate": "[차량번호]",
    "ip_address": "[IP주소]",
    "business_number": "[사업자등록번호]",
}
"""By kind: where 모두의 말뭉치 masks the same kind, what stands for it there, so that a corpus has one set."""

_NUMBER_FINDERS: Mapping[str, NumberFinder] = {
    "registration_number": identity.find_resident_numbers,
    "card_number": payments.find_cards,
    "phone": phones.find_phones,
    "driver_licence": identity.find_licences,
    "bank_account": payments.find_accounts,
    "business_number": payments.find_businesses,
    "licence_plate": plates.find_plates,
}
"""Where two find the same, the first one's kind counts: from forms with a check to those that need a hint."""
_TEXT_FINDERS: tuple[tuple[str, frozenset[str], TextFinder], ...] = (
    ("email", emails.SIGNS, emails.find_emails),
    ("registration_number", identity.HIDING_SIGNS, identity.find_half_hidden),
    ("phone", phones.SPELLED_SIGNS, phones.find_spelled_phones),
    ("passport", identity.PASSPORT_SIGNS, identity.find_passports),
    ("ip_address", plates.ADDRESS_SIGNS, plates.find_addresses),
)
"""With the signs without one of which there is nothing to find; looked for all at once."""
_SIGN = re.compile("|".join(sorted(re.escape(sign) for _, signs, _ in _TEXT_FINDERS for sign in signs)))
_DIGIT = re.compile("[0-9]")


class PersonalData:
    """Masks what the settings name.

    Args:
      rules: which kinds.
    """

    def __init__(self, rules: PersonalDataConfig):
        self._number_finders = [find for kind, find in _NUMBER_FINDERS.items() if getattr(rules, kind)]
        self._text_finders = [(signs, find) for kind, signs, find in _TEXT_FINDERS if getattr(rules, kind)]

    def __call__(self, text: str) -> tuple[str, list[Cut]]:
        """The text with placeholders, and each masked place; masking the result again changes nothing."""
        cuts: list[Cut] = []
        while spans := self.find(text):  # once more where something was found: a word is nearer to what follows it
            cuts += [Cut(f"masked_{span.kind}", text[span.start : span.end], PLACEHOLDERS[span.kind]) for span in spans]
            text = _masked(text, spans)
        return text, cuts

    def find(self, text: str) -> list[Span]:
        """The places that hold personal data, in order."""
        return apart(self._found(text))

    def _found(self, text: str) -> Iterator[Span]:
        signs = set(_SIGN.findall(text))
        if signs or _DIGIT.search(text):
            places = stretches(text)
            for find_numbers in self._number_finders if places else ():
                yield from find_numbers(text, places)
            for its_signs, find in self._text_finders:
                if not signs.isdisjoint(its_signs):
                    yield from find(text)


def _masked(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    end = 0
    for span in spans:
        pieces += (text[end : span.start], PLACEHOLDERS[span.kind])
        end = span.end
    return "".join(pieces) + text[end:]
