import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.local_server import answers, stop_local_server
from flows.processes import Process, last_words, launch, write_record

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def sleeper(tmp_path):
    started = launch([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", os.environ, tmp_path)
    yield started
    started.kill()
    started.wait()


def eventually(what, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_a_process_is_alive_until_it_ends(sleeper):
    process = Process.find(sleeper.pid)
    alive_before = process.alive
    sleeper.kill()

    ended = process.ends_within(10)

    assert alive_before
    assert ended  # although nobody has waited for it: a zombie has ended
    assert Process.find(sleeper.pid) is None


def test_a_process_with_the_same_number_is_another(sleeper):
    earlier = Process(sleeper.pid, "an earlier start")

    assert not earlier.alive


def test_a_child_is_known_by_its_parent(sleeper):
    child, parent, stranger = Process.find(sleeper.pid), Process.find(os.getpid()), Process.find(os.getppid())

    assert child.is_child_of(parent)
    assert not child.is_child_of(stranger)


def test_ending_a_group_ends_stubborn_processes_and_their_children(tmp_path):
    started = launch([sys.executable, "-c", STUBBORN], tmp_path / "log", os.environ, tmp_path)
    child = Process.find(int(eventually((tmp_path / "log").read_text)))

    Process.find(started.pid).end_group(patience=0.3)

    assert started.wait(timeout=10) == -9
    assert child.ends_within(10)


def test_what_is_launched_holds_no_pipe_of_its_starter(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from flows.processes import launch\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "print(launch(sleep, Path('log'), os.environ, Path('.')).pid)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code]

    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=env, check=True)

    launched = Process.find(int(done.stdout))
    assert launched is not None
    assert time.monotonic() - began < 30
    launched.end_group()


def test_the_last_words_of_a_log_skip_frames_and_blanks(tmp_path):
    (tmp_path / "log").write_text("starting\nport 4200 is taken\n╰────╯\n\n", encoding="utf-8")

    assert last_words(tmp_path / "log") == "port 4200 is taken"


def test_stopping_leaves_a_process_alone_that_only_has_the_servers_number(tmp_path, sleeper):
    write_record(tmp_path / "server.json", {"url": "http://127.0.0.1:9/api", "pid": sleeper.pid, "started": "0"})

    stopped = stop_local_server(tmp_path)

    assert stopped is None
    assert sleeper.poll() is None


def test_stopping_ends_the_recorded_server(tmp_path, sleeper):
    process = Process.find(sleeper.pid)
    write_record(tmp_path / "server.json", {"url": "http://127.0.0.1:9/api", **process._asdict()})

    stopped = stop_local_server(tmp_path)

    assert stopped == process
    assert not process.alive
    assert not (tmp_path / "server.json").exists()


def test_a_record_is_whole_json(tmp_path):
    write_record(tmp_path / "a.json", {"pid": 1})

    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"pid": 1}


def test_a_port_where_nothing_listens_does_not_answer():
    assert not answers("http://127.0.0.1:9/api")
