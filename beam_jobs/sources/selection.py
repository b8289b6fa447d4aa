"""Pure: which of a source's documents its limits and filters keep."""

import functools
import hashlib
from collections.abc import Collection
from urllib.parse import urlsplit

from beam_jobs.config import SourceConfig
from beam_jobs.document import Document


def host_is(host: str, names: Collection[str]) -> bool:
    """Whether a host is one of those named, or below one ("www.example.kr" is below "example.kr").

    Looks up the host's own parents: lists of hosts are long, hosts are not.
    """
    while host:
        if host in names:
            return True
        host = host.partition(".")[2]
    return False


def host_of(url: str) -> str:
    """A page's host in small letters; "" where its address is none ("http://[half/a")."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def host_reason(host: str, source: SourceConfig) -> str | None:
    """Why a source's lists of hosts keep a page out, or None."""
    allow, deny = _set_of(source.filters.hosts_allow), _set_of(source.filters.hosts_deny)
    if allow and not host_is(host, allow):
        return "host_not_allowed"
    return "host_denied" if host_is(host, deny) else None


def skip_reason(document: Document, source: SourceConfig) -> str | None:
    """Why a source's filters and its share drop a document, or None."""
    filters = source.filters
    if (filters.hosts_allow or filters.hosts_deny) and (reason := host_reason(host_of(document.url), source)):
        return reason
    said = document.metadata.get("languages")
    if said and filters.languages and not set(said.split(",")) & set(filters.languages):
        return "language"
    if filters.since or filters.until:
        if not (day := document.date[:10]):
            return "no_date"
        if (filters.since and day < filters.since.isoformat()) or (filters.until and day > filters.until.isoformat()):
            return "date"
    if len(document.text) < filters.min_characters:
        return "too_short"
    if filters.max_characters is not None and len(document.text) > filters.max_characters:
        return "too_long"
    share = source.limits.share
    return None if share == 1.0 or _falls_within(document.id, share) else "not_in_share"


def most_documents(source: SourceConfig, piece: int, pieces: int) -> int | None:
    """How many documents a piece may give, so that all of them give no more than the source's limit."""
    if (most := source.limits.max_documents) is None:
        return None
    return (piece + 1) * most // pieces - piece * most // pieces


@functools.lru_cache(maxsize=16)
def _set_of(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _falls_within(document_id: str, share: float) -> bool:
    # Hashed anew: validation split and shards go by the id's own digits.
    digest = hashlib.sha256(f"share {document_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
