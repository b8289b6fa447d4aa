"""Pure: what the corpora of 모두의 말뭉치 put in place of personal data, sounds and unclear speech.

What the published documents of the corpora list, and what users of them report (loaders for the messenger, online
conversation and everyday conversation corpora, and for the evaluation sets of the National Institute of Korean
Language):

  masks   &name& &name1& &social-security-num& &card-num& &bank-account& &account& &online-account& &tel-num& &num&
          &address& &location& &affiliation& &company-name& &company& &brand& &brands& &art& &other& &others&, and
          these as mistyped: & name& &nama& &anme& &naem& &affifiation& &compnay&
  events  {laughing} {clearing} {singing} {applauding} {applausing}; {emoji} {censored} {system: gift} {share:photo} …
  speech  ((guessed words)), ((xx)) syllables not heard, (()) nothing heard, 어~ a drawn-out filler, -그- broken off
"""

import re
from collections.abc import Mapping

PLACEHOLDERS: Mapping[str, str] = {
    "name": "[이름]",
    "registration_number": "[주민등록번호]",
    "card_number": "[카드번호]",
    "bank_account": "[계좌번호]",
    "account": "[계정]",
    "phone": "[전화번호]",
    "number": "[번호]",
    "address": "[주소]",
    "location": "[장소]",
    "affiliation": "[소속]",
    "company": "[회사]",
    "brand": "[상표]",
    "work": "[작품]",
    "other": "[기타]",
}
"""What stands in a text in place of each kind of personal data."""

_MASKS: Mapping[str, str] = {
    "name": "name",
    "nama": "name",
    "anme": "name",
    "naem": "name",
    "social-security-num": "registration_number",
    "card-num": "card_number",
    "bank-account": "bank_account",
    # A bank's in the messenger corpus, a user's name in the online conversations.
    "account": "account",
    "online-account": "account",
    "tel-num": "phone",
    "num": "number",
    "address": "address",
    "location": "location",
    "affiliation": "affiliation",
    "affifiation": "affiliation",
    "company-name": "company",
    "company": "company",
    "compnay": "company",
    "brand": "brand",
    "brands": "brand",
    "art": "work",
    "other": "other",
    "others": "other",
}
_MASK = re.compile(rf"& ?({'|'.join(sorted(_MASKS, key=len, reverse=True))})\d*&")

_EVENT = re.compile(r"\{ ?[a-z]+(?: ?: ?[a-z]+)? ?\}")
_NOT_HEARD = re.compile(r"\(\([xX\s]*\)\)")
_GUESSED = re.compile(r"\(\(([^()]*)\)\)")
_DRAWN_OUT = re.compile(r"(?<=[가-힣])~+(?!\w)")  # 월~금 is a range
_BROKEN_OFF = re.compile(r"(?<!\S)-([가-힣ㄱ-ㅣ](?:[가-힣ㄱ-ㅣ ]{0,30}[가-힣ㄱ-ㅣ])?)-(?![^\s.,?!])")
_GAP = re.compile(r"[ \t]{2,}")


def name_masks(text: str) -> str:
    """Puts the placeholder of its kind in place of each mask; persons that a mask numbers are no longer told apart.

    >>> name_masks("&name1&이가 &company-name2&에 다녀")
    '[이름]이가 [회사]에 다녀'
    """
    return _MASK.sub(lambda mask: PLACEHOLDERS[_MASKS[mask[1]]], text) if "&" in text else text


def drop_events(text: str) -> str:
    """Takes away what a transcriber or a messenger notes that is no word: laughter, pictures, calls.

    >>> drop_events("{laughing} 진짜? {share:photo}")
    '진짜?'
    """
    return _without(_EVENT, " ", text) if "{" in text else text


def plain_speech(text: str) -> str:
    """Takes away the signs of a transcript and what was not heard; guessed and broken-off words stay.

    >>> plain_speech("어~ ((xx)) -그- 그게 ((아마)) 그래요")
    '어 그 그게 아마 그래요'
    """
    if "((" in text:
        text = _without(_GUESSED, r"\1", _without(_NOT_HEARD, " ", text))
    if "~" in text:
        text = _DRAWN_OUT.sub("", text)
    return _BROKEN_OFF.sub(r"\1", text) if "-" in text else text


def _without(mark: re.Pattern[str], instead: str, text: str) -> str:
    """Replaces marks, also those that only others within them kept from being seen, and closes the gaps."""
    while (shorter := mark.sub(instead, text)) != text:
        text = shorter
    return _GAP.sub(" ", text).strip()
