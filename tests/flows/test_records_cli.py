import json
import re
import shutil
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from beam_jobs.document import Document
from beam_jobs.storage import parquet_bytes
from flows.cli import app
from flows.records_making import settings_of
from model.contract.errors import InputError, KnownError, SettingError
from model.contract.manifest import open_stage
from tests.child_process import run_python
from tests.model.record_directory import PIECES, records_directory
from tests.small_run import run_command

FIRST = "train-00000-of-00002.tfrecord"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records") / "made"
    records_directory(folder)
    return folder


@pytest.fixture
def broken(made, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(made, folder)
    (folder / FIRST).unlink()
    (folder / "train-00001-of-00002.tfrecord").write_bytes(b"half")
    return folder


TEXT = "한국어 문장은 길다. 나무를 심었다."


def document(name, title="", text=""):
    return Document(name, "wiki", f"https://example.org/{name}", title, text, "", "ko", {})


def run(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, KnownError):
        raise done.exception
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_verify_says_in_one_line_what_it_looked_at(made):
    done = run("verify", made)

    assert done.exit_code == 0
    assert done.stdout.startswith(f"{made}: fine; 5 files, 6 records, 37 tokens of 6 documents, 0.0 MB in ")
    assert done.stdout.count("\n") == 1


def test_a_quick_verify_says_that_it_was_one(made):
    done = run("verify", made, "--quick")

    assert done.exit_code == 0
    assert done.stdout.startswith(f"{made}: fine; sizes and checksums of 5 files, 6 records, 0.0 MB in ")


def test_verify_prints_a_sentence_for_each_fault_and_ends_with_one(broken):
    done = run("verify", broken)

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{broken}/{FIRST} is in the manifest but missing.",
        f"Record 0 of {broken}/train-00001-of-00002.tfrecord, at byte 0, breaks off: the file ends at byte 4, "
        "within its length.",
    ]


def test_verify_of_a_folder_that_is_not_there_is_a_fault(tmp_path):
    done = run("verify", tmp_path / "nowhere")

    assert done.exit_code == 1
    assert "holds no manifest.json" in done.stdout


def test_verify_needs_no_tensorflow(made):
    program = (
        "import sys\nfrom flows.cli import main\n"
        f"sys.argv = ['kobigbird', 'verify', {str(made)!r}]\nmain.__globals__['app'](standalone_mode=False)\n"
        "print('tensorflow' in sys.modules, 'apache_beam' in sys.modules)"
    )

    done = run_python(program)

    assert done.stdout.splitlines()[-1] == "False False", done.stderr


@pytest.mark.parametrize("command", ["tokenize", "verify", "view", "adopt"])
def test_help_imports_no_framework(command):
    program = (
        f"import sys\nfrom flows.cli import main\nsys.argv = ['kobigbird', '{command}', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    print('loaded:', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )

    done = run_python(program)

    loaded = set(done.stderr.split())
    assert done.returncode == 0
    assert "typer" in loaded
    assert not {"tensorflow", "apache_beam", "prefect", "transformers", "torch", "pyarrow", "numpy"} & loaded


def test_view_prints_a_record_with_its_documents_and_masks(made):
    done = run("view", made, "0", "0")

    head, tokens, masks, _, long, _, _, short, _, _, legend = done.stdout.splitlines()
    assert head == f"{FIRST}, record 0 (number 0 of the train split) of wiki"
    assert tokens == "16 tokens, 0 padding, 2 segments"
    assert masks.startswith("masks of epoch 0, seed 42: ")
    assert long == "[1] document long, tokens 0 to 11"
    assert short == "[2] document short, tokens 0 to 2"
    assert legend.startswith("[MASK]{what stood there}")
    assert "\x1b" not in done.stdout


def test_view_shows_other_masks_for_another_epoch_and_seed_and_the_same_ones_again(made):
    def body(*words):
        return run("view", made, "0", "0", *words).stdout.splitlines()[4:]

    shown = {tuple(body("--epoch", epoch, "--seed", seed)) for epoch in range(3) for seed in (1, 2)}

    assert len(shown) > 1
    assert body("--epoch", 2, "--seed", 1) == body("--epoch", 2, "--seed", 1)


def test_view_tells_title_and_address_of_documents_that_are_at_hand(made, tmp_path):
    documents = [document("long", title="긴 글"), document("third", title="셋째")]
    (tmp_path / "documents-wiki.parquet").write_bytes(parquet_bytes(documents))

    lines = run("view", made, FIRST, "0", "--documents", tmp_path).stdout.splitlines()

    at = lines.index("[1] document long, tokens 0 to 11")
    assert lines[at + 1 : at + 3] == ["긴 글", "https://example.org/long"]
    assert not any("셋째" in line for line in lines)


def test_a_title_cannot_steer_the_terminal(made, tmp_path):
    (tmp_path / "documents-wiki.parquet").write_bytes(parquet_bytes([document("long", title="\x1b[2J긴\x07 글")]))

    shown = run("view", made, FIRST, "0", "--documents", tmp_path).stdout

    assert "\ufffd[2J긴\ufffd 글" in shown
    assert "\x1b" not in shown


def test_masks_are_coloured_on_a_terminal_unless_it_is_to_be_plain(made, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    coloured, plain = run("view", made, "0", "0").stdout, run("view", made, "0", "0", "--plain").stdout

    assert "\x1b[1;31m[MASK]" in coloured
    assert "\x1b" not in plain
    assert re.sub("\x1b[^m]*m", "", coloured) == plain


def test_view_takes_masking_and_seed_from_a_preset_and_shows_what_stood_at_each_mask(made, tmp_path):
    masking = "{share: 0.9, mask_share: 1.0, random_share: 0.0}"
    preset = tmp_path / "mine.yaml"
    preset.write_text(f"root: out\nrecords: {made}\nmodel: {{pretrain: {{seed: 7, masking: {masking}}}}}\n")

    lines = run("view", made, "0", "0", "--preset", preset).stdout.splitlines()

    asked = int(lines[2].removeprefix("masks of epoch 0, seed 7: ").split()[0])
    text = f"{lines[5]} {lines[8]}"
    assert asked > 5
    assert text.count("[MASK]") == asked
    assert re.sub(r"(\[MASK\])+{([^}]*)}", r"\2", text) == "한국어 문장 은 길다만 . 나무를 심었다 한국어"


def test_view_of_a_record_that_is_not_there_is_one_sentence(made):
    with pytest.raises(InputError, match=r"has 2 records, so none is number 2; use 0 to 1\.$"):
        run("view", made, "0", "2")


def test_adopt_describes_and_says_how_to_train_on_it(monkeypatch, made):
    def adopt(directory, vocabulary_path, validation_shards):
        assert (directory, vocabulary_path, validation_shards) == (str(made), "pieces.txt", 2)
        return open_stage(str(made)).manifest

    fake = ModuleType("model.kobigbird_records")
    fake.adopt = adopt
    monkeypatch.setitem(sys.modules, "model.kobigbird_records", fake)

    done = run("adopt", made, "--vocab", "pieces.txt", "--validation-shards", "2")

    assert done.stdout == f"records: 6; to train on them, add --set records={made}\n"


@pytest.fixture
def documents(tmp_path):
    """A folder of Documents, and a vocabulary that is not called vocab.txt."""
    folder = tmp_path / "documents"
    folder.mkdir()
    rows = [document(f"{number:032x}", text=f"{TEXT} " * (1 + number % 7)) for number in range(60)]
    (folder / "documents-wiki.parquet").write_bytes(parquet_bytes(rows))
    vocabulary = tmp_path / "pieces.txt"
    vocabulary.write_text("\n".join(PIECES))
    return folder, vocabulary


def test_documents_become_records_that_verify_finds_no_fault_in_and_a_second_time_nothing_is_done(documents, tmp_path):
    folder, vocabulary = documents
    words = ["tokenize", str(folder), "--vocab", str(vocabulary), "--out", str(tmp_path / "out"), "--set"]
    words += ["tokenize.sequence_length=32", "--set", "validation_share=0.2", "--set", "min_shards=2"]

    first, second = run_command(words, {}), run_command([*words, "--json"], {})
    verified = run("verify", tmp_path / "out")

    assert first.returncode == 0, first.stderr
    told = json.loads(second.stdout.splitlines()[-1])
    line = first.stdout.splitlines()[-1]
    assert line.startswith(f"records: {told['records']} with {told['tokens']:,} tokens of text, ")
    assert line.endswith(f"in 2 training and 1 validation shards: {tmp_path}/out")
    assert told["tokens"] == sum(10 * (1 + number % 7) for number in range(60))
    assert "skipped, already done" in second.stderr
    assert verified.exit_code == 0, verified.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--set", "tokenize.sequence_lenght=32"], "sequence_lenght is not a setting; the nearest is sequence_length."),
        (["--processes", "0"], "processes is 0, which cannot be"),
        (["--vocab", "nowhere.txt"], "nowhere.txt: no such file or directory"),
    ],
)
def test_a_bad_word_is_refused_in_one_sentence_before_any_work(documents, tmp_path, words, complaint):
    folder, vocabulary = documents

    with pytest.raises(KnownError, match=complaint):
        run("tokenize", folder, "--vocab", vocabulary, "--out", tmp_path / "out", *words)

    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_left_alone(documents, tmp_path):
    folder, vocabulary = documents
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("mine")

    with pytest.raises(SettingError, match="holds thesis.txt, which this command did not write; name a new folder"):
        run("tokenize", folder, "--vocab", vocabulary, "--out", tmp_path / "precious")

    assert (tmp_path / "precious" / "thesis.txt").read_text() == "mine"


def test_settings_may_be_named_with_or_without_their_stage():
    assert settings_of({"tokenize.seed": 7, "sequence_length": 64}) == settings_of(
        {"seed": 7, "tokenize.sequence_length": 64}
    )
