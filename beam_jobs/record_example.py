"""A packed sequence as a serialized `tf.train.Example`, fields as in `model.contract.record`.

Protocol Buffers' library takes a Python number for each of 4,096 ids, a sixth of the whole job's time; here NumPy
writes the list of ids, and the few messages around it are put together by hand (protobuf.dev, "Encoding"). The bytes
are those that the library gives in its deterministic form, which is the test.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from beam_jobs.packing import PackedSequence
from model.contract import record

_VALUE = 1  # a list's only field, and a map entry's key, and a message's first
_ENTRY_VALUE = 2
_BYTES_LIST, _INT64_LIST = 1, 3  # of tf.train.Feature
_DELIMITED = 2  # the wire type of what is preceded by its length


def to_example(packed: PackedSequence, source: str) -> bytes:
    """The same bytes for the same sequence, always."""
    second = [packed.second_segment] if packed.second_segment else []
    features = {
        record.INPUT_IDS: _integers(packed.input_ids),
        record.SEGMENT_STARTS: _integers(np.array(packed.segment_starts, np.int64)),
        record.DOCUMENTS: _texts(packed.documents),
        record.DOCUMENT_OFFSETS: _integers(np.array(packed.document_offsets, np.int64)),
        record.SECOND_SEGMENT: _integers(np.array(second, np.int64)),
        record.SOURCE: _texts([source]),
    }
    entries = [
        _field(_VALUE, _field(_VALUE, name.encode()) + _field(_ENTRY_VALUE, feature))
        for name, feature in sorted(features.items())
    ]
    return _field(_VALUE, b"".join(entries))


def varints(values: NDArray[np.integer]) -> bytes:
    """Numbers in seven bits a byte, the lowest first, the eighth bit set where another byte follows.

    Args:
      values: none negative.

    >>> varints(np.array([1, 300])).hex()
    '01ac02'
    """
    if not len(values):
        return b""
    width = max(-(-int(values.max()).bit_length() // 7), 1)
    columns = np.empty((len(values), width), np.uint8)
    there = np.ones((len(values), width), bool)
    for place in range(width):
        rest = values >> (7 * place)
        follows = rest > 0x7F
        columns[:, place] = rest & 0x7F | follows.astype(np.uint8) << 7
        if place + 1 < width:
            there[:, place + 1] = follows
    return columns[there].tobytes()


def _integers(values: NDArray[np.integer]) -> bytes:
    data = varints(values)
    return _field(_INT64_LIST, _field(_VALUE, data) if data else b"")


def _texts(values: Sequence[str]) -> bytes:
    return _field(_BYTES_LIST, b"".join(_field(_VALUE, value.encode()) for value in values))


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | _DELIMITED]) + _length(len(data)) + data


def _length(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
