import pytest

from beam_jobs.document import document_id
from beam_jobs.sources.selection import host_is, most_documents, skip_reason
from tests.beam_jobs.documents import document
from tests.beam_jobs.sample_corpus import source_config

PAGE = document(
    "page", text="가" * 100, url="https://blog.example.kr:8080/1", date="2024-05-01", metadata={"languages": "kor,eng"}
)


def reason(changes=(), **filters):
    return skip_reason(PAGE._replace(**dict(changes)), source_config("common_crawl", filters=filters))


def test_without_filters_everything_stays():
    assert reason() is None
    assert reason({"url": "", "date": "", "metadata": {}, "text": ""}) is None


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"hosts_deny": ["example.kr"]}, "host_denied"),
        ({"hosts_deny": ["blog.example.kr"]}, "host_denied"),
        ({"hosts_deny": ["log.example.kr", "kr.example.kr"]}, None),
        ({"hosts_deny": ["Example.KR"]}, "host_denied"),
        ({"hosts_allow": ["example.kr"]}, None),
        ({"hosts_allow": ["example.com"]}, "host_not_allowed"),
        ({"hosts_allow": ["example.kr"], "hosts_deny": ["blog.example.kr"]}, "host_denied"),
        ({"languages": ["kor"]}, None),
        ({"languages": ["jpn", "eng"]}, None),
        ({"languages": ["jpn"]}, "language"),
        ({"since": "2024-05-01", "until": "2024-05-01"}, None),
        ({"since": "2024-05-02"}, "date"),
        ({"until": "2024-04-30"}, "date"),
        ({"min_characters": 100, "max_characters": 100}, None),
        ({"min_characters": 101}, "too_short"),
        ({"max_characters": 99}, "too_long"),
    ],
)
def test_a_filter_drops_what_it_names_and_nothing_else(filters, expected):
    assert reason(**filters) == expected


def test_what_a_document_does_not_say_is_held_against_it_only_for_dates_and_hosts():
    silent = {"url": "", "date": "", "metadata": {}}

    assert reason(silent, languages=["jpn"]) is None
    assert reason(silent, hosts_deny=["example.kr"]) is None
    assert reason(silent, hosts_allow=["example.kr"]) == "host_not_allowed"
    assert reason(silent, since="2020-01-01") == "no_date"


def test_an_address_that_is_none_has_no_host():
    broken = {"url": "http://[half/an/address"}

    assert reason(broken, hosts_deny=["example.kr"]) is None
    assert reason(broken, hosts_allow=["example.kr"]) == "host_not_allowed"


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        ({"since": "2024-05-02", "until": "2024-05-01"}, "since 2024-05-02 lies after until 2024-05-01"),
        ({"min_characters": 10, "max_characters": 9}, "min_characters 10 exceeds max_characters 9"),
    ],
)
def test_filters_that_would_keep_nothing_are_refused(filters, complaint):
    with pytest.raises(ValueError, match=complaint):
        source_config(filters=filters)


def test_a_host_is_never_taken_for_one_whose_name_it_ends_in():
    assert host_is("example.kr", ("example.kr",))
    assert host_is("a.b.example.kr", ("example.kr",))
    assert not host_is("notexample.kr", ("example.kr",))
    assert not host_is("example.kr.evil.com", ("example.kr",))


def test_a_share_keeps_about_so_many_documents_and_always_the_same():
    source = source_config(limits={"share": 0.3})
    documents = [document(str(number), id=document_id("news", str(number))) for number in range(2_000)]

    kept = [doc.id for doc in documents if skip_reason(doc, source) is None]

    assert len(kept) == pytest.approx(600, abs=80)
    assert kept == [doc.id for doc in documents if skip_reason(doc, source) is None]
    wider = source_config(limits={"share": 0.6})
    assert set(kept) < {doc.id for doc in documents if skip_reason(doc, wider) is None}


@pytest.mark.parametrize("most", [1, 5, 12, 1_000])
@pytest.mark.parametrize("pieces", [1, 3, 7])
def test_pieces_together_give_as_many_as_the_limit_says(most, pieces):
    source = source_config(limits={"max_documents": most})

    assert sum(most_documents(source, piece, pieces) for piece in range(pieces)) == most
    assert most_documents(source_config(), 0, pieces) is None
