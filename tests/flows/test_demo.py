"""A small project deployed and run by the demo, on a server of its own: one for the whole file."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.demo import stop_server
from flows.local_server import answers
from flows.processes import Process

pytestmark = pytest.mark.prefect

ROOT = Path(__file__).parents[2]

FLOW = """
import os
import time
from typing import Any

from prefect import flow

from flows.outputs import publish_outputs
from flows.tracking import logger, run_flow, stage_task
from model.contract.errors import SettingError

tries = []


@stage_task(name="read", retries=1, task_run_name="read {preset}")
def read(preset: str) -> None:
    tries.append(1)
    logger().info(f"try {len(tries)} of reading")
    if len(tries) == 1:
        raise ConnectionError("gone for a moment")


@stage_task(name="train", retries=3)
def train(steps: int) -> None:
    logger().info(f"process {os.getpid()}")
    if steps < 0:
        raise SettingError(f"steps {steps} cannot be; use 1 or more.")
    for step in range(steps):
        logger().info(f"step {step + 1}/{steps}")
        time.sleep(0.2)


@flow(name="corpus", flow_run_name="corpus {preset}")
def corpus(preset: str) -> None:
    read(preset)


@flow(name="pretrain", flow_run_name="pretrain {preset}")
def pretrain(preset: str = "tiny", overrides: dict[str, Any] = {}) -> None:
    run_flow(corpus, preset=preset)
    train(overrides.get("steps", 2))
    publish_outputs(f"/models/{preset}", f"/reports/{preset}.md")
"""

PROJECT = """
name: small
deployments:
  - name: full
    entrypoint: small_road.pretrain
    work_pool: {name: local}
    concurrency_limit: {limit: 1, collision_strategy: ENQUEUE}
"""

DEMO = "import json, sys; from flows.demo import run_demo; sys.exit(run_demo(overrides=json.loads(sys.argv[1])))"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    (folder / "small_road.py").write_text(FLOW, encoding="utf-8")
    (folder / "prefect.yaml").write_text(PROJECT, encoding="utf-8")
    yield folder
    stop_server(folder)


def start_demo(project: Path, **overrides: object) -> subprocess.Popen[str]:
    """A demo with its output in a pipe, by someone who has no Prefect profile."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env = kept | {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(project / "home")}
    command = [sys.executable, "-c", DEMO, json.dumps(overrides)]
    return subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def read_until(demo: subprocess.Popen[str], pattern: str) -> str:
    """What the demo printed up to a line that matches."""
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if re.search(pattern, line):
            break
    return "".join(lines)


def processes_of(output: str) -> list[int]:
    return [int(re.search(pattern, output)[1]) for pattern in (r"worker \(pid (\d+)", r"train: process (\d+)")]


def test_a_demo_ends_with_the_places_that_the_flow_published(project):
    demo = start_demo(project)

    output = demo.communicate(timeout=300)[0]

    lines = output.splitlines()
    assert demo.returncode == 0, output
    assert lines[-3:-1] == ["model: /models/tiny", "report: /reports/tiny.md"]
    assert re.fullmatch(r"prefect: http://127\.0\.0\.1:\d+/runs/flow-run/[0-9a-f-]{36}", lines[-1])
    assert [Process.find(pid) for pid in processes_of(output)] == [None, None]
    assert "read tiny: try 1 of reading" in output  # a task of a subflow, by its name
    assert "read tiny: try 2 of reading" in output  # a fault that can pass
    assert not (project / "home").exists() or not list((project / "home").glob("*.db"))


def test_the_next_demo_uses_the_same_server_and_tells_why_its_run_failed(project):
    server = json.loads((project / "build" / "prefect" / "server.json").read_text(encoding="utf-8"))
    demo = start_demo(project, steps=-1)

    output = demo.communicate(timeout=300)[0]

    assert demo.returncode == 1
    assert "failed: steps -1 cannot be; use 1 or more." in output.splitlines()
    assert "Traceback" not in output
    assert output.count("train: process") == 1  # a setting is never tried again
    assert f"(pid {server['pid']})" in output
    assert answers(server["url"])
    assert [Process.find(pid) for pid in processes_of(output)] == [None, None]


def test_ctrl_c_cancels_the_run_and_ends_its_processes(project):
    demo = start_demo(project, steps=600)
    output = read_until(demo, "step 1/600")

    demo.send_signal(signal.SIGINT)
    rest = demo.communicate(timeout=90)[0]

    assert demo.returncode == 130, rest
    assert [Process.find(pid) for pid in processes_of(output)] == [None, None]
    assert not (project / "build" / "prefect" / "demo.json").exists()


def test_a_demo_after_a_killed_one_ends_what_it_left_and_gets_the_slot(project):
    killed = start_demo(project, steps=600)
    left = processes_of(read_until(killed, "step 1/600"))
    killed.kill()
    killed.communicate()
    running = [Process.find(pid) for pid in left]
    began = time.monotonic()

    output = start_demo(project, steps=1).communicate(timeout=300)[0]

    assert None not in running
    assert not any(process.alive for process in running)
    assert "ended what an earlier demo had left running" in output
    assert output.splitlines()[-3] == "model: /models/tiny"
    assert time.monotonic() - began < 200  # the killed run's lease on the only slot lasts 300 s


def test_stop_ends_the_server_that_the_demos_left(project, capsys):
    record = json.loads((project / "build" / "prefect" / "server.json").read_text(encoding="utf-8"))
    answered = answers(record["url"])

    code = stop_server(project)

    assert (answered, code) == (True, 0)
    assert not Process(record["pid"], record["started"]).alive
    assert f"pid {record['pid']}" in capsys.readouterr().out


def test_a_folder_without_deployments_is_refused_with_a_sentence(tmp_path):
    done = start_demo(tmp_path).communicate(timeout=60)[0]

    assert f"{tmp_path} holds no prefect.yaml; run the demo in the project's folder." in done
