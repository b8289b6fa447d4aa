"""Pure: the words of a text as cased BERT sees them, and its eojeols (what stands between blanks).

`model.contract.bert_words` has BertTokenizer's tables. Words cross no blank, so they are found in the distinct eojeols
of a corpus, of which there are far fewer than eojeols.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from model.contract import bert_words


def count_eojeols(texts: Iterable[str]) -> Counter[str]:
    """How often each eojeol stands in the texts, without the characters that BertTokenizer removes.

    >>> count_eojeols(["한글 나눔,\u00a0한\u200b글"])
    Counter({'한글': 2, '나눔,': 1})
    """
    raw: Counter[str] = Counter()
    for text in texts:
        raw.update(_eojeol().findall(text))
    found: Counter[str] = Counter()
    for eojeol, count in raw.items():
        if kept := _removed().sub("", eojeol):
            found[kept] += count
    return found


def count_words(eojeols: Mapping[str, int]) -> Counter[str]:
    """How often each word stands in counted eojeols: symbols and hanja by themselves, all else in one.

    >>> count_words({"(漢字)한글,": 2})
    Counter({'(': 2, '漢': 2, '字': 2, ')': 2, '한글': 2, ',': 2})
    """
    found: Counter[str] = Counter()
    for eojeol, count in eojeols.items():
        for word in _word().findall(eojeol):
            found[word] += count
    return found


def is_symbol(character: str) -> bool:
    """Whether a character is always a word by itself, so that no piece goes on with it."""
    return _symbol().match(character) is not None


@cache
def _eojeol() -> re.Pattern[str]:
    return re.compile(f"[^{_inside(bert_words.BLANKS)}]+")


@cache
def _removed() -> re.Pattern[str]:
    return re.compile(f"[{_inside(bert_words.REMOVED)}]+")


@cache
def _word() -> re.Pattern[str]:
    symbols = _inside(bert_words.SYMBOLS)
    return re.compile(f"[{symbols}]|[^{symbols}]+")


@cache
def _symbol() -> re.Pattern[str]:
    return re.compile(f"[{_inside(bert_words.SYMBOLS)}]")


def _inside(ranges: bert_words.Ranges) -> str:
    return bert_words.character_class(ranges, bert_words.PYTHON_CODE)
