import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs.document import document_id
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.formats import read_stretch
from beam_jobs.sources.wiki.wikipedia import read_mediawiki
from model.contract.errors import InputError
from tests.beam_jobs.packed import CONTAINERS, TWO, lines, reasons, tarred, texts, zipped
from tests.beam_jobs.sample_corpus import SAMPLE, read, source_config


@pytest.mark.parametrize("name", CONTAINERS)
def test_members_are_read_by_the_formats_that_their_names_tell(name):
    members = TWO | {"c.csv": "text\n넷".encode(), "d.pdf": b"%PDF", "read.me": b""}

    documents, bad, skipped = read(read_stretch, CONTAINERS[name](members), name)

    assert texts(documents) == ["하나", "둘", "셋", "넷"]
    assert documents[1].id == document_id("a_source", f"{name}/a.jsonl:{len(lines('하나'))}")
    assert (bad, skipped) == ([], ["other_member", "other_member"])


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_known_by_its_content_where_its_name_says_nothing(name):
    stretch = Stretch("", "corpus", "jsonl")

    outcomes = list(read_stretch(io.BytesIO(CONTAINERS[name](TWO)), source_config(format="jsonl"), stretch))

    assert texts(outcomes) == ["하나", "둘", "셋"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_folders_and_hidden_files_are_passed_over_without_being_counted(pack):
    members = {
        "__MACOSX/a.jsonl": b"x",
        ".git/a.jsonl": b"x",
        "b/._a.jsonl": b"x",
        "./b/": b"",
        "./a.jsonl": lines("글"),
    }

    documents, bad, skipped = read(read_stretch, pack(members), "c.zip" if pack is zipped else "c.tar")

    assert texts(documents) == ["글"]
    assert (bad, skipped) == ([], [])


def test_a_member_of_a_format_that_is_read_from_its_end_is_copied():
    table = io.BytesIO()
    pq.write_table(pa.table({"text": ["하나", "둘"]}), table)

    for pack, name in ((zipped, "c.zip"), (tarred, "c.tar")):
        documents, bad, _ = read(read_stretch, pack({"a.parquet": table.getvalue()}), name)

        assert texts(documents) == ["하나", "둘"]
        assert bad == []


def test_a_wiki_dump_is_read_from_a_zip_as_from_a_file():
    stored = (SAMPLE / "kowiki-pages-articles.xml.bz2").read_bytes()
    wiki = source_config("wikipedia")

    plain, _, skipped = read(read_mediawiki, stored, "wiki.xml.bz2", wiki)
    packed, bad, also_skipped = read(read_stretch, zipped({"wiki.xml.bz2": stored}), "c.zip", wiki)

    assert (packed, also_skipped, bad) == (plain, skipped, [])


@pytest.mark.parametrize("inner", list(CONTAINERS))
@pytest.mark.parametrize("outer", ["o.zip", "o.tar.gz"])
def test_a_container_within_a_container_is_read(inner, outer):
    pack = zipped if outer == "o.zip" else CONTAINERS["c.tar.gz"]

    documents, bad, _ = read(read_stretch, pack({inner: CONTAINERS[inner](TWO), "z.jsonl": lines("끝")}), outer)

    assert texts(documents) == ["하나", "둘", "셋", "끝"]
    assert documents[0].id == document_id("a_source", f"{outer}/{inner}/a.jsonl:0")
    assert bad == []


def test_a_container_within_two_others_is_a_bad_record():
    _, bad, _ = read(read_stretch, zipped({"b.zip": zipped({"c.zip": zipped(TWO)})}), "a.zip")

    assert reasons(bad) == [("a.zip/b.zip/c.zip", "nested_container")]


@pytest.mark.parametrize(("members", "detail"), [({"a.pdf": b"%PDF"}, "as in a.pdf"), ({}, "it holds no file")])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_container_without_any_text_is_a_bad_record(pack, members, detail):
    _, bad, _ = read(read_stretch, pack(members), "c.zip" if pack is zipped else "c.tar")

    assert [record.reason for record in bad] == ["no_member"]
    assert detail in bad[0].detail


@pytest.mark.parametrize("name", ["c.zip", "c.tar.gz", "c.tar"])
@pytest.mark.parametrize("error", [ConnectionResetError("gone"), InputError("gone")])
def test_a_lost_connection_is_no_damage(name, error):
    class Lost(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 300:
                raise error
            return super().read(min(size, 200) if size > 0 else 200)

    stored = CONTAINERS[name]({"a.jsonl": random.Random(0).randbytes(2_000)})

    with pytest.raises(type(error), match="gone"):
        list(read_stretch(Lost(stored), source_config(), Stretch("", name, "")))
