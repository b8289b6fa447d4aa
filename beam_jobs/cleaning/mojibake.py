"""Pure: text that was read in the wrong encoding, read again in the right one.

Repaired: UTF-8 and EUC-KR read as Latin-1 or Windows-1252. What is Korean then is found here, over the whole text, for
ftfy knows no Korean encoding; quotation marks, accents and what was read wrongly twice are ftfy's. Not repaired: UTF-8
read as CP949, which has lost a byte of nearly every syllable, and whatever went through a reader that replaced or
dropped what it did not know.
"""

import re

from ftfy import TextFixerConfig, fix_encoding_and_explain

_LATIN = ("latin-1", "sloppy-windows-1252")
"""The encodings in which a wrong reader reads; ftfy's "sloppy" one has a letter for every byte, as browsers do."""


def _letters_of(first: int, last: int) -> str:
    """What the wrong readers make of bytes, for a class of a regular expression; none of them is special there."""
    read = bytes(range(first, last + 1))
    return "".join(sorted({letter for encoding in _LATIN for letter in read.decode(encoding)}))


_SUSPECT = re.compile("[\xc2-\xf4]")
"""Accented letters and "×": in Latin-1 the first byte of any letter in UTF-8, and of every few in EUC-KR."""
_UTF_8_PAIR = re.compile(f"[\xc2-\xf4][{_letters_of(0x80, 0xBF)}]")
"""The first two bytes of a letter in UTF-8, as Latin-1: seldom in clean text ("Paraná–Etendeka")."""
_EUC_KR_SYLLABLES = re.compile("[\xb0-\xc8][\xa1-\xfe][\xb0-\xc8][\xa1-\xfe]")
_HANGUL_IN_UTF_8 = re.compile(f"[\xea-\xed][\ufffd{_letters_of(0x80, 0xBF)}]")
"""The first two bytes of a syllable, the second of which a reader may have replaced."""
_BLANK_FOR_A0 = re.compile(rb"(?<=[\xea-\xed]) (?=[\x80-\xbf])|(?<=[\xea-\xed][\x80-\xbf]) ")
"""Where a syllable in UTF-8 lacks a byte: A0, which in Latin-1 is a no-break space, and many tools write as a space."""
_LATIN_STRETCH = re.compile(f"[\t -~{_letters_of(0x80, 0xFF)}]+")
_SYLLABLE = re.compile("[가-힣]")
_FREQUENT = frozenset(
    "이다의에하는한을로지를사제고니정서가기자수인은시도대여조리으부용합있스나어아원일상해관과법위그할보라경장전개트항국소면공호만행입"
    "구터적우선되요주동성명들유드세화문계거음게무모습년당단중연영데재결체식표"
)
"""The hundred most frequent syllables of docs/cleaning.md's sources: 0.54 of comments, 0.65 to 0.72 of prose."""
_MIN_FREQUENT_SHARE = 0.2
"""Of syllables drawn by chance from the 2,350 of EUC-KR, 0.04 are frequent ones."""
_MAX_LEFT = 0.05
"""Pieces of syllables left over, among the Hangul: with more, a reader has lost bytes all over the text."""
_FTFY = TextFixerConfig(
    unescape_html=False,
    replace_lossy_sequences=False,  # would put U+FFFD where a "?" stands
    fix_c1_controls=False,  # would put "€" into a Korean word that has a stray U+0080
    explain=False,
)


def repair_mojibake(text: str) -> str:
    """Reads again what was read wrongly; clean text stays as it is.

    So does one of which too much would stay broken: as a whole it is seen not to be Korean, in part it would be kept.

    >>> repair_mojibake("대한민국".encode().decode("latin-1")), repair_mojibake("´ëÇÑ¹Î±¹Àº ¹ÎÁÖ°øÈ­±¹ÀÌ´Ù.")
    ('대한민국', '대한민국은 민주공화국이다.')
    """
    if not _SUSPECT.search(text):
        return text
    repaired = text
    if _EUC_KR_SYLLABLES.search(text) or _HANGUL_IN_UTF_8.search(text):
        repaired = _read_as_korean(text)  # first: ftfy would take a pair of EUC-KR such as "Ñ±" for a letter in UTF-8
    if _UTF_8_PAIR.search(repaired):
        repaired = "\n".join(map(_repair_by_ftfy, repaired.split("\n")))
    left = len(_HANGUL_IN_UTF_8.findall(repaired))
    return repaired if left <= _MAX_LEFT * len(_SYLLABLE.findall(repaired)) else text


def _repair_by_ftfy(line: str) -> str:
    return fix_encoding_and_explain(line, _FTFY).text if _UTF_8_PAIR.search(line) else line


def _read_as_korean(text: str) -> str:
    """All stretches of Latin letters that can be Korean, if what they say together looks like Korean.

    Together, since a title of one word does not show by itself what it is, nor in which of the encodings.
    """
    stretches = {stretch for stretch in _LATIN_STRETCH.findall(text) if not stretch.isascii()}
    best: dict[str, str] = {}
    most = 0
    for encoding in ("utf-8", "cp949"):  # the wider EUC-KR
        korean = {stretch: read for stretch in stretches if (read := _korean(stretch, encoding)) is not None}
        syllables = _SYLLABLE.findall("".join(korean.values()))
        frequent = sum(syllable in _FREQUENT for syllable in syllables)
        if frequent > most and frequent >= _MIN_FREQUENT_SHARE * len(syllables):
            best, most = korean, frequent
    return _LATIN_STRETCH.sub(lambda found: best.get(found[0], found[0]), text) if best else text


def _korean(stretch: str, encoding: str) -> str | None:
    """A stretch of Latin letters read anew, if half of what is not ASCII then is Hangul."""
    for wrong in _LATIN:
        try:
            data = stretch.encode(wrong)
            read = (_BLANK_FOR_A0.sub(b"\xa0", data) if encoding == "utf-8" else data).decode(encoding)
        except UnicodeError:
            continue
        if 2 * len(_SYLLABLE.findall(read)) >= sum(not letter.isascii() for letter in read):
            return read
    return None
