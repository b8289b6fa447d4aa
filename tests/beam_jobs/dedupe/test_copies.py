import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.dedupe import copies
from beam_jobs.dedupe.copies import best_first, canonical_address, copy_records, without_copies
from beam_jobs.dedupe.nodes import deal, file_of, nodes_of, partition_of, row_of, together, with_field
from beam_jobs.dedupe_config import Preference
from model.contract.errors import InputError
from tests.beam_jobs.documents import document

LONGEST = Preference(("longest", "source"), ("wikipedia",))


def records_of(docs, preference=LONGEST):
    return copy_records(nodes_of(3, np.arange(len(docs))), docs, preference)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.kr/a",
        "https://www.example.kr/a/",
        "https://EXAMPLE.kr:443/a#절",
        "http://example.kr:80/a?utm_source=x&fbclid=1",
    ],
)
def test_addresses_of_one_page_are_one(address):
    assert canonical_address(address) == "example.kr/a"


@pytest.mark.parametrize(
    "address", ["http://example.kr/b", "http://example.kr:8080/a", "http://m.example.kr/a", "http://example.kr/a?id=3"]
)
def test_addresses_of_other_pages_are_others(address):
    assert canonical_address(address) != "example.kr/a"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.kr/?q=%B0%A1", "http://a.kr/?q=%B0%A2"),
        ("http://a.kr/#!/1", "http://a.kr/#!/2"),
        ("doi:10.1/x", "arxiv:10.1/x"),
        ("https://a.kr/?id=1", "https://a.kr/?id=2"),
    ],
)
def test_other_pages_have_other_addresses(one, other):
    assert canonical_address(one) != canonical_address(other)


@given(st.text(max_size=40).map("https://".__add__) | st.text(max_size=20))
def test_no_address_is_beyond_comparing(address):
    assert isinstance(canonical_address(address), str)


def test_of_copies_the_longest_stays_then_the_best_sources_then_the_one_with_the_least_id():
    docs = [
        document("a", "같은 글", id="3", source="news"),
        document("b", "같은  글", id="9", source="news"),
        document("c", "같은\n\n글", id="5", source="wikipedia"),
        document("d", "같은\n 글", id="4", source="wikipedia"),
    ]

    stays, gone = without_copies(records_of(docs), copies.TEXT)

    assert stays["id"].tolist() == [b"4"]
    assert sorted(zip(row_of(gone["node"]).tolist(), gone["matched"].tolist(), strict=True)) == [
        (0, b"4"),
        (1, b"4"),
        (2, b"4"),
    ]


def test_the_source_can_count_more_than_the_length():
    docs = [document("a", "긴 글이다", id="1"), document("b", "긴 글", id="2", source="wikipedia")]
    records = records_of(docs, Preference(("source", "longest"), ("wikipedia", "news")))

    assert records["id"][best_first(records)].tolist() == [b"2", b"1"]


def test_documents_without_an_address_are_no_copies_of_each_other():
    docs = [document(key, f"글 {key}", url="") for key in "abc"]

    stays, gone = without_copies(records_of(docs), copies.ADDRESS)

    assert (len(stays), len(gone)) == (3, 0)


@given(st.lists(st.integers(0, 2**40), max_size=60), st.integers(1, 9))
def test_what_is_dealt_out_comes_together_again(values, partitions):
    nodes = np.array(values, np.uint64)
    records = with_field(np.zeros(len(nodes), [("node", "u8")]), "number", np.arange(len(nodes)))
    records["node"] = nodes

    parts = dict(deal(records, partition_of(nodes, partitions)))

    assert set(parts) <= set(range(partitions))
    assert all((partition_of(part["node"], partitions) == place).all() for place, part in parts.items())
    again = together(parts.values(), like=records)
    assert sorted(again.tolist()) == sorted(records.tolist())


@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_a_node_gives_its_file_and_row_back(file, row):
    nodes = nodes_of(file, np.array([row]))

    assert (file_of(nodes).tolist(), row_of(nodes).tolist()) == ([file], [row])


def test_ids_of_different_lengths_come_together_whole():
    short, long = records_of([document("a", id="1")]), records_of([document("b", id="2" * 70)])

    assert together([short, long])["id"].tolist() == [b"1", b"2" * 70]


def test_one_id_in_two_sources_is_two_documents():
    stays, gone = without_copies(
        records_of([document("a", "첫 글", id="1"), document("b", "다른 글", id="1", source="wikipedia")]), copies.ID
    )

    assert (len(stays), len(gone)) == (2, 0)


def test_documents_without_a_key_are_spread_over_all_partitions():
    records = records_of([document(str(number), f"글 {number}", url="") for number in range(200)])

    places = partition_of(copies.place_key(records, copies.ADDRESS), 8)

    assert len(set(places.tolist())) == 8


def test_an_id_that_would_widen_every_record_is_refused():
    with pytest.raises(InputError, match="an id has 5,000 bytes"):
        records_of([document("a", id="x" * 5_000)])
