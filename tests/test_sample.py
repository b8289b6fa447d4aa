import json
import re
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "sample"
DATA = [file for file in SAMPLE.rglob("*") if file.is_file() and file.suffix != ".md" and "LICENCES" not in str(file)]


@pytest.mark.parametrize("file", DATA, ids=lambda file: file.name)
def test_the_provenance_table_gives_every_files_true_size(file):
    rows = (SAMPLE / "README.md").read_text().splitlines()
    name = re.sub(
        r"_dev(?=\.json$)", "_train", file.name
    )  # a row may name two files of a kind: "…_train.json, …_dev.json"

    sizes = [row for row in rows if row.startswith("|") and (file.name in row or name in row)]

    assert len(sizes) == 1
    assert f"{file.stat().st_size:,}" in sizes[0]


def test_the_sample_stays_small():
    assert 3_000_000 < sum(file.stat().st_size for file in DATA) < 8_000_000
    assert max(file.stat().st_size for file in DATA) < 4 << 20


@pytest.mark.parametrize(("task", "key"), [("klue-nli-v1.1", "premise"), ("klue-sts-v1.1", "sentence1")])
def test_no_sentence_is_in_train_and_dev(task, key):
    train, dev = (
        {record[key] for record in json.loads((SAMPLE / "tasks" / task / f"{task}_{part}.json").read_text())}
        for part in ("train", "dev")
    )

    assert train.isdisjoint(dev)
