"""Pure: numbers of cards, bank accounts and businesses."""

import re
from collections.abc import Iterator

from beam_jobs.cleaning.number_checks import business_check_holds, is_card_number
from beam_jobs.cleaning.personal.spans import LEFT, RIGHT, Span, Stretches, after, before, digits_of, matches_in

_CARD = re.compile(
    rf"{LEFT}(?:[0-9]{{4}}(?P<part> ?[- ] ?)[0-9]{{4}}(?P=part)[0-9]{{4}}(?P=part)[0-9]{{4}}"
    rf"|3[0-9]{{3}}(?P<part3> ?[- ] ?)[0-9]{{6}}(?P=part3)[0-9]{{4,5}}|[0-9]{{14,16}}){RIGHT}"
)
_CARD_HINT = re.compile(r"카드|(?i:\bcard\b)|아멕스|비자|마스터")
_NO_CARD_HINT = re.compile(r"포인트|멤버십|기프트|회원|적립|그래픽")

_ACCOUNT = re.compile(
    rf"{LEFT}(?:[0-9]{{2,6}}(?: ?- ?[0-9]{{1,8}}){{1,4}}|[0-9]{{2,6}}(?: [0-9]{{1,8}}){{2,3}}|[0-9]{{10,16}}){RIGHT}"
)
_ACCOUNT_DIGITS = range(10, 17)
_ACCOUNT_HINT = re.compile(r"계좌|통장|예금주|입금|송금|이체|(?i:\baccount (?:no|number))")
_HOLDER = re.compile(r"예금주")
_SAYS_ACCOUNT = re.compile(r"(?:계좌|통장)(?: ?번호)?[^0-9가-힣A-Za-z]{0,3}(?:[은는이가])?[^0-9가-힣A-Za-z]{0,3}\Z")
_BANK = re.compile(r"은행|뱅크|농협|수협|신협|새마을금고|우체국|저축|증권|(?i:\bbank\b)")
_BANK_SAID = re.compile(r"(?:은행|뱅크|농협|수협|신협|새마을금고|우체국)[^0-9가-힣A-Za-z]{0,3}\Z")
_BANK_BY_FIRST_NAME = re.compile(
    r"(?<![가-힣])(?:국민|신한|우리|하나|기업|농협|산업|제일|씨티|외환|대구|부산|경남|광주|전북|제주|카카오|카뱅|토스|케이|KB|IBK|NH|SC|KEB)"
    r"[^0-9가-힣A-Za-z]{0,3}\Z"
)
_BANK_FOLLOWS = re.compile(r" ?[(/,]? ?(?:[가-힣A-Z]{2,4}(?:은행|뱅크)|농협|신한|국민|우리|하나|기업|카카오|새마을)")
_HINT_CHARACTERS = 24
_BANK_CHARACTERS = 14
_HOLDER_CHARACTERS = 8
_NO_ACCOUNT = re.compile(
    r"(?:19|20)[0-9]{2} ?[-. ] ?(?:0?[1-9]|1[0-2]) ?[-. ] ?(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"  # a date
    r"|97[89]"  # a book
    r"|0[0-9]{1,2} ?- ?[0-9]{3,4} ?- ?[0-9]{4}\Z"  # a telephone, 080 too
    r"|[0-9]{3} ?- ?[0-9]{2} ?- ?[0-9]{5}\Z"  # a business
)
_YEARS = re.compile(r"(?:(?:19|20)[0-9]{2}(?: ?[- ] ?|\Z)){3,}\Z")
_AMOUNT = re.compile(r" ?(?:원|달러|만|억|불|엔|위안)")

_BUSINESS = re.compile(rf"{LEFT}[0-9]{{3}} ?[-–] ?[0-9]{{2}} ?[-–] ?[0-9]{{5}}{RIGHT}")


def find_cards(text: str, places: Stretches) -> Iterator[Span]:
    """Card numbers: in groups with a check digit that holds, or said to be a card's."""
    for match in matches_in(_CARD, text, places):
        if _YEARS.match(match[0]):
            continue
        hint = before(text, match.start(), _HINT_CHARACTERS)
        said = _CARD_HINT.search(hint) is not None and not _NO_CARD_HINT.search(hint)
        parted = bool(match["part"] or match["part3"])
        # Cards for use in Korea alone may have no check digit.
        if (is_card_number(digits_of(match[0])) and (parted or said)) or (parted and said):
            yield Span("card_number", *match.span())


def find_accounts(text: str, places: Stretches) -> Iterator[Span]:
    """Bank accounts: no form of their own, so only by what is said about them."""
    for match in matches_in(_ACCOUNT, text, places):
        possible = len(digits_of(match[0])) in _ACCOUNT_DIGITS and not _is_something_else(match, text)
        if possible and _is_account(match, text):
            yield Span("bank_account", *match.span())


def _is_something_else(match: re.Match[str], text: str) -> bool:
    if _NO_ACCOUNT.match(match[0]) or _YEARS.match(match[0]):
        return True
    # With hyphens it is no amount, and what follows is another word: "110-123-456789 만든 날".
    return "-" not in match[0] and _AMOUNT.match(text, match.end()) is not None


def _is_account(match: re.Match[str], text: str) -> bool:
    written, line = match[0], before(text, match.start(), _HINT_CHARACTERS)
    if written.isdigit():
        return _SAYS_ACCOUNT.search(line) is not None or _BANK_SAID.search(line) is not None
    if "-" not in written:
        return _SAYS_ACCOUNT.search(line) is not None
    if _ACCOUNT_HINT.search(line) or _HOLDER.search(after(text, match.end(), _HOLDER_CHARACTERS)):
        return True
    near = line[-_BANK_CHARACTERS:]
    named = _BANK.search(near) or _BANK_BY_FIRST_NAME.search(near) or _BANK_FOLLOWS.match(text, match.end())
    return named is not None and written.count("-") > 1


def find_businesses(text: str, places: Stretches) -> Iterator[Span]:
    """Business registration numbers, by their check digit."""
    for match in matches_in(_BUSINESS, text, places):
        if business_check_holds(digits_of(match[0])):
            yield Span("business_number", *match.span())
