import json

import pytest
import yaml

from beam_jobs.config import ReadConfig
from beam_jobs.launch import UNFINISHED
from beam_jobs.storage import read_parquet
from flows.corpus_listing import count_corpus
from flows.corpus_reading import read_files
from model.contract.errors import SettingError
from tests.beam_jobs.crawl_archive import STORED, index_file, sample_pages
from tests.beam_jobs.sample_corpus import SAMPLE
from tests.small_run import run_command

NIKL = str(SAMPLE / "nikl" / "NWRW2600000001.json")


def last_line(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def news(tmp_path):
    """Four files of 25 articles each."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for part in range(4):
        lines = [json.dumps({"id": f"{part}-{number}", "text": f"글 {part} {number}"}) for number in range(25)]
        (folder / f"part-{part}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def preset_of(folder, **source):
    block = {"kind": "news", "paths": [f"{folder}/*.jsonl"]} | source
    preset = folder.parent / "mine.yaml"
    settings = {"root": "out", "corpus": {"read": {"sources": [block]}, "vocabulary": {"path": "vocab.txt"}}}
    settings["corpus"]["tokenize"] = {"sequence_length": 4096}
    preset.write_text(yaml.safe_dump(settings))
    return str(preset)


def test_a_dry_run_lists_each_source_and_writes_nothing(news, tmp_path):
    preset = preset_of(news)
    before = sorted(tmp_path.rglob("*"))

    listed = last_line(run_command(["corpus", "list", "--preset", preset, "--dry-run", "--json"], {}))

    (source,) = listed["sources"]
    assert listed["dry_run"] is True
    assert source["bytes"] == sum(path.stat().st_size for path in news.iterdir())
    assert (source["source"], source["formats"], source["files"], source["pieces"]) == ("news", ["jsonl"], 4, 1)
    assert source["documents"] == 100
    assert source["paths"] == sorted(map(str, news.iterdir()))
    assert sorted(tmp_path.rglob("*")) == before


def test_counting_reads_everything_and_tells_what_is_no_document(news, tmp_path):
    (news / "part-9.jsonl").write_text("{\n")

    listed = last_line(run_command(["corpus", "list", "--preset", preset_of(news), "--count", "--json"], {}))

    (source,) = listed["sources"]
    assert (source["documents"], source["others"]) == (100, ["bad_bad_json 1"])


def test_counting_reads_the_pages_that_an_index_names(tmp_path):
    pages = sample_pages()
    archive, index = tmp_path / pages[0].warc_filename, tmp_path / "index.parquet"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(STORED)
    index.write_bytes(index_file(pages))
    config = ReadConfig.model_validate(
        {"sources": [{"kind": "common_crawl", "paths": [str(index)], "base": str(tmp_path), "buckets": 3}]}
    )

    (source,) = count_corpus(config)

    assert source["documents"] == sum(each.content_languages == "kor,eng" for each in pages)


def test_files_are_read_without_a_preset_and_a_second_time_nothing_is_done(tmp_path):
    words = ["corpus", "read", "everyones_corpus", NIKL, "--out", str(tmp_path / "out"), "--json"]

    first = last_line(run_command(words, {}))
    second = run_command(words, {})

    documents = list(read_parquet(f"{tmp_path}/out/documents-everyones_corpus-00000-of-00001.parquet"))
    assert first["documents"] == len(documents) == first["counters"]["everyones_corpus/documents"]
    assert "skipped, already done" in second.stderr
    assert last_line(second) == first


def test_settings_of_the_source_are_given_by_their_names(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"key": "a", "content": "본문"}\n')

    done = read_files(
        "news", [str(file)], str(tmp_path / "out"), {"fields.body": "content", "fields.id": "key", "name": "mine"}, 0, 1
    )

    (document,) = read_parquet(f"{tmp_path}/out/documents-mine-00000-of-00001.parquet")
    assert (document.text, document.source, done.documents) == ("본문", "mine", 1)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, news):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")

    with pytest.raises(SettingError, match=r"holds thesis.txt, which this command did not write; name a new folder"):
        read_files("news", [f"{news}/*"], str(out), {}, 0.05, 1)

    assert (out / "thesis.txt").read_text() == "mine"


def test_a_folder_that_holds_something_private_is_left_alone(tmp_path, news):
    out = tmp_path / "precious"
    (out / ".git").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("mine")

    with pytest.raises(SettingError, match=r"holds .git, which this command did not write; name a new folder"):
        read_files("news", [f"{news}/*"], str(out), {}, 0.05, 1)

    assert (out / ".git" / "HEAD").read_text() == "mine"


def test_what_was_read_from_other_files_is_not_overwritten(tmp_path, news):
    read_files("news", [f"{news}/part-0.jsonl"], str(tmp_path / "out"), {}, 0.05, 1)

    with pytest.raises(SettingError, match="holds what was made of other files, with other settings or by another"):
        read_files("news", [f"{news}/part-1.jsonl"], str(tmp_path / "out"), {}, 0.05, 1)


def test_a_folder_without_a_name_is_refused(news):
    with pytest.raises(SettingError, match="--out is empty; name a new folder"):
        read_files("news", [f"{news}/*"], " ", {}, 0.05, 1)


def test_an_unfinished_reading_starts_over(tmp_path, news):
    out = tmp_path / "out"
    out.mkdir()
    (out / "documents-news-00007-of-00009.parquet").write_bytes(b"half of a fi")
    (out / f".{'0f' * 16}.tmp").write_bytes(b"half of an")
    (out / UNFINISHED).touch()

    done = read_files("news", [f"{news}/*"], str(out), {}, 0.05, 1)

    assert done.documents == 100
    assert not (out / "documents-news-00007-of-00009.parquet").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["everyones_korpus", NIKL], "kind is 'everyones_korpus', which cannot be"),
        (["news", "missing.jsonl"], "Source news: no file matches missing.jsonl"),
        (["wikipedia", NIKL], "does not tell its format; set `format` (mediawiki)"),
        (["news", NIKL, "--set", "format=nikl"], "kind news does not come in format nikl; use jsonl"),
        (["everyones_corpus", NIKL, "--set", "layout=file"], "layout means nothing to format nikl"),
        (["everyones_corpus", NIKL, "--processes", "0"], "processes is 0, which cannot be"),
        (["everyones_corpus", NIKL, "--set", "layot=file"], "sources.0.layot is not a setting; the nearest is"),
    ],
)
def test_bad_words_end_with_one_sentence_and_leave_no_folder(words, complaint, tmp_path):
    done = run_command(["corpus", "read", *words, "--out", str(tmp_path / "out")], {})

    assert done.returncode == 2
    assert complaint in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
