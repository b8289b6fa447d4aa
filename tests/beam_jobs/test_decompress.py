import bz2
import gzip
import io
import random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.files.decompress import DamagedFile, decompressed

NOISE = random.Random(0).randbytes(200_000)  # does not compress, so that it fills several chunks


def read_until_damage(stored: bytes) -> tuple[bytes, str]:
    plain = b""
    try:
        for chunk in decompressed(io.BytesIO(stored)):
            plain += chunk
    except DamagedFile as damage:
        return plain, damage.reason
    return plain, ""


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstandard.compress, lambda plain: plain])
@given(members=st.lists(st.binary(), min_size=1, max_size=5))
def test_members_one_after_another_read_as_one(compress, members):
    stored = b"".join(compress(member) for member in members)
    if stored == b"".join(members) and stored[:2] in (b"\x1f\x8b", b"BZ", b"\x28\xb5"):
        return  # plain bytes that look compressed

    assert read_until_damage(stored) == (b"".join(members), "")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstandard.compress])
@pytest.mark.parametrize("cut", [1, 2, 9, 50])
def test_a_truncated_file_keeps_what_came_before(compress, cut):
    whole, last = compress(b"whole member"), compress(NOISE)

    plain, reason = read_until_damage(whole + last[:-cut])

    assert reason == "truncated_file"
    assert plain.startswith(b"whole member")
    assert (b"whole member" + NOISE).startswith(plain)


def test_a_file_cut_in_the_next_members_first_byte_is_truncated():
    assert read_until_damage(gzip.compress(b"one") + b"\x1f") == (b"one", "truncated_file")


def test_a_corrupted_member_is_damage_and_earlier_members_are_kept():
    broken = bytearray(gzip.compress(NOISE))
    broken[-5_000] ^= 1

    plain, reason = read_until_damage(gzip.compress(b"whole") + bytes(broken))

    assert reason == "damaged_file"
    assert plain.startswith(b"whole")


def test_zero_padding_between_members_is_passed_over():
    stored = gzip.compress(b"one") + bytes(100_000) + gzip.compress(b"two") + bytes(512)

    assert read_until_damage(stored) == (b"onetwo", "")


def test_strange_bytes_after_a_member_are_damage():
    assert read_until_damage(gzip.compress(b"one") + b"strange") == (b"one", "damaged_file")


def test_a_zstandard_frame_of_one_text_over_and_over_comes_in_small_parts():
    text = b"one line of text\n" * 6_000_000

    parts = [len(part) for part in decompressed(io.BytesIO(zstandard.compress(text)))]

    assert sum(parts) == len(text)
    assert max(parts) < 1 << 25
