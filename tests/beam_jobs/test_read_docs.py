import gzip
import json

import pytest

from beam_jobs.config import ReadConfig, RunnerConfig
from beam_jobs.document import Document
from beam_jobs.read_docs import DEAD_LETTERS, read_documents
from beam_jobs.read_plan import find_sources
from beam_jobs.storage import read_parquet
from model.contract import places
from model.contract.errors import InputError
from tests.beam_jobs.sample_corpus import SAMPLE

SAMPLE_SOURCES = (
    {"kind": "common_crawl", "paths": [f"{SAMPLE}/*.warc.gz"]},
    {"kind": "common_crawl", "name": "common_crawl_wet", "paths": [f"{SAMPLE}/*.wet.gz"]},
    {"kind": "wikipedia", "paths": [f"{SAMPLE}/*.xml.bz2"]},
    {"kind": "news", "paths": [f"{SAMPLE}/*.jsonl.gz"]},
    {"kind": "everyones_corpus", "paths": [f"{SAMPLE}/nikl/*.json"]},
)


def settings(*sources: dict, **others) -> ReadConfig:
    return ReadConfig.model_validate({"sources": sources, "max_bad_share": 1.0} | others)


def read(config: ReadConfig, directory, processes: int = 1):
    return read_documents(
        find_sources(config.sources), config, str(directory), RunnerConfig(runner="FnApiRunner", processes=processes)
    )


def documents(made, directory) -> list[Document]:
    names = [file.name for file in made.outputs if file.name.endswith(".parquet")]
    return [document for name in names for document in read_parquet(f"{directory}/{name}")]


def articles(path, *texts: str, **fields):
    lines = [json.dumps({"id": f"{path.name}-{number}", "text": text, **fields}) for number, text in enumerate(texts)]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_every_source_of_the_sample_is_read_and_every_record_counted(tmp_path):
    made = read(settings(*SAMPLE_SOURCES), tmp_path)

    counts = {name: value for name, value in made.counters.items() if name.endswith("/documents")}
    found = documents(made, tmp_path)
    assert counts == {
        "read_docs/common_crawl/documents": 176,
        "read_docs/common_crawl_wet/documents": 346,
        "read_docs/wikipedia/documents": 27,
        "read_docs/news/documents": 20,
        "read_docs/everyones_corpus/documents": 536,
    }
    assert len(found) == sum(counts.values()) == len({document.id for document in found})
    assert sum(file.records for file in made.outputs) == len(found)
    assert not [name for name in made.counters if "/bad_" in name]


def test_two_processes_write_the_bytes_that_one_writes(tmp_path):
    config = settings(*SAMPLE_SOURCES[2:], piece_megabytes=1)

    one, two = (read(config, tmp_path / str(processes), processes) for processes in (1, 2))

    assert one.outputs == two.outputs
    assert one.counters == two.counters
    assert len(one.outputs) > len(config.sources) + 1


def test_bad_records_are_counted_and_sampled_beside_the_documents(tmp_path):
    good, broken = json.dumps({"id": 1, "text": "글"}), "{"
    file = tmp_path / "news.jsonl.gz"
    file.write_bytes(gzip.compress(f"{good}\n{broken}\n".encode()) + gzip.compress(b"{}")[:-9])

    made = read(settings({"kind": "news", "paths": [str(file)]}), tmp_path / "out")

    letters = [json.loads(line) for line in places.read_bytes(f"{tmp_path}/out/{DEAD_LETTERS}").splitlines()]
    assert [document.text for document in documents(made, tmp_path / "out")] == ["글"]
    assert sorted((letter["file"], letter["reason"]) for letter in letters) == [
        ("news.jsonl.gz", "bad_json"),
        ("news.jsonl.gz", "truncated_file"),
    ]
    assert made.counters == {
        "read_docs/news/documents": 1,
        "read_docs/news/bad_bad_json": 1,
        "read_docs/news/bad_truncated_file": 1,
    }


def test_only_the_first_few_bad_records_of_each_reason_are_kept_and_all_are_counted(tmp_path):
    file = tmp_path / "news.jsonl"
    file.write_text('{"id": 1, "text": "글"}\n' + "{\n" * 50 + '{"id": 2}\n' * 3)

    made = read(settings({"kind": "news", "paths": [str(file)]}, dead_letters=2), tmp_path / "out")

    assert made.counters["read_docs/news/bad_bad_json"] == 50
    assert made.counters["read_docs/news/bad_missing_text"] == 3
    assert next(file.records for file in made.outputs if file.name == DEAD_LETTERS) == 4


def test_too_many_bad_records_stop_the_job_with_the_worst_reasons_named(tmp_path):
    file = tmp_path / "news.jsonl"
    file.write_text('{"id": 1, "text": "글"}\n' + "{\n" * 5 + '{"id": 2}\n')

    with pytest.raises(InputError, match=r"6 of 7 .*\(news bad_bad_json 5, news bad_missing_text 1\); see .*dead-le"):
        read(settings({"kind": "news", "paths": [str(file)]}, max_bad_share=0.5), tmp_path / "out")


def test_a_corpus_without_a_document_stops_the_job_and_says_what_came_instead(tmp_path):
    file = articles(tmp_path / "news.jsonl", "글", date="2020-01-01")

    with pytest.raises(InputError, match=r"no document came out of the sources \(news skipped_date 1\)"):
        read(settings({"kind": "news", "paths": [str(file)], "filters": {"since": "2021-01-01"}}), tmp_path / "out")


def test_small_files_share_a_piece_and_each_sources_pieces_are_its_own(tmp_path):
    for source in ("a", "b"):
        (tmp_path / source).mkdir()
        for part in range(3):
            articles(tmp_path / source / f"part-{part}.jsonl", f"{source}{part}")
    blocks = [{"kind": "news", "name": name, "paths": [f"{tmp_path}/{name}/*"]} for name in ("a", "b")]

    made = read(settings(*blocks), tmp_path / "out")

    assert [(file.name, file.records) for file in made.outputs] == [
        (DEAD_LETTERS, 0),
        ("documents-a-00000-of-00001.parquet", 3),
        ("documents-b-00000-of-00001.parquet", 3),
    ]
    assert [document.text for document in documents(made, tmp_path / "out")] == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_limits_and_filters_leave_the_same_documents_out_each_time_and_count_them(tmp_path):
    for part in range(4):
        articles(tmp_path / f"part-{part}.jsonl", *(f"{part} {number}" for number in range(50)))
    block = {"kind": "news", "paths": [f"{tmp_path}/*.jsonl"], "limits": {"max_files": 3, "share": 0.5}}

    first, second = (read(settings(block), tmp_path / name) for name in ("first", "second"))

    kept = first.counters["read_docs/news/documents"]
    assert 50 < kept < 100
    assert first.counters["read_docs/news/skipped_not_in_share"] == 150 - kept
    assert first.outputs == second.outputs


def test_a_number_of_documents_is_spread_over_the_pieces(tmp_path):
    for part in range(3):
        articles(tmp_path / f"part-{part}.jsonl", *("글" * 200_000 for _ in range(4)))  # a piece each
    block = {"kind": "news", "paths": [f"{tmp_path}/*.jsonl"], "limits": {"max_documents": 5}}

    made = read(settings(block, piece_megabytes=4), tmp_path / "out")

    assert sorted(file.records for file in made.outputs if file.name != DEAD_LETTERS) == [0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("source", "text", "cut"),
    [
        ({"kind": "news"}, "비가 온다.", {"news_rules/news/copyright": 14}),
        ({"kind": "news", "trim": False}, "비가 온다.\n무단 전재 및 재배포 금지", {}),
        ({"kind": "plain_text", "format": "jsonl"}, "비가 온다.\n무단 전재 및 재배포 금지", {}),
    ],
)
def test_news_lose_their_copyright_lines_and_what_was_cut_is_counted(source, text, cut, tmp_path):
    file = articles(tmp_path / "news.jsonl", "비가 온다.\n무단 전재 및 재배포 금지")

    made = read(settings(source | {"paths": [str(file)]}), tmp_path / "out")

    assert [document.text for document in documents(made, tmp_path / "out")] == [text]
    assert {name: value for name, value in made.counters.items() if name.startswith("news_rules")} == cut


def test_news_are_trimmed_whatever_genre_their_table_names(tmp_path):
    file = articles(tmp_path / "news.jsonl", "비가 온다.\n무단 전재 및 재배포 금지", genre="날씨")

    made = read(settings({"kind": "news", "paths": [str(file)]}), tmp_path / "out")

    assert [document.text for document in documents(made, tmp_path / "out")] == ["비가 온다."]


def test_of_everyones_corpus_only_newspapers_are_trimmed(tmp_path):
    for key in ("NWRW2600000001", "WBRW2600000001"):
        forms = [
            {"id": f"{key}.1.{n}", "form": form} for n, form in enumerate(("제목", "글", "무단 전재 및 재배포 금지"))
        ]
        corpus = {"id": key, "metadata": {}, "document": [{"id": f"{key}.1", "metadata": {}, "paragraph": forms}]}
        (tmp_path / f"{key}.json").write_text(json.dumps(corpus))

    made = read(settings({"kind": "everyones_corpus", "paths": [f"{tmp_path}/*.json"]}), tmp_path / "out")

    found = [document.text for document in documents(made, tmp_path / "out")]
    assert found == ["글", "제목\n글\n무단 전재 및 재배포 금지"]


@pytest.mark.gcs
def test_files_on_cloud_storage_give_the_same_documents(gs_folder, tmp_path):
    for name in ("news-00000.jsonl.gz", "crawl-00000.warc.wet.gz"):
        places.replace_bytes(f"{gs_folder}/raw/{name}", (SAMPLE / name).read_bytes())
    blocks = {
        place: [
            {"kind": "news", "paths": [f"{place}/news-*.jsonl.gz"]},
            {"kind": "common_crawl", "paths": [f"{place}/*.wet.gz"]},
        ]
        for place in (str(SAMPLE), f"{gs_folder}/raw")
    }

    local, remote = (read(settings(*sources), f"{gs_folder}/{n}") for n, sources in enumerate(blocks.values()))

    assert local.outputs == remote.outputs
    assert local.counters == remote.counters
