import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from flows.cli import overrides, run_app
from model.contract.errors import SettingError
from tests.child_process import REPOSITORY, run_python

SECONDS = 30
"""What a refusal may take on a busy machine; on an idle one it takes one or two."""
KOBIGBIRD = [sys.executable, "-c", "from flows.cli import main; main()"]
WAYS = {"kobigbird run": [*KOBIGBIRD, "run"], "python -m flows.pretrain": [sys.executable, "-m", "flows.pretrain"]}


def command(words: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def settings_of(assignments: dict[str, object]) -> list[str]:
    return [word for key, value in assignments.items() for word in ("--set", f"{key}={json.dumps(value)}")]


def tiny_with(folder: Path, key: str, value: object) -> Path:
    """A preset file: the tiny one with one setting more."""
    settings = yaml.safe_load((REPOSITORY / "configs" / "tiny.yaml").read_text())
    *way, last = key.split(".")
    section = settings
    for part in way:
        section = section[part]
    section[last] = value
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def bad_input(kind: str, folder: Path) -> tuple[list[str], str]:
    """A command's words with one thing wrong, and what its error has to say."""
    if kind == "missing source":
        paths = [str(folder / "gone.jsonl")]
        return settings_of({"corpus.read.sources.3.paths": paths}), f"no file matches {paths[0]}"
    if kind == "empty source":
        (folder / "empty.jsonl").touch()
        paths = [str(folder / "*.jsonl")]
        return settings_of({"corpus.read.sources.3.paths": paths}), f"{folder}/empty.jsonl is an empty source"
    if kind == "misspelt key":
        preset = tiny_with(folder, "corpus.tokenize.sequence_lenght", 100)
        return ["--preset", str(preset)], "is not a setting; the nearest is corpus.tokenize.sequence_length."
    if kind == "indivisible length":
        lengths = dict.fromkeys(("model.pretrain.sequence_length", "corpus.tokenize.sequence_length"), 1_000)
        return settings_of(lengths), "sequence_length 1000 leaves 8 tokens over with block_size 32; use 1024."
    assert kind == "vocabulary of another size"
    return settings_of({"model.encoder.vocabulary_size": 32_000}), "vocab.txt has 32500 pieces, but"


def test_sources_on_cloud_storage_without_credentials_end_with_one_sentence_within_seconds(tmp_path):
    nobody = {"HOME": str(tmp_path), "NO_GCE_CHECK": "true", "PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}

    done = command([*KOBIGBIRD, "check", "--preset", "base"], nobody)

    assert done.returncode == 2
    *_, line = done.stderr.splitlines()  # google-auth warns of its own
    assert "Traceback" not in done.stderr
    assert line.startswith("error: ")
    assert "needs Google credentials and none were found" in line


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "kind",
    ["missing source", "empty source", "misspelt key", "indivisible length", "vocabulary of another size"],
)
def test_bad_input_ends_with_one_sentence_before_any_work(way, kind, tmp_path):
    root = tmp_path / "runs"
    words, says = bad_input(kind, tmp_path)

    done = command([*WAYS[way], *words, *settings_of({"root": str(root)})])

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert says in line
    assert done.stdout == ""
    assert not root.exists()


def test_help_names_every_command_and_imports_no_framework():
    program = (
        "import sys\nfrom flows.cli import main\nsys.argv = ['kobigbird', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    print('loaded:', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )

    done = run_python(program)

    loaded = done.stderr.split()
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("run", "corpus", "evaluate", "check", "demo", "stop"))
    assert loaded[0] == "loaded:"
    assert "typer" in loaded
    assert not {"tensorflow", "apache_beam", "prefect", "transformers", "torch", "pyarrow", "numpy"} & set(loaded)


def test_check_says_where_a_good_preset_would_write_and_writes_nothing(tmp_path):
    done = command([*KOBIGBIRD, "check", *settings_of({"root": str(tmp_path / "runs")})])

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"tiny: fine; a run would write to {tmp_path / 'runs'}\n"
    assert not (tmp_path / "runs").exists()


def test_an_unknown_option_is_a_usage_error():
    done = command([*KOBIGBIRD, "run", "--steps", "3"])

    assert done.returncode == 2
    assert "No such option" in done.stderr
    assert "Traceback" not in done.stderr


def test_assignments_are_read_as_yaml():
    found = overrides(["a.b=300", "c=[1, x]", "d=null", "e=text with = in it", "f=1.0e-3", "g=", "h='3'"])

    assert found == {"a.b": 300, "c": [1, "x"], "d": None, "e": "text with = in it", "f": 1e-3, "g": None, "h": "3"}


@pytest.mark.parametrize("word", ["steps", "=3", "", "a=[", "a={x", "a=*b", "a=\x01"])
def test_what_is_no_assignment_is_refused_in_one_line(word):
    with pytest.raises(SettingError, match="^--set .* is not (KEY=VALUE|YAML); ") as refused:
        overrides(["model.pretrain.steps=3", word])

    assert "\n" not in str(refused.value)


def test_a_known_error_is_told_without_a_traceback(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kobigbird"])
    app = typer.Typer()

    @app.command()
    def fails() -> None:
        raise SettingError("this cannot be; that would work.")

    with pytest.raises(SystemExit) as left:
        run_app(app)

    assert left.value.code == 2
    assert capsys.readouterr().err == "error: this cannot be; that would work.\n"


def test_a_mistake_in_the_code_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kobigbird"])
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fails() -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        run_app(app)
