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
_DRAWN_OUT = "~;ㅡ"
"""Where others put a full stop, comments draw out the last syllable, sweat or stare."""
_MARKS = _STOPS + _DRAWN_OUT
_LAUGHS = "ㅋㅎㅠㅜ^♡♥"
_QUOTES = "\"'”’」』"
_CLOSERS = _QUOTES + ")]}〉》】〕）"
_BULLETS = "○●■□◆▶"
_BEFORE_POLITE = "아어여해예에네군나세까지워와봐줘돼져려쳐셔켜래데걸게든"
"""Not every "요" is an ending: "필요", "개요" and "중요" are nouns."""
_GLUED = "다요죠음함됨"
"""A full stop after these ends a sentence without a blank after it."""
_RUN = re.escape(_MARKS)
_POLITE = rf"(?:(?<=[{_closed_by('ㅂ')}]니[다까])|(?<=[{_BEFORE_POLITE}]요))(?= [^{_STOPS}])|(?<=죠)(?= )"
_PLAIN = rf"(?<=[이{_closed_by('ㅆ')}]다)|(?<=[하{_closed_by('ㅆ')}]네)|(?<=더라)|(?<=[있없좋찮]음)"
_CANDIDATE = re.compile(
    rf"([{_RUN}\n다까요죠네라음{_LAUGHS}{_BULLETS}](?:"  # one set to search for, which is fast; then what it stands in
    rf"(?<=[{_RUN}])(?<![{_RUN}]{{2}})[{_RUN}]*+(?: \.(?=\s|\Z))*+"
    rf"(?: ?[{_LAUGHS}]++)?+[{re.escape(_CLOSERS)}]*+(?=[\s가-힣]|\Z)"
    rf"|{_POLITE}|(?:{_PLAIN})(?=(?P<plain> )[^{_STOPS}])"
    rf"|(?<=[{_LAUGHS}])(?<![{_LAUGHS}]{{2}})[{_LAUGHS}]++(?=\s|\Z|(?<=[ㅋㅎㅠㅜ])[가-힣])"
    rf"|(?<=[ \t][{_BULLETS}])(?= [^{_BULLETS}])"
    r"|(?<=\n)))\s*"
)
"""Where a sentence may end: at marks, plain or polite endings, laughs, before a bullet, at a line's end. Runs of marks
are taken whole or not at all, so that a long one costs no more than its length."""
_NO_SENTENCE = re.compile(
    r"(?:^|[\s(\[])(?:[가나다라마바사아자차카타파하]|[A-Za-z]|Mr|Mrs|Ms|Dr|St|vs|cf|No|Co|pp|Inc|Ltd|etc|Fig)$"
    r"|[\d.][A-Za-z]?$"
)
"""What a full stop after it only abbreviates, numbers or dates."""
_WORD = 5
"""As many characters hold the longest of those, and what stands before it."""
_GOES_ON = re.compile(r"이?라[고며는]|하[고며면]|만\s")
"""How a sentence goes on after what it quotes: "…다." 라고, "…다" 하며."""
_PLAIN_GOES_ON = re.compile(r"[하한할해했]|고\s|는|면|라|싶|생각|판단|보[니면고]|말[하할]|치[고더]|[못않안]")
"""How a sentence goes on after a plain ending: "한다 하더라도", "있다 생각한다"."""
_NEAR = 200
"""So many characters around a plain ending say whether its writer puts full stops, and close a bracket."""

_AMENDED = ("<개정", "<신설", "<단서")
"""What statutes add to a sentence: when it was amended or inserted."""

_ENDING = re.compile(
    rf"(?:다|[{_BEFORE_POLITE}]요|죠|[니{_closed_by('ㄹ')}]까"
    rf"|됨|[없않같많좋{_closed_by('ㅆ')}]음|야 함|것임|[{_closed_by('ㄹ')}] 것)$"
)
"""Ends a sentence with no full stop; of nominal endings only those that few nouns have."""
_ENDING_BEFORE_DOTS = re.compile(rf"{_ENDING.pattern}|[네군지라자함음임]$")
"""Dots part words as well as sentences: "재밌다..." ends one, "그러니까 그..." does not."""
_SAID_BEFORE_DOTS = re.compile(
    rf"{_ENDING_BEFORE_DOTS.pattern}|[냐나듯뿐법봄가]$"
    r"|[가-힣][가-힣](?<![고며면만데서니은는이가을를에의도로와과게도뭐])(?<!진짜|정말|너무|그냥|아주|특히)$"
)
"""Within a line, where comments end in nouns, too."""
_LONGEST_ENDING = 3
_LINE_STOPS = _STOPS + "~^ㅋㅎㅠㅜ♡♥"
"""Comments and messages end with a laugh or a sigh where others put a full stop."""
_LAST_CHARACTERS = frozenset(_LINE_STOPS + _CLOSERS + ">: " + "다요죠까됨음함임것")


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text starts and ends, without the blanks around it.

    A line's end ends a sentence. Within a line a full stop before a blank does, unless it numbers, dates or
    abbreviates, stands within brackets, or the sentence goes on after a quotation; without a full stop a polite
    ending ("-습니다 ", "-어요 "), a laugh ("ㅋㅋ "), and where no full stops are put a plain ending ("-었다 "); without
    a blank what an ending stands before ("-다.", "-네..", "-까?").

    >>> text = "가. 2009. 6. 3. 왔습니다. 좋아요 또 봐요"
    >>> [text[start:end] for start, end in sentences(text)]
    ['가. 2009. 6. 3. 왔습니다.', '좋아요', '또 봐요']
    """
    spans = []
    start = len(text) - len(text.lstrip())
    for found in _CANDIDATE.finditer(text, start):
        (first, end), following = found.span(1), found.end()
        mark = text[first]
        if mark in _BULLETS:
            end = following = first
        elif "\n" not in text[first:following] and not _ends_within_line(text, start, found):
            continue
        end = start + len(text[start:end].rstrip())
        if start < end:
            spans.append((start, end))
            start = following
    if start < len(text):
        spans.append((start, start + len(text[start:].rstrip())))
    return spans


def _ends_within_line(text: str, start: int, found: re.Match[str]) -> bool:
    (first, end), following = found.span(1), found.end()
    mark = text[first]
    if mark in _MARKS:
        glued = end == following < len(text)
        if not _said(text, start, first, text[first:end], glued=glued) or _in_brackets(text, start, first, end):
            return False
        if not glued and text[end - 1] not in _QUOTES:
            return not text.startswith(_AMENDED, following)
    elif mark in _LAUGHS:
        return not _in_brackets(text, start, first, end)
    elif found["plain"]:
        return _PLAIN_GOES_ON.match(text, following) is None and not _puts_full_stops(text, first)
    return _GOES_ON.match(text, following) is None


def _said(text: str, start: int, first: int, marks: str, *, glued: bool) -> bool:
    """Whether a sentence is said to its end before these marks, by the few characters before them.

    Args:
      text: that the sentence is in.
      start: of the sentence.
      first: of the marks.
      marks: with the laughs and closers after them.
      glued: whether the next word follows without a blank.
    """
    before = text[max(first - _WORD, start) : first]
    if marks == "." and not glued and before[-1:] != " ":
        return _NO_SENTENCE.search(before) is None
    said = before.rstrip()
    if glued and (marks[-1] in _CLOSERS or not "가" <= said[-1:] <= "힣"):
        return False
    stops = marks.rstrip(_CLOSERS + _LAUGHS + " ")
    if stops.strip(_DOTS + _DRAWN_OUT + " "):
        return True
    if ".." not in stops and not stops.strip(". "):
        ended = said[-1:] in _GLUED if glued else said[-1:] not in _STOPS
        return ended and _NO_SENTENCE.search(said) is None
    if stops.strip(_DRAWN_OUT) and said == before and " " in text[start:first]:
        return _SAID_BEFORE_DOTS.search(said) is not None
    return stops != ";" and len(said) > 1 and _ENDING_BEFORE_DOTS.search(said) is not None


def _in_brackets(text: str, start: int, first: int, end: int) -> bool:
    """Whether these marks stand after a bracket that the sentence opened, and before the line closes it."""
    opened = text.rfind("(", max(start, first - _NEAR), first)
    if opened < 0 or text.find(")", opened, end) >= 0:
        return False
    closed = text.find(")", end, end + _NEAR)
    return closed >= 0 and "\n" not in text[end:closed]


def _puts_full_stops(text: str, place: int) -> bool:
    """Whether a full stop ends a plain sentence nearby in the line."""
    before = text[max(place - _NEAR, 0) : place].rpartition("\n")[2]
    return "다." in before + text[place : place + _NEAR].partition("\n")[0]


def _stops_end(before: str, stops: str) -> bool:
    """Whether a line ends as a sentence does at these full stops, by the few characters before them."""
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
