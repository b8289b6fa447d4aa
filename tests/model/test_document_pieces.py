import math
import tempfile
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.document_pieces import ONCE, DocumentPieces, RecordPlace, Times, document_key

SOURCES = {0: ONCE, 1: Times(2, 3), 2: Times(0, 1), 3: Times(0, math.inf)}
PIECES = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"c"]),
        st.integers(0, 4),
        st.integers(1, 3),
        st.sampled_from([0, 1, 2, 3]),
        st.booleans(),
    ),
    max_size=12,
)


def faults(pieces, in_memory=1_000):
    gathered = DocumentPieces(SOURCES, in_memory)
    for number, (document, offset, tokens, source, held_aside) in enumerate(pieces):
        gathered.add(document, offset, tokens, RecordPlace(0, number, 10 * number), source, held_aside)
    found = list(gathered.faults())
    gathered.close()
    return found, gathered.documents


def whole(pieces):
    """The slow twin: says of each document, token by token, whether it is as it should be."""
    by_split = Counter((document, held_aside) for document, *_, held_aside in pieces)
    if any((document, not held_aside) in by_split for document, held_aside in by_split):
        return False
    for document, held_aside in by_split:
        own = [piece for piece in pieces if piece[0] == document]
        times = ONCE if held_aside else SOURCES[own[0][3]]
        copies = Counter((offset, tokens) for _, offset, tokens, *_ in own)
        covered = Counter(place for offset, tokens in copies for place in range(offset, offset + tokens))
        if any(not times.least <= count <= times.most for count in copies.values()):
            return False
        if any(count > 1 for count in covered.values()):
            return False
        if times.least and sorted(covered) != list(range(len(covered))):
            return False
    return True


def of_one_source(pieces):
    """Gives all pieces of a document one source."""
    first = {}
    return [
        (name, offset, tokens, first.setdefault(name, source), aside) for name, offset, tokens, source, aside in pieces
    ]


@given(PIECES)
def test_faults_are_found_where_going_token_by_token_finds_some(pieces):
    pieces = of_one_source(pieces)

    found, documents = faults(pieces)

    assert (not found) == whole(pieces)
    assert documents == len({document for document, *_ in pieces})


@given(PIECES)
def test_temporary_files_change_nothing_but_the_order(pieces):
    pieces = of_one_source(pieces)

    assert sorted(faults(pieces, in_memory=3)[0]) == sorted(faults(pieces)[0])


@given(st.permutations([(b"a", 0, 5, 0, False), (b"a", 5, 2, 0, False), (b"a", 7, 1, 0, False), (b"b", 0, 1, 0, True)]))
def test_pieces_that_follow_each_other_are_whole_in_any_order(pieces):
    assert faults(pieces) == ([], 2)


@pytest.mark.parametrize(
    ("pieces", "reasons"),
    [
        ([(b"a", 0, 2, 0, False), (b"a", 4, 2, 0, False)], ["has its tokens 2 to 4 in no record"]),
        ([(b"a", 0, 4, 0, False), (b"a", 2, 4, 0, False)], ["has its tokens 2 to 4 in two pieces"]),
        ([(b"a", 0, 2, 0, False)] * 3, ["has its tokens 0 to 2 in 3 places, not in 1"]),
        ([(b"a", 0, 2, 1, False)] * 4, ["has its tokens 0 to 2 in 4 places, not in 2 to 3"]),
        ([(b"a", 0, 2, 0, False), (b"a", 0, 2, 0, True)], ["stands in training and in validation"]),
        (
            [(b"a", 1, 2, 0, False), (b"a", 1, 2, 0, False)],
            ["has its tokens 1 to 3 in 2 places, not in 1", "has its tokens 0 to 1 in no record"],
        ),
    ],
)
def test_each_fault_is_told_with_the_document(pieces, reasons):
    found, _ = faults(pieces)

    assert [(fault.key, fault.reason) for fault in found] == [(document_key(b"a"), reason) for reason in reasons]


def test_the_records_of_a_fault_are_named():
    (fault,) = faults([(b"a", 0, 4, 0, False), (b"b", 0, 1, 0, False), (b"a", 2, 4, 0, False)])[0]

    assert fault.places == (RecordPlace(0, 0, 0), RecordPlace(0, 2, 20))


def test_temporary_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gathered = DocumentPieces({}, in_memory=1)
    gathered.add(b"a", 0, 1, RecordPlace(0, 0, 0), 0, False)
    there = list(tmp_path.iterdir())

    gathered.close()

    assert len(there) == 1
    assert list(tmp_path.iterdir()) == []
