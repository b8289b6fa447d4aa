import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model.contract import places
from model.contract.errors import OutputError
from model.contract.manifest import MANIFEST, OutputFile, check_outputs, open_stage, outputs_in
from model.contract.stage import Made, Stage

MODULES = ("model.contract.stage",)


@pytest.fixture(params=["disk", pytest.param("gs", marks=pytest.mark.gcs)])
def root(request, tmp_path):
    if request.param == "disk":
        return str(tmp_path)
    return request.getfixturevalue("gs_folder")


def stage_at(root, **settings):
    return Stage("clean", root, settings, MODULES, {"read": "1234"})


def writes(text):
    def work(directory):
        places.replace_bytes(places.join(directory, "part-0"), text.encode())
        return Made(outputs=outputs_in(directory, {"part-0": 1}), counters={"clean/kept": 1}, facts={"n": 1})

    return work


def refuses(directory):
    raise AssertionError("a finished stage was made again")


def test_a_stage_writes_its_manifest_with_what_it_was_and_made(root):
    done = stage_at(root, threshold=3).run(writes("123456789"), runner="FnApiRunner")

    manifest = open_stage(done.directory).manifest
    assert done.directory == f"{root}/clean/{manifest.fingerprint}"
    assert manifest.settings == {"threshold": 3}
    assert manifest.inputs == {"read": "1234"}
    assert manifest.outputs == (OutputFile(name="part-0", bytes=9, records=1, crc32c="e3069283"),)
    assert (manifest.counters, manifest.facts, manifest.runner) == (
        {"clean/kept": 1},
        {"n": 1},
        "FnApiRunner",
    )


def test_a_finished_stage_is_skipped_and_says_so(root):
    lines = []
    stage_at(root).run(writes("a"))

    stage_at(root).run(refuses, log=lines.append)

    assert len(lines) == 1
    assert "clean: skipped, already done" in lines[0]


def test_another_setting_makes_another_directory(root):
    assert stage_at(root, a=1).run(writes("a")).directory != stage_at(root, a=2).run(writes("a")).directory


def test_work_that_fails_leaves_no_manifest_and_the_next_run_does_it(root):
    def fails(directory):
        writes("half")(directory)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stage_at(root).run(fails)

    assert not places.exists(places.join(stage_at(root).directory, MANIFEST))
    assert places.read_bytes(stage_at(root).run(writes("whole")).paths()[0]) == b"whole"


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda path: places.remove(path), "part-0 is in its manifest but missing"),
        (lambda path: places.replace_bytes(path, b"ab"), "part-0 has 2 bytes where its manifest says 3"),
        (
            lambda path: places.replace_bytes(path, b"abd"),
            "part-0 has CRC-32C [0-9a-f]{8} where its manifest says",
        ),
    ],
)
def test_a_damaged_output_is_named(root, damage, fault):
    done = stage_at(root).run(writes("abc"))

    damage(done.paths()[0])

    with pytest.raises(OutputError, match=fault):
        check_outputs(done)


def test_a_finished_stage_with_a_missing_file_is_not_skipped_silently(root):
    places.remove(stage_at(root).run(writes("abc")).paths()[0])

    with pytest.raises(OutputError, match="missing"):
        stage_at(root).run(refuses)


def test_a_manifest_that_cannot_be_read_is_named(root):
    done = stage_at(root).run(writes("abc"))
    places.replace_bytes(places.join(done.directory, MANIFEST), b'{"stage": "cl')

    with pytest.raises(OutputError, match=r"manifest.json is no manifest"):
        stage_at(root).run(refuses)


def test_two_runs_at_once_make_a_stage_once(tmp_path):
    made, lines, barrier = [], [], threading.Barrier(2)

    def slow(directory):
        made.append(directory)
        barrier.wait(timeout=30)  # until the other run has begun
        return writes("a")(directory)

    def second():
        barrier.wait(timeout=30)
        code = (
            "import sys\nfrom model.contract.stage import Stage\n"
            f"stage = Stage('clean', {str(tmp_path)!r}, {{}}, {MODULES!r}, {{'read': '1234'}})\n"
            "stage.run(lambda directory: sys.exit(7), log=print)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        lines.append((done.returncode, done.stdout))

    other = threading.Thread(target=second)
    other.start()
    stage_at(str(tmp_path)).run(slow)
    other.join()

    assert len(made) == 1
    assert lines[0][0] == 0
    assert "skipped" in lines[0][1]


def test_a_manifest_is_plain_json_that_other_programs_read(tmp_path):
    done = stage_at(str(tmp_path)).run(writes("가"))

    values = json.loads(Path(done.directory, MANIFEST).read_text())

    assert values["outputs"][0]["name"] == "part-0"
    assert values["started"] <= values["finished"]
