import json
import re
from pathlib import Path

import pytest

from flows.publishing import published_places, write_publication
from model.contract.errors import OutputError
from model.contract.manifest import StageOutput
from tests.beam_jobs.documents import files_in
from tests.flows.finished_stages import corpus, exported, pretrained, scored, stage


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Corpus stages, training, export and scores of a finished run."""
    root = tmp_path_factory.mktemp("run")
    made = corpus(root)
    trained = pretrained(root, made[-1], made[-2])
    model = exported(root, trained, made[-2])
    scores = [scored(root, "nsmc", "accuracy", 61.5, model), scored(root, "klue_nli", "accuracy", 33.8, model)]
    return made, trained, model, scores


@pytest.fixture(scope="module")
def published(run, tmp_path_factory):
    directory = tmp_path_factory.mktemp("published")
    made = write_publication(*run, str(directory))
    return directory, made


def texts(published) -> list[str]:
    directory, _ = published
    return [(directory / "report.md").read_text(), (directory / "model" / "README.md").read_text()]


def rows(text: str) -> list[list[str]]:
    """Every table row of a Markdown text, by its cells."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]


def test_report_and_card_hold_the_figures_of_the_manifests(published):
    for text in texts(published):
        assert "After 300 steps" in text
        assert all(f"**{figure}**" in text for figure in ("6.4321", "6.8765"))
        assert "54,321 tokens" in text
        assert "Masked accuracy: 0.1234" in text
        assert "Padding: 2.50% of all positions" in text
        found = rows(text)
        assert ["read", "documents", "0", "34", "1,200", "1,234"] in found
        assert ["dedupe", "near_copy", "0", "0", "21", "21"] in found
        assert ["news", "train", "1,000", "61,728", "123,456", "321", "0", "0"] in found
        assert ["nsmc", "accuracy", "61.50", "30.75", "91.16", "91.18", "91.13"] in found
        assert ["klue_nli", "accuracy", "33.80", "16.90", "86.30", "87.17", "86.87"] in found


def test_report_and_card_hold_the_chain_of_manifests(run, published):
    made, trained, model, scores = run
    for text in texts(published):
        chain = {row[0]: row for row in rows(text) if row[1:2] and re.fullmatch("[0-9a-f]{16}", row[1])}

        stages: list[StageOutput] = [*made, trained, model, *scores]
        assert {name: row[1] for name, row in chain.items()} == {
            done.manifest.stage: done.manifest.fingerprint for done in stages
        }
        assert chain["export"][2] == (
            f"pretrain {trained.manifest.fingerprint}, vocabulary {made[3].manifest.fingerprint}"
        )
        assert chain["read"][3] == "FnApiRunner"


def test_the_model_directory_holds_the_exported_files_unchanged_and_a_card(run, published):
    _, _, model, _ = run
    directory, made = published
    given = files_in(Path(model.directory) / "model")

    found = files_in(directory / "model")

    assert {name: found[name] for name in given} == given
    assert set(found) - set(given) == {"README.md", "curve.png"}
    assert published_places(StageOutput(directory=str(directory), manifest=model.manifest)) == (
        str(directory / "model"),
        str(directory / "report.md"),
    )
    assert {file.name for file in made.outputs} == set(files_in(directory))


def test_the_card_opens_with_what_the_hub_reads(published):
    _, card = texts(published)

    assert card.startswith("---\nlanguage: ko\nlibrary_name: transformers\n")
    assert "up to 2,048 tokens" in card


def test_pictures_that_the_texts_show_are_there(published):
    directory, _ = published
    for text, folder in zip(texts(published), (directory, directory / "model"), strict=True):
        (shown,) = re.findall(r"!\[.*?\]\((.*?)\)", text)

        assert (folder / shown).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_run_published_twice_gives_equal_bytes(run, published, tmp_path):
    directory, made = published

    again = write_publication(*run, str(tmp_path))

    assert files_in(tmp_path) == files_in(directory)
    assert again == made


def test_a_damaged_export_is_not_published(run, tmp_path):
    made, trained, _, scores = run
    model = exported(tmp_path, trained)
    Path(model.directory, "model", "config.json").write_bytes(json.dumps([]).encode())

    with pytest.raises(OutputError, match=r"model/config.json has CRC-32C"):
        write_publication(made, trained, model, scores, str(tmp_path / "published"))

    assert not (tmp_path / "published").exists()


def test_a_run_without_tasks_says_that_it_has_no_scores(run, tmp_path):
    made, trained, model, _ = run

    write_publication(made, trained, model, [], str(tmp_path))

    assert "## Scores\n\n(nothing)" in (tmp_path / "report.md").read_text()


def test_a_stage_with_bars_in_its_runner_breaks_no_table(run, tmp_path):
    made, trained, model, scores = run
    odd = stage(tmp_path, "read|er")

    write_publication([odd, *made], trained, model, scores, str(tmp_path / "published"))

    assert r"| read\|er |" in (tmp_path / "published" / "report.md").read_text()
