"""Texts on which tokenizers are known to differ, and the tokenizer whose ids all must give."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

VOCABULARY = Path(__file__).parents[1] / "sample" / "vocab" / "kobigbird"
PIECES = (VOCABULARY / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
EVERY_CHARACTER = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
EVERY_CHARACTER_WITHIN_WORDS = [
    " ".join(f"a{character}b" for character in EVERY_CHARACTER[first : first + 1000])
    for first in range(0, len(EVERY_CHARACTER), 1000)
]
"""With a vocabulary of a, ##a, b and ##b, an id sequence shows whether a character is dropped, parts words, is one by
itself or belongs to one."""

odd_characters = st.sampled_from(
    "\x00\x0b\x0c\x11\x1c\x85\xa0\xad\u0300\u0604\u061d\u0890\u1100\u115f\u1160\u11a8\u166d\u180e\u1b4e\u200b\u200d"
    "\u2028\u2029\u202e\u2e43\u3000\u3164\u4dc0\ua67e\ud7ff\ue000\uf8ff\ufdd0\ufe0f\ufeff\ufff9\ufffd\uffff\U000110bd"
    "\U000111c9\U0001f468\U0001f3fd\U0002b820\U0002b91f\U0002b920\U00030000\U000e0041\U000f0000\U0010fffd\U0010ffff"
)
usual_characters = st.sampled_from("가나다라음습니요죠합ㅋㅠㅡ♡●~; \n\t.,!?#[]()漢字aZ09-'\"”>…")
_awkward = st.text(odd_characters | usual_characters | st.characters(exclude_categories=["Cs"]), max_size=40)
_words = st.sampled_from(
    ["[MASK]", "<s>", "##다", "한국어", "입니다.", "가" * 101, "나" * 100, "a" * 101 + "!", "👍" * 99, "\u200b" * 101]
)
texts = st.lists(_awkward | _words).map("".join) | st.lists(_awkward | _words).map(" ".join)


def original_tokenizer(pieces: Sequence[str]) -> Any:
    """Transformers' BertTokenizer, cased, to which text is text even where it names a special token."""
    from transformers import BertTokenizer

    ids = {piece: number for number, piece in enumerate(pieces)}
    return BertTokenizer(vocab=ids, do_lower_case=False, split_special_tokens=True)


def ids_by(tokenizer: Any, some: Sequence[str]) -> list[list[int]]:
    """Without [CLS] and [SEP]."""
    found: list[list[int]] = tokenizer(list(some), add_special_tokens=False, verbose=False)["input_ids"] if some else []
    return found
