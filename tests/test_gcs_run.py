"""The whole road on Cloud Storage: what it reads, keeps between runs and writes lies on gs://, as on disk.

The roads run as the command does, in child processes: TensorFlow's gs:// is bent to the emulator there, and they can
be killed.
"""

import dataclasses
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.config import load_run_config
from flows.corpus import corpus
from flows.pretrain import pretrain
from model.checkpoints import FOLDER
from model.contract import places
from model.contract.errors import KnownError, OutputError
from model.contract.manifest import MANIFEST, StageOutput, check_outputs, open_stage
from model.training_curve import CURVE_FILE, read_curve
from tests.conftest import Gcs
from tests.small_run import CHECKPOINT_EVERY, STEPS, SmallRun, run_command, small_run

pytestmark = pytest.mark.gcs

CORPUS = ["read", "clean", "dedupe", "decontaminate", "vocabulary", "tokenize", "corpus-report"]
STAGES = [*CORPUS, "pretrain", "export", "finetune-nsmc", "publish"]
NOWHERE = "gs://no-such-bucket/here"
MISSING = (
    r"^(Source news: )?gs://no-such-bucket does not exist; create the bucket or correct gs://no-such-bucket/here.*\.$"
)

DIES_WHILE_CLEANING = """
import os
from beam_jobs import each_file
write = each_file.write_shard
def write_and_die(directory, *words):
    made = write(directory, *words)
    if "/clean/" in directory: os.kill(os.getpid(), 9)
    return made
each_file.write_shard = write_and_die
"""
DIES_AFTER_A_CHECKPOINT = f"""
import os
from model.training_curve import TrainingCurve
write = TrainingCurve.write
def write_and_die(self, directory):
    write(self, directory)
    if self.training[-1].step > {CHECKPOINT_EVERY}: os.kill(os.getpid(), 9)
TrainingCurve.write = write_and_die
"""


@dataclasses.dataclass(frozen=True)
class Road:
    """A finished run: its preset, what it said, and its stages by name."""

    run: SmallRun
    said: str
    stages: dict[str, StageOutput]


def stages_at(root: str) -> dict[str, StageOutput]:
    manifests = places.glob(places.join(root, "*", "*", MANIFEST))
    found = [open_stage(path.removesuffix(f"/{MANIFEST}")) for path in manifests]
    return {stage.manifest.stage: stage for stage in found}


def told(stage: StageOutput) -> dict[str, Any]:
    return stage.manifest.model_dump(exclude={"started", "finished"})


def contents(stage: StageOutput) -> dict[str, bytes]:
    return {file.name: places.read_bytes(places.join(stage.directory, file.name)) for file in stage.files()}


@pytest.fixture(scope="module")
def gs_run(gcs: Gcs, tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    return small_run(f"{gcs.root}/small", tmp_path_factory.mktemp("on_gs"))


@pytest.fixture(scope="module")
def roads(
    gs_run: SmallRun, tensorflow_gcs_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Road, Road]:
    """On disk, undisturbed; and on gs://, killed after its first checkpoint and run again. Both at once."""
    folder = tmp_path_factory.mktemp("on_disk")
    disk_run = small_run(str(folder), folder)

    def undisturbed() -> Road:
        return finished(disk_run, {})

    def disturbed() -> Road:
        killed = run_command(["run", "--preset", gs_run.preset], tensorflow_gcs_environment, DIES_AFTER_A_CHECKPOINT)
        assert killed.returncode == -9, killed.stderr
        assert sorted(stages_at(gs_run.root)) == sorted(CORPUS)
        return finished(gs_run, tensorflow_gcs_environment)

    with ThreadPoolExecutor(2) as pool:
        on_disk, on_gs = pool.submit(undisturbed), pool.submit(disturbed)
        return on_disk.result(), on_gs.result()


def finished(run: SmallRun, environment: Mapping[str, str]) -> Road:
    ended = run_command(["run", "--preset", run.preset], environment)
    assert ended.returncode == 0, ended.stderr
    return Road(run, ended.stderr, stages_at(run.root))


@pytest.fixture(scope="module")
def on_disk(roads: tuple[Road, Road]) -> Road:
    return roads[0]


@pytest.fixture(scope="module")
def on_gs(roads: tuple[Road, Road]) -> Road:
    return roads[1]


@pytest.fixture
def copied_corpus(on_gs: Road, gs_folder: str) -> str:
    """A root that holds only the finished corpus stages."""
    for name in CORPUS:
        directory = on_gs.stages[name].directory
        for fact in places.list_files(directory):
            place = places.join(gs_folder, fact.path[len(on_gs.run.root) + 1 :])
            places.replace_bytes(place, places.read_bytes(fact.path))
    return gs_folder


@pytest.mark.parametrize("name", CORPUS)
def test_a_corpus_stage_is_the_same_on_gs_as_on_disk(on_disk: Road, on_gs: Road, name: str) -> None:
    assert told(on_gs.stages[name]) == told(on_disk.stages[name])
    assert contents(on_gs.stages[name]) == contents(on_disk.stages[name])


def test_nothing_but_manifests_and_outputs_is_left_on_gs(on_gs: Road) -> None:
    expected = [
        places.join(stage.directory, name)
        for stage in on_gs.stages.values()
        for name in (MANIFEST, *(file.name for file in stage.files()))
    ]

    assert [fact.path for fact in places.list_files(on_gs.run.root)] == sorted(expected)


def test_a_second_run_skips_every_stage(on_gs: Road, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "kobigbird"):
        published = pretrain.fn(on_gs.run.preset)

    assert published == on_gs.stages["publish"]
    skipped = [found[1] for line in caplog.messages if (found := re.match(r"(\S+): skipped, already done in", line))]
    assert skipped == STAGES
    assert not [line for line in caplog.messages if "started" in line]


def test_a_corpus_stage_that_was_killed_starts_over_and_comes_out_the_same(
    on_disk: Road, gs_run: SmallRun, gcs: Gcs, gs_folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed = run_command(
        ["corpus", "build", "--preset", gs_run.preset, "--set", f"root={gs_folder}"],
        gcs.environment,
        first=DIES_WHILE_CLEANING,
    )
    left = places.list_files(places.join(gs_folder, "clean"))
    half_made = left[0].path.rpartition("/")[0]
    places.replace_bytes(places.join(half_made, "documents-stray.parquet"), b"of another try")
    with caplog.at_level(logging.INFO, "kobigbird"):
        made = corpus.fn(gs_run.preset, {"root": gs_folder})

    assert killed.returncode == -9, killed.stderr
    assert 0 < len(left) < len(made.cleaned.paths())
    assert [line.split(",")[0] for line in caplog.messages[:2]] == ["read: skipped", "clean: started"]
    assert made.cleaned.directory == half_made
    for stage in made:
        check_outputs(stage)
        assert told(stage) == told(on_disk.stages[stage.manifest.stage])
    files = {fact.path for fact in places.list_files(half_made)}
    assert files == {*made.cleaned.paths(), places.join(half_made, MANIFEST)}


def test_a_training_that_was_killed_goes_on_from_its_checkpoint_on_gs_to_the_very_same_curve(
    on_disk: Road, on_gs: Road
) -> None:
    ours, undisturbed = on_gs.stages["pretrain"], on_disk.stages["pretrain"]

    assert f"resuming at step {CHECKPOINT_EVERY} from {ours.directory}/{FOLDER}/step-{CHECKPOINT_EVERY}" in on_gs.said
    assert "resuming" not in on_disk.said
    assert read_curve(ours.directory).training[-1].step == STEPS
    assert ours.manifest.fingerprint == undisturbed.manifest.fingerprint
    files, expected = contents(ours), contents(undisturbed)
    assert sorted(files) == sorted(expected)
    differ = [name for name in files if files[name] != expected[name]]
    assert differ == [f"{FOLDER}/checkpoint"]  # TensorFlow's list of checkpoints, with the times of their writing
    assert CURVE_FILE in files


@pytest.mark.parametrize("name", ["export", "finetune-nsmc", "publish"])
def test_model_scores_and_report_are_the_same_on_gs_as_on_disk(on_disk: Road, on_gs: Road, name: str) -> None:
    ours, expected = on_gs.stages[name], on_disk.stages[name]

    # TensorFlow names a SavedModel's functions by how many the process made before, so its bytes may differ.
    assert told(ours) | {"outputs": ()} == told(expected) | {"outputs": ()}
    assert [file.name for file in ours.files()] == [file.name for file in expected.files()]
    files, others = contents(ours), contents(expected)
    assert {name for name in files if files[name] != others[name]} <= {name for name in files if "saved_model/" in name}


def cut(data: bytes) -> bytes:
    return data[:-100]


def alter(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(("damage", "fault"), [(cut, "bytes where its manifest says"), (alter, "has CRC-32C")])
def test_a_damaged_shard_is_named_before_the_first_step(
    copied_corpus: str, on_gs: Road, damage: Any, fault: str
) -> None:
    from model.pretrain import pretrain as train

    config, stages = load_run_config(on_gs.run.preset), stages_at(copied_corpus)
    shard = stages["tokenize"].paths("train-")[0]
    places.replace_bytes(shard, damage(places.read_bytes(shard)))
    said: list[str] = []

    with pytest.raises(OutputError, match=f"^{re.escape(shard)} .*{fault}"):
        train(
            config.model.encoder,
            config.model.pretrain,
            stages["tokenize"],
            stages["vocabulary"],
            places.join(copied_corpus, "pretrain"),
            config.device,
            said.append,
        )

    assert said == []
    assert places.list_files(places.join(copied_corpus, "pretrain")) == []


def test_a_run_over_a_truncated_shard_names_it_and_makes_nothing(copied_corpus: str, on_gs: Road) -> None:
    shard = stages_at(copied_corpus)["tokenize"].paths("train-")[0]
    places.replace_bytes(shard, cut(places.read_bytes(shard)))
    before = places.list_files(copied_corpus)

    with pytest.raises(OutputError, match=f"^{re.escape(shard)} has .* bytes where its manifest says"):
        pretrain.fn(on_gs.run.preset, {"root": copied_corpus})

    assert places.list_files(copied_corpus) == before


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("root", NOWHERE),
        ("corpus.vocabulary.path", NOWHERE),
        ("corpus.read.sources.0.paths", [f"{NOWHERE}/*.jsonl"]),
        ("model.finetune.0.dev", NOWHERE),
    ],
)
def test_a_missing_bucket_is_one_sentence_within_seconds(gs_run: SmallRun, setting: str, value: Any) -> None:
    with pytest.raises(KnownError, match=MISSING):
        pretrain.fn(gs_run.preset, {setting: value})


def test_places_on_gs_stay_as_the_preset_has_them(gs_run: SmallRun) -> None:
    config = load_run_config(gs_run.preset)

    assert config.root == gs_run.root
    assert config.corpus.vocabulary.path == f"{gs_run.inputs}/vocab.txt"
    assert [path for source in config.corpus.read.sources for path in source.paths] == [
        f"{gs_run.inputs}/{pattern}" for pattern in ("news/*/*.jsonl.gz", "wiki/*.xml.bz2", "nikl/*.json")
    ]
    assert config.model.finetune[0].train == f"{gs_run.inputs}/nsmc/ratings_train.txt"


@pytest.mark.parametrize("root", ["gs:/lab/run", "s3://lab/run", "gs://"])
def test_a_root_that_is_nearly_on_gs_is_no_folder_on_disk(
    gs_run: SmallRun, tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(KnownError, match=re.escape(root)):
        corpus.fn(gs_run.preset, {"root": root})

    assert list(tmp_path.iterdir()) == []
