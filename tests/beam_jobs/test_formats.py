import io
import json
import zipfile

import pytest

from beam_jobs.config import FORMATS_OF
from beam_jobs.files.raw_files import RawFile, open_raw
from beam_jobs.files.stretch import Cut, Stretch
from beam_jobs.sources.formats import FORMATS, cut_file, format_of, read_stretch
from model.contract.errors import SettingError
from tests.beam_jobs.sample_corpus import read, source_config


def test_every_format_of_every_kind_can_be_read():
    assert set(FORMATS) == {name for formats in FORMATS_OF.values() for name in formats}


@pytest.mark.parametrize(
    ("kind", "name", "format_name"),
    [
        ("common_crawl", "CC-MAIN-0.warc.gz", "warc"),
        ("common_crawl", "CC-MAIN-0.warc.wet.gz", "wet"),
        ("common_crawl", "cc-index.parquet", "crawl_index"),
        ("wikipedia", "kowiki-latest-pages-articles.xml.bz2", "mediawiki"),
        ("news", "CC-NEWS-0.warc.gz", "warc"),
        ("news", "a.jsonl", "jsonl"),
        ("news", "a.JSONL.gz", "jsonl"),
        ("news", "a.jsonl.zst", "lm_dataformat"),
        ("news", "a.csv.gz", "csv"),
        ("news", "a.tsv", "tsv"),
        ("news", "a.parquet", "parquet"),
        ("news", "a.txt.gz", "text"),
        ("plain_text", "a.md", "markdown"),
        ("plain_text", "a.mdx", "markdown"),
        ("everyones_corpus", "NWRW1900000001.json", "nikl"),
        ("everyones_corpus", "NIKL_NEWSPAPER_v1.0.zip", ""),
        ("news", "a.tar.gz", ""),
        ("news", "a.tgz", ""),
        ("plain_text", "a.jsonl.zst.tar", ""),
    ],
)
def test_a_name_tells_a_format_of_its_kind(kind, name, format_name):
    assert format_of(source_config(kind), name) == format_name


def test_a_declared_format_counts_whatever_the_name():
    assert format_of(source_config(format="jsonl"), "a.zip") == "jsonl"


def test_declared_fields_mean_that_a_jsonl_zst_is_a_table():
    assert format_of(source_config(fields={"body": "content"}), "a.jsonl.zst") == "jsonl"


@pytest.mark.parametrize("name", ["a", "a.json", "a.txt.old", "jsonl"])
def test_a_name_that_tells_nothing_is_refused_with_the_formats_to_choose_from(name):
    with pytest.raises(SettingError, match=f"the name {name} does not tell its format; set `format` .*markdown"):
        format_of(source_config(), name)


def pack(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def member_texts(source, names):
    packed = pack({name: json.dumps({"text": name}) for name in names})
    return [document.text for document in read(read_stretch, packed, "c.zip", source)[0]]


def test_where_the_format_is_declared_only_members_that_may_be_of_it_are_read():
    names = ["a.jsonl", "b.json", "part-00000", "README.md", "c.pdf"]

    assert member_texts(source_config(format="jsonl"), names) == ["a.jsonl", "b.json", "part-00000"]
    assert member_texts(source_config("news"), names) == ["a.jsonl", '{"text": "README.md"}']


def stored_file(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return RawFile(str(path), name, len(data)), Stretch(str(path), name, "jsonl")


@pytest.mark.parametrize("name", ["corpus.zip", "corpus.jsonl.zip", "corpus"])
def test_a_zip_is_never_cut_between_bytes(name, tmp_path):
    lines = "".join(json.dumps({"text": f"글 {number}"}) + "\n" for number in range(100))
    file, stretch = stored_file(tmp_path, name, pack({f"{number}.jsonl": lines for number in range(5)}))
    source = source_config(format="jsonl")

    cuts = cut_file(file, source, stretch, file.bytes // 3)

    with open_raw(file.path) as opened:
        whole = list(read_stretch(opened, source, stretch))
    found = []
    for cut in cuts:
        with open_raw(file.path) as opened:
            found += read_stretch(opened, source, cut.stretch)
    assert len(cuts) == (1 if name == "corpus" else 3)
    assert found == whole
    assert len(whole) == 500


def test_a_tar_stays_whole_and_a_plain_file_is_cut_as_its_format_is(tmp_path):
    tar, tar_stretch = stored_file(tmp_path, "a.tar.gz", b"x" * 1_000)
    plain, plain_stretch = stored_file(tmp_path, "a.jsonl", b"{}\n" * 400)

    assert cut_file(tar, source_config(), tar_stretch, 100) == [Cut(tar_stretch, 1_000)]
    assert len(cut_file(plain, source_config(), plain_stretch, 100)) == 12
