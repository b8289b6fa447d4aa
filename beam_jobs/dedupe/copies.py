"""Pure: which of several copies stays. A record describes a document by what its copies have in common with it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np
from numpy.typing import NDArray

from beam_jobs.dedupe.nodes import Nodes, Records, group_starts
from beam_jobs.dedupe_config import Preference
from beam_jobs.document import Document
from beam_jobs.korean_text import fold_blanks
from model.contract.errors import InputError

ID, ADDRESS, TEXT = "id_key", "address_key", "text_key"
"""What copies can have in common, each a field of 128 bits in two numbers; zeros: nothing to compare."""
KEYS = (ID, ADDRESS, TEXT)
_TRACKING = re.compile(r"(utm_\w+|fbclid|gclid|igshid|mc_[ce]id|ref|referrer|sessionid|phpsessid|jsessionid)", re.I)
_LONGEST = 2**32 - 1
_LONGEST_ID = 1_000
Ids = NDArray[np.bytes_]


def copy_records(nodes: Nodes, documents: Sequence[Document], preference: Preference) -> Records:
    """A record for each document, in order; [documents]."""
    records = preferences(nodes, documents, preference, [(f"{key}{part}", "u8") for key in KEYS for part in (0, 8)])
    for key, texts in (
        (ID, [f"{doc.source}\n{doc.id}" for doc in documents]),
        (ADDRESS, [canonical_address(doc.url) for doc in documents]),
        (TEXT, [fold_blanks(doc.text) for doc in documents]),
    ):
        digests = np.frombuffer(b"".join(map(_digest, texts)), "<u8").reshape(-1, 2)
        for part, name in enumerate(_fields(key)):
            records[name] = digests[:, part]
    return records


def preferences(
    nodes: Nodes, documents: Sequence[Document], preference: Preference, further: Sequence[tuple[Any, ...]]
) -> Records:
    """Records with the fields that `best_first` needs, and further ones to be filled in."""
    ids = np.array([doc.id.encode() for doc in documents], "S")
    if ids.dtype.itemsize > _LONGEST_ID:
        raise InputError(
            f"an id has {ids.dtype.itemsize:,} bytes, and records of ids so long would not fit into memory; "
            f"give ids of at most {_LONGEST_ID}."
        )
    fields = [("node", "u8"), ("worth", "u8"), ("id", f"S{max(ids.dtype.itemsize, 1)}"), *further]
    records = np.zeros(len(documents), fields)
    records["node"], records["id"] = nodes, ids
    records["worth"] = _worth(documents, preference)
    return records


def ranks_of(prefer: Sequence[str], sources: Iterable[str]) -> list[int]:
    """Each source's place among the preferred; the place after them all if it is none."""
    places = {source: place for place, source in enumerate(prefer)}
    return [places.get(source, len(places)) for source in sources]


def best_first(records: Records, *groups: Nodes) -> NDArray[np.int64]:
    """The order by group, and in each the one to keep first: the most worth, then the one with the least id."""
    return np.lexsort((records["node"], records["id"], records["worth"], *reversed(groups)))


def _worth(documents: Sequence[Document], preference: Preference) -> Nodes:
    """What orders copies, less is better: lengths and ranks of sources, 32 bits each, in the order asked for."""
    by = {
        "longest": [_LONGEST - min(len(doc.text), _LONGEST) for doc in documents],
        "source": ranks_of(preference.prefer, (doc.source for doc in documents)),
    }
    worth = np.zeros(len(documents), np.uint64)
    for criterion in preference.keep:
        worth = (worth << np.uint64(32)) | np.array(by[criterion], np.uint64)
    return worth


def without_copies(records: Records, key: str) -> tuple[Records, Records]:
    """Keeps the best of those that share a key.

    Returns:
      The records that stay; and those that go, as (node, matched id).
    """
    first, second = _fields(key)
    ordered = records[best_first(records, records[first], records[second])]
    starts = group_starts(ordered[first], ordered[second])
    best = np.repeat(starts, np.diff([*starts, len(ordered)]))
    nothing_to_share = (ordered[first] == 0) & (ordered[second] == 0)
    stays = nothing_to_share | (best == np.arange(len(ordered)))
    return ordered[stays], gone(ordered[~stays], ordered["id"][best[~stays]])


def gone(records: Records, matched: Ids, value: float | NDArray[Any] = 1.0) -> Records:
    """Documents that go: which, the id of the one that stays instead, and how similar it is."""
    found = np.zeros(len(records), [("node", "u8"), ("matched", matched.dtype), ("value", "f4")])
    found["node"], found["matched"], found["value"] = records["node"], matched, value
    return found


def canonical_address(url: str) -> str:
    """What is alike in addresses of one page: neither scheme, "www.", fragment, a slash at the end nor tracking.

    >>> canonical_address("http://www.Example.kr:80/a/?utm_source=x&id=3#top")
    'example.kr/a?id=3'
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:  # a port or bracket that cannot be
        return url
    if not host:
        return url
    pairs = parse_qsl(parts.query, True, errors="surrogateescape")  # queries of older sites are in EUC-KR
    query = urlencode([pair for pair in pairs if not _TRACKING.fullmatch(pair[0])], errors="surrogateescape")
    place = host + (f":{port}" if port not in (None, 80, 443) else "") + parts.path.rstrip("/")
    page = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""  # what a script shows as a page
    return place + (f"?{query}" if query else "") + page


def place_key(records: Records, key: str) -> Nodes:
    """What decides where records with one key come together; those without the key are spread by their nodes."""
    first, second = _fields(key)
    nothing = (records[first] == 0) & (records[second] == 0)
    return np.where(nothing, records["node"], records[first])


def _fields(key: str) -> tuple[str, str]:
    return f"{key}0", f"{key}8"


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest() if text else bytes(16)
