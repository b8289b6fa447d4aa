"""What raw files are known by in a stage's fingerprint."""

from collections.abc import Sequence

from model.contract import places


def checksums(files: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Sizes and checksums of raw files by their names, never by where they lie."""
    facts = {name: places.checksum(path) for name, path in files}
    return {name: f"{fact.bytes}:{fact.crc32c}" for name, fact in facts.items()}
