import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.document import document_id
from beam_jobs.files.raw_files import RawFile
from beam_jobs.files.stretch import Stretch
from beam_jobs.sources.formats import cut_file, read_stretch
from tests.beam_jobs.packed import TWO, lines, reasons, texts, zipped
from tests.beam_jobs.sample_corpus import read, source_config


@given(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=12), target=st.integers(100, 2_000))
def test_a_zip_gives_the_same_documents_in_any_cuts(tmp_path_factory, sizes, target):
    noise = random.Random(0)
    members = {
        f"{number}.jsonl": lines(*(noise.randbytes(20).hex() for _ in range(size % 7)))
        for number, size in enumerate(sizes)
    }
    path = tmp_path_factory.mktemp("cut") / "c.zip"
    path.write_bytes(zipped(members))
    whole = Stretch(str(path), "c.zip", "")

    cuts = cut_file(RawFile(str(path), "c.zip", path.stat().st_size), source_config(), whole, target)

    def outcomes(stretch):
        return list(read_stretch(io.BytesIO(path.read_bytes()), source_config(), stretch))

    assert [outcome for cut in cuts for outcome in outcomes(cut.stretch)] == outcomes(whole)
    assert len({document.id for document in outcomes(whole)}) == sum(size % 7 for size in sizes)
    assert len(cuts) == 1 or all(cut.bytes <= target or cut.stretch.end == cut.stretch.start + 1 for cut in cuts)


def test_a_wrong_checksum_is_told_and_what_was_read_before_stays():
    stored = bytearray(zipped({"a.jsonl": lines("하나") * 10_000, "b.jsonl": lines("셋")}, zipfile.ZIP_STORED))
    stored[100] ^= 1

    documents, bad, _ = read(read_stretch, bytes(stored), "c.zip")

    assert texts(documents)[-2:] == ["하나", "셋"]
    assert len(documents) > 5_000
    assert [record.file for record in bad] == ["c.zip/a.jsonl"] * len(bad)
    assert bad[-1].reason == "bad_checksum"


def test_deflated_bytes_that_do_not_inflate_cost_the_rest_of_their_member():
    noise = random.Random(0)
    many = [noise.randbytes(100).hex() for _ in range(2_000)]
    stored = bytearray(zipped({"a.jsonl": lines(*many), "b.jsonl": lines("셋")}))
    stored[150_000:150_100] = b"\xff" * 100

    documents, bad, _ = read(read_stretch, bytes(stored), "c.zip")

    assert texts(documents)[:500] == many[:500]
    assert texts(documents)[-1] == "셋"
    assert len(documents) < 2_001
    assert [record.file for record in bad] == ["c.zip/a.jsonl"] * len(bad)
    assert bad[-1].reason in ("damaged_file", "bad_checksum")


@pytest.mark.parametrize("left", [30, 200])
def test_a_zip_without_its_directory_is_truncated(left):
    documents, bad, _ = read(read_stretch, zipped(TWO)[:left], "c.zip")

    assert documents == []
    assert reasons(bad) == [("c.zip", "truncated_file")]


def test_a_zip_whose_directory_is_broken_is_damaged():
    stored = zipped(TWO)
    at = stored.find(b"PK\x01\x02")

    _, bad, _ = read(read_stretch, stored[:at] + b"XXXX" + stored[at + 4 :], "c.zip")

    assert reasons(bad) == [("c.zip", "damaged_file")]


def test_what_is_called_a_zip_and_is_none_is_damaged():
    _, bad, _ = read(read_stretch, lines("글"), "c.zip")

    assert reasons(bad) == [("c.zip", "damaged_file")]
    assert "is none" in bad[0].detail


@pytest.mark.parametrize(("field", "value", "reason"), [(8, 1, "encrypted_member"), (10, 9, "unsupported_method")])
def test_a_member_that_cannot_be_unpacked_is_one_bad_record(field, value, reason):
    stored = bytearray(zipped({"a.jsonl": lines("하나"), "b.jsonl": lines("둘")}))
    stored[stored.find(b"PK\x01\x02") + field] = value

    documents, bad, _ = read(read_stretch, bytes(stored), "c.zip")

    assert texts(documents) == ["둘"]
    assert reasons(bad) == [("c.zip/a.jsonl", reason)]


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_of_members_are_read_whether_or_not_the_zip_tells_their_encoding(encoding):
    name = "말뭉치/신문.jsonl".encode(encoding)
    stored = zipped({"x" * len(name): lines("글")}).replace(b"x" * len(name), name)

    (document,), bad, _ = read(read_stretch, stored, "c.zip")

    assert bad == []
    assert document.id == document_id("a_source", "c.zip/말뭉치/신문.jsonl:0")


def test_a_name_that_zipfile_took_from_an_extra_field_changes_nothing(monkeypatch):
    # As Python 3.13 does with the "Unicode Path" of Korean and German packers.
    stored = zipped({"a.jsonl": lines("하나")})
    expected = read(read_stretch, stored, "c.zip")
    directory = zipfile.ZipFile.infolist

    def infolist(self):
        infos = directory(self)
        for info in infos:
            info.filename = "말뭉치.jsonl"
        return infos

    monkeypatch.setattr(zipfile.ZipFile, "infolist", infolist)

    assert read(read_stretch, stored, "c.zip") == expected


def test_the_member_of_a_large_zip_is_not_unpacked_whole():
    stored = zipped({"a.jsonl": lines("글") * 2_000_000})
    file = io.BytesIO(stored)

    outcomes = read_stretch(file, source_config(), Stretch("", "c.zip", ""))

    assert next(outcomes).text == "글"
    assert file.tell() < len(stored)


def test_a_zip_whose_sizes_take_eight_bytes_is_read():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open("a.jsonl", "w", force_zip64=True) as member:
        member.write(lines("하나"))

    documents, bad, _ = read(read_stretch, packed.getvalue(), "c.zip")

    assert texts(documents) == ["하나"]
    assert bad == []
