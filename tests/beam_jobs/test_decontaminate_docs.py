import json
import unicodedata
from pathlib import Path

import pytest

from beam_jobs.config import RunnerConfig
from beam_jobs.decontaminate_docs import decontaminate_documents
from beam_jobs.dedupe_config import DecontaminateConfig
from beam_jobs.removed import read_table
from beam_jobs.storage import read_parquet
from model.contract import places
from model.contract.errors import InputError, SettingError
from tests.beam_jobs.documents import document, documents_stage, files_in, real_documents
from tests.beam_jobs.evaluation_files import FOLDER, NAMES, decontaminate_config

RUNNER = RunnerConfig()
REVIEW = "요괴들의 개성에 흘깃하는것도 잠시.. 후반으로 갈수록 지루함과 억지감동의 교차."
"""Half of a review."""
PROSE = max(real_documents(), key=lambda doc: len(doc.text)).text[:3000]


def decontaminate(tmp_path, documents, config, runner=RUNNER, folder="out"):
    """The documents that stay, those removed, the list of matches, and what the job hands back."""
    stage = documents_stage(tmp_path, documents)
    made = decontaminate_documents(stage, config, str(tmp_path / folder), runner)
    files = sorted(Path(tmp_path / folder).iterdir())
    kept = [doc for file in files if file.name.startswith("documents-") for doc in read_parquet(str(file))]
    removed = [row for file in files if file.name.startswith("removed-") for row in read_table(str(file))]
    listed = [
        json.loads(line)
        for file in files
        if file.name.startswith("contaminated-")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    return {doc.id: doc for doc in kept}, removed, listed, made


def test_a_document_without_an_example_stays_as_it_is(tmp_path):
    documents = list(real_documents()[:4])

    kept, removed, listed, made = decontaminate(tmp_path, documents, decontaminate_config())

    assert kept == {doc.id: doc for doc in documents}
    assert removed == listed == []
    assert {name: made.counters[name] for name in made.counters if not name.endswith("/kept")} == {}


def test_an_example_is_cut_out_and_listed(tmp_path):
    dirty = document("dirty", f"{PROSE}\n{REVIEW}\n{PROSE}", metadata={"section": "a"})
    clean = document("clean", PROSE)

    kept, removed, listed, made = decontaminate(tmp_path, [dirty, clean], decontaminate_config())

    assert kept == {dirty.id: dirty._replace(text=f"{PROSE}\n{PROSE}".strip()), clean.id: clean}
    assert removed == []
    ((row,),) = [listed]
    assert (row["document"], row["action"], row["task"], row["example"]) == (dirty.id, "cut", "nsmc", "9756718")
    assert 0.4 < row["share"] < 0.6
    assert dirty.text[row["start"] : row["end"]] == row["passage"] == REVIEW.removesuffix(".")
    assert made.counters == {
        "decontaminate_changes/news/holds_nsmc": 1,
        "decontaminate_docs/news/kept": 2,
    }


def test_a_document_that_is_little_else_goes_and_the_table_says_for_which_example(tmp_path):
    dirty, clean = document("dirty", REVIEW), document("clean", PROSE)

    kept, removed, listed, made = decontaminate(tmp_path, [dirty, clean], decontaminate_config())

    assert set(kept) == {clean.id}
    ((row,),) = [removed]
    assert (row.id, row.rule, row.matched, row.threshold) == (dirty.id, "holds_nsmc", "nsmc/9756718", 0.4)
    assert row.value == pytest.approx(listed[0]["share"], abs=1e-3)
    assert [found["action"] for found in listed] == ["dropped"]
    assert made.counters["decontaminate_docs/news/holds_nsmc"] == 1


def test_a_document_can_be_dropped_for_any_match(tmp_path):
    documents = [document("dirty", f"{PROSE}\n{REVIEW}\n{PROSE}"), document("clean", PROSE)]

    kept, removed, *_ = decontaminate(tmp_path, documents, decontaminate_config(action="drop"))

    assert set(kept) == {documents[1].id}
    assert [row.id for row in removed] == [documents[0].id]


def test_statistics_show_what_was_cut_and_the_manifest_what_was_looked_for(tmp_path):
    documents = [document("dirty", f"{PROSE}\n{REVIEW}\n{PROSE}"), document("clean", PROSE)]

    *_, made = decontaminate(tmp_path, documents, decontaminate_config("nsmc"))

    statistics = json.loads((tmp_path / "out" / "statistics.json").read_bytes())
    assert statistics["changed"]["holds_nsmc"]["news"] == {"documents": 1, "places": 1, "characters": len(REVIEW) + 1}
    (example,) = statistics["examples"]["holds_nsmc"]
    assert example["before"].strip() == REVIEW
    assert example["after"] == ""
    assert made.facts == {"evaluation_texts": {"nsmc": {"indexed": 3, "too_short": 1, "whole": 1}}}


def test_decomposed_syllables_are_found_and_places_are_in_the_composed_text(tmp_path):
    text = f"{PROSE}\n{REVIEW}\n{PROSE}"
    dirty = document("dirty", unicodedata.normalize("NFD", text))

    kept, _, (row,), _ = decontaminate(tmp_path, [dirty], decontaminate_config("nsmc"))

    assert kept[dirty.id].text == f"{PROSE}\n{PROSE}".strip()
    assert text[row["start"] : row["end"]] == row["passage"]


def test_two_processes_write_the_same_bytes_as_one(tmp_path):
    documents = [*real_documents()[:6], document("dirty", f"{PROSE}\n{REVIEW}\n{PROSE}"), document("worse", REVIEW)]

    decontaminate(tmp_path, documents, decontaminate_config(), folder="one")
    decontaminate(tmp_path, documents, decontaminate_config(), RunnerConfig(processes=2), folder="two")

    assert len(files_in(tmp_path / "one")) == 7
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")


def test_a_bad_evaluation_file_stops_the_job_before_it_writes_anything(tmp_path):
    config = DecontaminateConfig.parse({"evaluations": [{"task": "nsmc", "paths": ["/nowhere/*.txt"]}]}, "the test")

    with pytest.raises(InputError, match=r"nsmc matches /nowhere/\*\.txt"):
        decontaminate(tmp_path, [document("a", PROSE)], config)

    assert not (tmp_path / "out").exists()


def test_examples_that_are_all_too_short_stop_the_job(tmp_path):
    (tmp_path / "ratings_test.txt").write_text("id\tdocument\tlabel\n1\t재밌다\t1\n", encoding="utf-8")
    config = DecontaminateConfig.parse(
        {"evaluations": [{"task": "nsmc", "paths": [str(tmp_path / "ratings_test.txt")]}]}, "the test"
    )

    with pytest.raises(InputError, match=r"none of the 1 evaluation texts has 12 compared letters"):
        decontaminate(tmp_path, [document("a", PROSE)], config)


def test_a_job_without_evaluations_is_refused(tmp_path):
    with pytest.raises(SettingError, match=r"decontaminate\.evaluations is empty; name a task"):
        decontaminate(tmp_path, [document("a", PROSE)], DecontaminateConfig())


def test_evaluation_files_are_read_from_cloud_storage(tmp_path, gs_folder):
    places.replace_bytes(f"{gs_folder}/{NAMES['nsmc']}", (FOLDER / NAMES["nsmc"]).read_bytes())
    config = DecontaminateConfig.parse(
        {"evaluations": [{"task": "nsmc", "paths": [f"{gs_folder}/ratings_*.txt"]}]}, "the test"
    )

    kept, removed, *_ = decontaminate(tmp_path, [document("dirty", REVIEW), document("clean", PROSE)], config)

    assert [row.matched for row in removed] == ["nsmc/9756718"]
    assert len(kept) == 1
