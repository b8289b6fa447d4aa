"""Pure: letters that stand in an unusual form of themselves, in their usual one."""

import re
import unicodedata

_KEPT = "\uff5f\uff60\uffa0\uffe3"
"""Of these stay: double brackets, the macron of faces ("(￣▽￣)"); a filler is a blank."""
_HALF_WIDTH_DOT = "\uff65"
_MIDDLE_DOT = "·"


def _plain_forms() -> dict[str, str]:
    """Full-width Latin and half-width Korean; half-width Katakana stay, whose voice marks are letters of their own."""
    codes = [*range(0xFF01, 0xFF66), *range(0xFFA1, 0xFFDD), *range(0xFFE0, 0xFFE7)]
    forms = {}
    for letter in map(chr, codes):
        form = unicodedata.decomposition(letter)  # "<wide> 0041"; one step: the whole way ends at conjoining jamo
        if form and letter not in _KEPT:
            forms[letter] = chr(int(form.split()[1], 16))
    return forms | {_HALF_WIDTH_DOT: _MIDDLE_DOT}  # formally a Katakana sign, but Korean texts part words with it


_PLAIN = _plain_forms()
_WIDE = re.compile(f"[{''.join(_PLAIN)}]")


def to_plain_width(text: str) -> str:
    """Latin letters, digits and signs of full width, and half-width Korean ones, as plain ones.

    What has its own place in Korean typesetting ("「」", "·", "…", "㈜", "、") stays.

    >>> to_plain_width("（주）ＡＢＣ ２０～３０％, ｢민법｣")
    '(주)ABC 20~30%, 「민법」'
    """
    return _WIDE.sub(lambda found: _PLAIN[found[0]], text)


_INITIALS, _VOWELS, _FINALS = range(0x1100, 0x1113), range(0x1161, 0x1176), range(0x11A8, 0x11C3)


def _compatibility_jamo() -> dict[str, str]:
    """By name: HANGUL CHOSEONG KIYEOK is HANGUL LETTER KIYEOK; every one of today's jamo has such a letter."""
    letters = {}
    for jamo in map(chr, (*_INITIALS, *_VOWELS, *_FINALS)):
        letters[jamo] = unicodedata.lookup(f"HANGUL LETTER {unicodedata.name(jamo).split(maxsplit=2)[2]}")
    return letters


_LETTERS = _compatibility_jamo()
_TYPED_DOTS = {"\u119e": _MIDDLE_DOT, "\u11a2": ".."}
"""The old vowels "ᆞ" and "ᆢ", which telephone keyboards put where a dot or an ellipsis is meant."""
_CONJOINING = re.compile("[\u1100-\u11ff]")
_RUN = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7fb]+")


def to_usual_jamo(text: str) -> str:
    """Jamo that make no syllable as the letters that keyboards type; old Korean, with both kinds in a run, stays.

    Args:
      text: in NFC; else the jamo of a syllable would be parted.

    >>> to_usual_jamo("\u110f\u110f 재밌다\u11a2")
    'ㅋㅋ 재밌다..'
    """
    return _RUN.sub(_usual, text) if _CONJOINING.search(text) else text


def _usual(found: re.Match[str]) -> str:
    run = found[0]
    for usual in (_LETTERS, _TYPED_DOTS):
        if all(jamo in usual for jamo in run):
            return "".join(usual[jamo] for jamo in run)
    return run


_LETTER_DOT = "ㆍ"  # below, U+3164 is left out of the letters: it shows as a blank, and becomes one
_MIDDLE_DOTS = (
    (_LETTER_DOT, re.compile(f"(?<![\u1100-\u11ffㄱ-ㅣㅥ-ㆌㆎ]){_LETTER_DOT}(?![\u1100-\u11ffㄱ-ㅣㅥ-ㆌㆎ])")),
    *((dot, re.compile(f"(?<=[가-힣]){dot}(?=[가-힣])")) for dot in "\u2024\u2027\u22c5"),
)


def to_middle_dot(text: str) -> str:
    """The signs that stand for "·" between words as that.

    Statutes and news write the old vowel "ㆍ": a letter, with which "시ㆍ도지사" would be one word. Next to other jamo
    it is a vowel, and stays; three more dots, of other scripts and of mathematics, count between syllables alone.

    >>> to_middle_dot("시ㆍ도지사, 일\u2024가정")
    '시·도지사, 일·가정'
    """
    for dot, between_words in _MIDDLE_DOTS:
        if dot in text:
            text = between_words.sub(_MIDDLE_DOT, text)
    return text
