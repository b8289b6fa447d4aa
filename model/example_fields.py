"""The fields of a serialized `tf.train.Example`, read without TensorFlow and, for lists of ids, by NumPy.

The format is protocol buffers' (https://protobuf.dev/programming-guides/encoding) for the messages in TensorFlow's
example.proto and feature.proto: Example {1: Features {1: map entry {1: name, 2: Feature}}}, and a Feature holds one of
1: BytesList, 2: FloatList, 3: Int64List, of which each keeps its values under 1.
"""

from collections.abc import Iterator

import numpy as np

Field = list[bytes] | np.ndarray
"""Texts as bytes; numbers as [values] int64 or float32."""

_VARINT, _EIGHT_BYTES, _PREFIXED, _FOUR_BYTES = 0, 1, 2, 5
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3


def example_fields(data: bytes) -> dict[str, Field]:
    """Every field by its name; a field that holds nothing at all is an empty list of texts.

    Raises:
      ValueError: with the rest of a sentence that begins with "it", when the bytes are no `tf.train.Example`.
    """
    found: dict[str, Field] = {}
    for _, features in _messages(data, 1):
        for _, entry in _messages(features, 1):
            name, feature = b"", b""
            for number, value in _messages(entry):
                name, feature = (value, feature) if number == 1 else (name, value)
            found[name.decode()] = _values(feature)
    return found


def _values(feature: bytes) -> Field:
    values: Field = []
    for kind, holder in _messages(feature):
        if kind == _BYTES_LIST:
            values = [value for _, value in _messages(holder, 1)]
        elif kind == _FLOAT_LIST:
            values = np.frombuffer(b"".join(_packed(holder)), "<f4")
        elif kind == _INT64_LIST:
            values = varints(b"".join(_packed(holder)))
    return values


def varints(data: bytes) -> np.ndarray:
    """Protocol buffers' variable-length integers, one after another; [integers] int64.

    Raises:
      ValueError: when the last breaks off, or one is longer than ten bytes.
    """
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    if not raw.size:
        return np.zeros(0, np.int64)
    if not ends.size or ends[-1] != raw.size - 1:
        raise ValueError("holds a number that breaks off")
    starts = np.concatenate([[0], ends[:-1] + 1])
    extra = ends - starts
    if (longest := int(extra.max())) > 9:
        raise ValueError("holds a number of more than ten bytes")
    found = (raw[starts] & 0x7F).astype(np.uint64)
    for place in range(1, longest + 1):
        longer = np.flatnonzero(extra >= place)
        part = (raw[starts[longer] + place] & 0x7F).astype(np.uint64)
        found[longer] |= part << np.uint64(7 * place)
    integers: np.ndarray = found.view(np.int64)
    return integers


def _messages(data: bytes, only: int = 0) -> Iterator[tuple[int, bytes]]:
    """The length-prefixed fields of a message with their numbers; of one number only, if given."""
    for number, kind, value in _parts(data):
        if kind == _PREFIXED and only in (0, number):
            yield number, value


def _packed(data: bytes) -> Iterator[bytes]:
    """A list's values as they are packed together, or one by one as older writers leave them."""
    yield from (value for number, _, value in _parts(data) if number == 1)


def _parts(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, wire type and bytes of each field of a message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _PREFIXED:
            length, start = _varint(data, at)
            at = start + length
        elif kind == _VARINT:
            start = at
            _, at = _varint(data, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            start, at = at, at + (8 if kind == _EIGHT_BYTES else 4)
        else:
            raise ValueError(f"holds a field of wire type {kind}")
        if at > len(data):
            raise ValueError("holds a field that breaks off")
        yield tag >> 3, kind, data[start:at]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The integer at a place, and where the next thing begins."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("holds a number that breaks off")
