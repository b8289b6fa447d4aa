"""Pure: where Korean sentences end, and which words carry a particle or an ending, as the words of a sentence do.

A full stop is a poor witness in Korean: it numbers items ("가. ", "1. ") and parts dates ("2009. 6. 3."), while much
of the web leaves it out. So the syllables before it are asked as well: a sentence ends in a verb, and a verb in one of
a few endings ("-습니다", "-어요", "-다", in notes "-음").
"""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_FINALS = "-ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
"""The consonants that can close a syllable, in Unicode's order; the first stands for none."""


def _closed_by(final: str) -> str:
    """Every syllable that this consonant closes, as the inside of a character class."""
    start = _FIRST_SYLLABLE + _FINALS.index(final)
    return "".join(map(chr, range(start, _LAST_SYLLABLE + 1, len(_FINALS))))


_DOTS = ".…"
_STOPS = _DOTS + "!?。！？"
_QUOTES = "\"'”’」』"
_CLOSERS = _QUOTES + ")]}〉》】〕）"
_BEFORE_POLITE = "아어여해예에네군나세까지워와봐줘돼져려쳐셔켜래데걸게든"
"""Not every "요" is an ending: "필요", "개요" and "중요" are nouns."""
_CANDIDATE = re.compile(
    rf"([{_STOPS}\n다까요죠](?:"  # one set to search for, which is fast; then what it has to stand in
    rf"(?<=[{_STOPS}])[{_STOPS}]*[{re.escape(_CLOSERS)}]*(?=\s|\Z)"
    r"|(?<=[다요죠]\.)(?=[가-힣])"
    rf"|(?<=[{_closed_by('ㅂ')}]니[다까])(?= )|(?<=[{_BEFORE_POLITE}]요)(?= )|(?<=죠)(?= )"
    r"|(?<=\n)))\s*"
)
_NO_SENTENCE = re.compile(
    r"(?:^|[\s(\[])(?:[가나다라마바사아자차카타파하]|[A-Za-z]|Mr|Mrs|Ms|Dr|St|vs|cf|No|Co|pp|Inc|Ltd|etc|Fig)$"
    r"|[\d.][A-Za-z]?$"
)
"""What a full stop after it only abbreviates, numbers or dates."""
_WORD = 5
"""As many characters hold the longest of those, and what stands before it."""
_GOES_ON = re.compile(r"이?라[고며는]|하[고며]|만\s")
"""How a sentence goes on after what it quotes: "…다." 라고, "…다" 하며."""

_AMENDED = ("<개정", "<신설", "<단서")
"""What statutes add to a sentence: when it was amended or inserted."""

_ENDING = re.compile(
    rf"(?:다|[{_BEFORE_POLITE}]요|죠|[니{_closed_by('ㄹ')}]까"
    rf"|됨|[없않같많좋{_closed_by('ㅆ')}]음|야 함|것임|[{_closed_by('ㄹ')}] 것)$"
)
"""Ends a sentence with no full stop; of nominal endings only those that few nouns have."""
_ENDING_BEFORE_DOTS = re.compile(rf"{_ENDING.pattern}|[네군지라자함음임]$")
"""Dots part words as well as sentences: "재밌다..." ends one, "그러니까 그..." does not."""
_LONGEST_ENDING = 3
_LINE_STOPS = _STOPS + "~^ㅋㅎㅠㅜ♡♥"
"""Comments and messages end with a laugh or a sigh where others put a full stop."""
_LAST_CHARACTERS = frozenset(_LINE_STOPS + _CLOSERS + ">: " + "다요죠까됨음함임것")


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text starts and ends, without the blanks around it.

    A line's end ends a sentence. Within a line a full stop before a blank does, unless it numbers, dates or
    abbreviates, or the sentence goes on after a quotation; without a full stop only a polite ending ("-습니다 ",
    "-어요 "), without a blank only "-다.", "-요." and "-죠.".

    >>> text = "가. 2009. 6. 3. 왔습니다. 좋아요 또 봐요"
    >>> [text[start:end] for start, end in sentences(text)]
    ['가. 2009. 6. 3. 왔습니다.', '좋아요', '또 봐요']
    """
    spans = []
    start = len(text) - len(text.lstrip())
    for found in _CANDIDATE.finditer(text, start):
        end, following = found.span(1)[1], found.end()
        if "\n" in text[found.start() : following]:
            end = start + len(text[start:end].rstrip())
        elif not _ends_within_line(text, found):
            continue
        spans.append((start, end))
        start = following
    if start < len(text):
        spans.append((start, start + len(text[start:].rstrip())))
    return spans


def _ends_within_line(text: str, found: re.Match[str]) -> bool:
    first, marks = found.start(), found[1]
    if marks[0] in _STOPS:
        stops = marks.rstrip(_CLOSERS)
        if not _stops_end(text[max(first - _WORD, 0) : first], stops):
            return False
        if marks[-1] not in _QUOTES:
            return not text.startswith(_AMENDED, found.end())
    return _GOES_ON.match(text, found.end()) is None


def _stops_end(before: str, stops: str) -> bool:
    """Whether a sentence ends at these full stops, by the few characters before them."""
    if stops == ".":
        return _NO_SENTENCE.search(before) is None
    return stops.strip(_DOTS) != "" or _ENDING_BEFORE_DOTS.search(before) is not None


def ends_sentence(line: str) -> bool:
    """Whether a line ends where a sentence does; a date of amendment after it ("<개정 2020.1.1>") does not count.

    >>> [ends_sentence(line) for line in ("이 법은 공포한 날부터 시행한다. <개정 2020.1.1>", "1. 유모차", "가격은…")]
    [True, False, False]
    """
    if line[-1:] not in _LAST_CHARACTERS:
        return False
    said = line.rstrip()
    if said.endswith(">"):
        said = said[: said.rfind("<")].rstrip()
    said = said.rstrip(_CLOSERS)
    words = said.rstrip(_LINE_STOPS + ": ")
    stops = said[len(words) :].strip(": ")
    if words and stops:
        return _stops_end(words[-_WORD:], stops)
    return _ENDING.search(words[-_LONGEST_ENDING:]) is not None


_PARTICLES = "은는이가을를에의로와과도만서께게"
_ENDINGS = "다요고며면여지니한된할될인"
BLANK, SYMBOL, DIGIT, LETTER, _SYLLABLE, _MARKER = range(6)
"""Kinds of characters: Hangul syllables are letters, too, and so are those of them that end marked words."""


def character_kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The kind of each code point: from LETTER on a letter, DIGIT any number, SYMBOL the rest but BLANK."""
    return _kinds()[np.minimum(codes, 0xFFFF)]


def marked_word_share(kinds: NDArray[np.uint8]) -> float:
    """The share of Korean words that end in what is most often a particle or an ending; 0 where there are no words.

    Two words of three do in prose, one of seven in lists of nouns ("어린이" looks marked, too). A word is what ends in
    Hangul and has at least two letters, so that "React는" counts and a lone "이" does not.

    Args:
      kinds: of a text's characters, as `character_kinds` gives them.
    """
    syllables = kinds >= _SYLLABLE
    ends = syllables[1:] & (kinds[:-1] >= DIGIT)
    ends[:-1] &= ~syllables[2:]
    words = int(np.count_nonzero(ends))
    return int(np.count_nonzero(ends & (kinds[1:] == _MARKER))) / words if words else 0.0


@cache
def _kinds() -> NDArray[np.uint8]:
    """By code point of the basic plane; what lies beyond, emoji and the rarest Hanja, counts as a symbol."""
    kinds = np.full(0x10000, SYMBOL, np.uint8)
    for code in range(0x10000):
        character = chr(code)
        if character.isalpha():
            kinds[code] = LETTER
        elif character.isnumeric():
            kinds[code] = DIGIT
        elif character.isspace():
            kinds[code] = BLANK
    kinds[_FIRST_SYLLABLE : _LAST_SYLLABLE + 1] = _SYLLABLE
    kinds[[ord(syllable) for syllable in _PARTICLES + _ENDINGS]] = _MARKER
    return kinds
