"""How BertTokenizer parts text into words, and what a text needs so that tensorflow-text parts it likewise.

BertTokenizer is transformers' and the `tokenizers` library below it, whose tables are of an old Unicode; the tables
here are theirs, character for character. tensorflow-text's FastWordpieceTokenizer is many times as fast, drops
nothing, and has newer punctuation. A text rewritten by these rules has the same words, and so the same ids, in both.
docs/tokenizing.md tells the differences one by one.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from model.contract.record import UNKNOWN

Ranges = tuple[tuple[int, int], ...]

LONGEST_WORD = 100
"""In characters; a longer word is [UNK] (BERT's max_input_chars_per_word)."""
_LONGEST_WORD_BYTES = 4 * LONGEST_WORD
"""The limit for tensorflow-text, which counts bytes of UTF-8; longer words have to be gone before."""


def _ranges(listed: str) -> Ranges:
    """Of code points, in hexadecimal: "20 2000-200a"."""
    pairs = (item.split("-") for item in listed.split())
    return tuple((int(pair[0], 16), int(pair[-1], 16)) for pair in pairs)


REMOVED = _ranges(
    "0-8 b-c e-1f 7f-9f ad 600-605 61c 6dd 70f 180e 200b-200f 202a-202e 2060-2064 2066-206f e000-f8ff feff "
    "fff9-fffb fffd 110bd 1bca0-1bca3 1d173-1d17a e0001 e0020-e007f f0000-ffffd 100000-10fffd"
)
"""Control and format characters, private use and U+FFFD: BertTokenizer drops them, and the word goes on."""
BLANKS = _ranges("9-a d 20 a0 1680 2000-200a 2028-2029 202f 205f 3000")
"""Part words."""
SYMBOLS = _ranges(
    "21-2f 3a-40 5b-60 7b-7e a1 a7 ab b6-b7 bb bf 37e 387 55a-55f 589-58a 5be 5c0 5c3 5c6 5f3-5f4 609-60a 60c-60d "
    "61b 61e-61f 66a-66d 6d4 700-70d 7f7-7f9 830-83e 85e 964-965 970 af0 df4 e4f e5a-e5b f04-f12 f14 f3a-f3d f85 "
    "fd0-fd4 fd9-fda 104a-104f 10fb 1360-1368 1400 166d-166e 169b-169c 16eb-16ed 1735-1736 17d4-17d6 17d8-17da "
    "1800-180a 1944-1945 1a1e-1a1f 1aa0-1aa6 1aa8-1aad 1b5a-1b60 1bfc-1bff 1c3b-1c3f 1c7e-1c7f 1cc0-1cc7 1cd3 "
    "2010-2027 2030-2043 2045-2051 2053-205e 207d-207e 208d-208e 2308-230b 2329-232a 2768-2775 27c5-27c6 "
    "27e6-27ef 2983-2998 29d8-29db 29fc-29fd 2cf9-2cfc 2cfe-2cff 2d70 2e00-2e2e 2e30-2e42 3001-3003 3008-3011 "
    "3014-301f 3030 303d 30a0 30fb 3400-4dbf 4e00-9fff a4fe-a4ff a60d-a60f a673 a67e a6f2-a6f7 a874-a877 "
    "a8ce-a8cf a8f8-a8fa a8fc a92e-a92f a95f a9c1-a9cd a9de-a9df aa5c-aa5f aade-aadf aaf0-aaf1 abeb f900-faff "
    "fd3e-fd3f fe10-fe19 fe30-fe52 fe54-fe61 fe63 fe68 fe6a-fe6b ff01-ff03 ff05-ff0a ff0c-ff0f ff1a-ff1b "
    "ff1f-ff20 ff3b-ff3d ff3f ff5b ff5d ff5f-ff65 10100-10102 1039f 103d0 1056f 10857 1091f 1093f 10a50-10a58 "
    "10a7f 10af0-10af6 10b39-10b3f 10b99-10b9c 11047-1104d 110bb-110bc 110be-110c1 11140-11143 11174-11175 "
    "111c5-111c9 111cd 111db 111dd-111df 11238-1123d 112a9 114c6 115c1-115d7 11641-11643 1173c-1173e 12470-12474 "
    "16a6e-16a6f 16af5 16b37-16b3b 16b44 1bc9f 1da87-1da8b 20000-2a6df 2a700-2b81f 2b920-2ceaf 2f800-2fa1f"
)
"""Punctuation and Chinese characters: each is a word by itself."""
TAKEN_FOR_SYMBOLS = _ranges(
    "61d 9fd a76 c77 c84 1b4e-1b4f 1b7d-1b7f 2e43-2e4f 2e52-2e5d 10d6e 10ead 10f55-10f59 10f86-10f89 113d4-113d5 "
    "113d7-113d8 1144b-1144f 1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 11a9a-11a9c "
    "11a9e-11aa2 11b00-11b09 11be1 11c41-11c45 11c70-11c71 11ef7-11ef8 11f43-11f4f 11fff 12ff1-12ff2 16d6d-16d6f "
    "16e97-16e9a 16fe2 1e5ff 1e95e-1e95f 2b820-2b91f"
)
"""Letters to BertTokenizer, symbols to tensorflow-text: punctuation of newer Unicodes, and 256 Chinese characters that
BertTokenizer's table leaves out."""
TAKEN_FOR_LETTERS = _ranges("166d 111c9")
"""Symbols to BertTokenizer, letters to tensorflow-text: Unicode took them out of its punctuation."""

PYTHON_CODE, RE2_CODE = r"\U{:08x}", r"\x{{{:x}}}"
"""How the languages of regular expressions spell a code point."""
NO_PIECE = "\uf8ff"
"""A letter that no piece of a readable vocabulary begins with or holds: the word that it stands in is [UNK]."""
_FIRST_STAND_IN = 0xE000
_UNREADABLE = "\U0010fffd"
_SUFFIX = "##"


def character_class(ranges: Iterable[tuple[int, int]], code: str) -> str:
    """The inside of a regular expression's `[…]`.

    Args:
      ranges: of code points.
      code: how the expression's language spells one, PYTHON_CODE or RE2_CODE.
    """
    return "".join(f"{code.format(first)}-{code.format(last)}" for first, last in ranges)


def characters(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Every character of some ranges, in order."""
    return (chr(code) for first, last in ranges for code in range(first, last + 1))


def stand_ins(vocabulary: Iterable[str]) -> dict[str, str]:
    """For each character that tensorflow-text takes for a symbol, a letter to write instead.

    It is a private-use character, which no text has any more once REMOVED is removed. Characters that no piece holds
    share one: their words are [UNK] whatever they are called.
    """
    held = set("".join(vocabulary))
    own = map(chr, itertools.count(_FIRST_STAND_IN))
    return {character: next(own) if character in held else NO_PIECE for character in characters(TAKEN_FOR_SYMBOLS)}


def wordpiece_settings(vocabulary: Sequence[str]) -> dict[str, Any]:
    """What tensorflow-text's FastWordpieceTokenizer is to be made with, to read texts rewritten by these rules.

    Args:
      vocabulary: the pieces, by id.

    Returns:
      Its arguments by name, all but the type of the ids.
    """
    return {
        "vocab": _readable(vocabulary),
        "suffix_indicator": _SUFFIX,
        "max_bytes_per_word": _LONGEST_WORD_BYTES,
        "unknown_token": UNKNOWN,
        "no_pretokenization": False,
        "support_detokenization": False,
    }


def _readable(vocabulary: Sequence[str]) -> list[str]:
    """The vocabulary with stand-ins written in.

    A piece that no text can give ("[MASK]", "a b", "##.") is replaced by what no text holds: with a blank or a control
    character in a piece, tensorflow-text goes wrong on other words, or refuses the vocabulary.
    """
    table = str.maketrans(stand_ins(vocabulary))
    can_be_found = _piece_pattern().fullmatch
    return [
        piece.translate(table) if piece == UNKNOWN or can_be_found(piece) else f"{_UNREADABLE}{number}"
        for number, piece in enumerate(vocabulary)
    ]


def _piece_pattern() -> re.Pattern[str]:
    """One symbol, or letters with "##" before them or not."""
    symbol = f"[{character_class(SYMBOLS, PYTHON_CODE)}]"
    letters = f"[^{character_class((*REMOVED, *BLANKS, *SYMBOLS), PYTHON_CODE)}]+"
    return re.compile(rf"{symbol}|(?:{_SUFFIX})?{letters}")
