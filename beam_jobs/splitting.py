"""Which documents are held aside for validation."""

import hashlib
from collections.abc import Mapping

from beam_jobs.config import TokenizeConfig
from beam_jobs.document import NEAR_COPIES

TRAIN, VALIDATION = "train", "validation"


def split_key(document_id: str, metadata: Mapping[str, str]) -> str:
    """What decides where a document goes: its cluster of near copies, if it is known to have any, or itself."""
    return metadata.get(NEAR_COPIES) or document_id


def split_of(key: str, config: TokenizeConfig) -> str:
    """Training or validation, by a hash of key and seed, so that what has one key never changes sides."""
    drawn = hashlib.sha256(f"{config.seed}\n{key}".encode()).digest()
    return VALIDATION if int.from_bytes(drawn[:8], "big") < config.validation_share * 2**64 else TRAIN
