"""Pure: which pages only sell gambling, sex, loans and the like, by their address and by how their words go together.

A court or a newspaper writes of the same things, so that a word alone says nothing. A page goes when different words of
one list are dense in it, it asks to be joined, called or paid as well, and hardly a word of those who report stands
beside them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from beam_jobs.clean_config import BadPagesConfig, WordListConfig
from beam_jobs.cleaning.bad_addresses import BadAddresses
from beam_jobs.cleaning.finding import Finding
from beam_jobs.cleaning.listed_words import ListedWords, fold
from model.contract import places
from model.contract.errors import InputError, SettingError

_SHIPPED = Path(__file__).parent / "lists"
_PER = 1_000
"""Characters that densities are for."""
_FEWEST_CHARACTERS = 200
"""Two words make no short text dense: it is judged as if it had so many."""
_HANDLE = re.compile(
    r"(?:텔레그램|텔레|카카오톡|카톡|라인|위챗)\s?(?:ID|id|아이디|문의|상담|친추|추가)?\s?[:：@☞▶]{0,2}\s?@?[A-Za-z][A-Za-z0-9_]{3,20}"
)
_TELEPHONE = re.compile(r"(?<!\d)0(?:1[016789]|50\d)[-. ○*]?\d{3,4}[-. ○*]?\d{4}(?!\d)")

_NAMES = frozenset(
    {"카지노", "바카라", "블랙잭", "파워볼", "스포츠토토", "슬롯머신", "슬롯게임", "홀짝게임", "잭팟"}
    | {"비아그라", "시알리스", "레비트라", "발기부전치료제"}
)
"""Games and drugs, by `fold`: travellers and doctors name them as well."""
_JOINING = re.compile("handle|telephone|가입|추천인|꽁|첫충|매충|충전")
"""Ways to be called or joined that none but sellers name."""


class BadPages:
    """Judges pages.

    Args:
      rules: the lists and thresholds.

    Raises:
      SettingError: when a list is missing, unreadable or empty.
    """

    def __init__(self, rules: BadPagesConfig):
        self._rules = rules
        self._addresses = BadAddresses(_terms("addresses", rules.bad_address))
        lists = {"adult": rules.adult_words, "gambling": rules.gambling_words, "spam": rules.spam_words}
        self._topics = {f"{name}_words": frozenset(map(fold, _terms(name, words))) for name, words in lists.items()}
        self._topic_words = ListedWords(term for name, words in lists.items() for term in _terms(name, words))
        self._promotion = ListedWords(_terms("promotion", rules.promotion_words))
        self._reporting = ListedWords(_terms("reporting", rules.reporting_words), within=True)

    def find(self, text: str, url: str, title: str) -> Finding | None:
        """Why a page is bad; None: it is not.

        Args:
          text: in normal form.
          url: may be empty.
          title: in normal form, may be empty.
        """
        if url and self._addresses.has(url):
            return Finding("bad_address", 1.0, 0.0)
        page = f"{title}\n{text}"
        hits = self._topic_words.count(page)
        if not hits:
            return None
        rules = [
            rule for rule, words in self._topics.items() if len(words & hits.keys()) >= self._rules.min_distinct_words
        ]
        return self._judge(rules, hits, page) if rules else None

    def _judge(self, rules: Iterable[str], hits: Counter[str], page: str) -> Finding | None:
        """The first of the rules whose words the page sells by."""
        promotion = self._promotion.count(page)
        promotion.update(handle=len(_HANDLE.findall(page)), telephone=len(_TELEPHONE.findall(page)))
        if len(+promotion) < self._rules.min_promotions:
            return None
        joining = any(map(_JOINING.search, +promotion))
        reported = self._reporting.count(page).total()
        for rule in rules:
            words = self._topics[rule] & hits.keys()
            if words <= _NAMES and not joining:
                continue
            selling = promotion.total() + sum(hits[word] for word in words)
            density = selling * _PER / max(len(page), _FEWEST_CHARACTERS)
            reporting_share = reported / (reported + selling)
            if density > self._rules.max_words and reporting_share <= self._rules.max_reporting_share:
                return Finding(rule, density, self._rules.max_words)
        return None


def _terms(name: str, words: WordListConfig) -> list[str]:
    """The words of the shipped list, unless it is replaced, and of the settings' own lists; none where it is off."""
    if not words.on:
        return []
    shipped = [str(_SHIPPED / f"{name}.txt")] if words.shipped else []
    return [term for path in (*shipped, *words.paths) for term in _read(path)]


def _read(path: str) -> list[str]:
    try:
        text = places.read_bytes(path).decode("utf-8-sig")
    except InputError as error:
        raise SettingError(f"bad_pages: the word list {error}") from None
    except UnicodeDecodeError:
        raise SettingError(f"bad_pages: the word list {path} is not in UTF-8; convert it.") from None
    terms = [line.strip() for line in text.splitlines()]
    terms = [term for term in terms if term and not term.startswith("#")]
    if not terms:
        raise SettingError(f"bad_pages: the word list {path} holds no word; write one a line, or turn its rule off.")
    return terms
