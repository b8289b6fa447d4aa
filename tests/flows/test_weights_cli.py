import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf
import torch
import transformers
from typer.testing import CliRunner

from flows.checksums import checksums
from flows.cli import app
from model.checkpoints import Checkpoints
from model.contract.errors import InputError, KnownError, OutputError, SettingError
from model.contract.manifest import outputs_in, plain
from model.contract.stage import Made, Stage
from model.heads import MaskedLanguageModel
from model.weights.find import find_weights
from model.weights.tensor_names import stored, tensor_name
from model.weights.tf1_checkpoint import tensor_of_variable
from tests.flows.test_cli import KOBIGBIRD, command
from tests.model.bigbird_twins import small_config, small_vocabulary, with_random_weights
from tests.model.foreign_models import BERT_PIECES, bert, bird, roberta, saved, saved_as_bin, tf1_checkpoint


def kobigbird(*words: object) -> str:
    """What the command prints; its errors as they are raised."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def tensors_in(directory: Path) -> dict[str, bytes]:
    found = safetensors.numpy.load_file(directory / "model.safetensors")
    return {name: values.tobytes() for name, values in found.items()}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A BigBird with all its heads, as transformers wrote it and as it was imported."""
    folder = tmp_path_factory.mktemp("imported")
    saved(bird(), folder / "theirs")
    said = kobigbird("import", folder / "theirs", "--out", folder / "ours")
    return folder / "theirs", folder / "ours", said


def test_a_bigbird_imported_and_exported_has_the_same_tensor_bytes(imported, tmp_path):
    theirs, ours, _ = imported

    said = kobigbird("export", ours, "--out", tmp_path / "out")

    assert said == f"BigBirdForPreTraining: {tmp_path / 'out'}\n"
    assert tensors_in(tmp_path / "out") == tensors_in(theirs)
    model, loading = transformers.AutoModelForPreTraining.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert type(model) is transformers.BigBirdForPreTraining
    assert not any(loading.values())


def test_importing_says_what_it_read_and_what_it_drew(imported):
    _, ours, said = imported

    assert "read: transformers' BigBird, 2 layers, 48 wide, 97 pieces" in said
    assert "positions: keep (1,024)" in said
    assert "drawn from the seed: nothing" in said
    assert f"--set model.pretrain.warm_start={ours}" in said


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_torchs_files_give_the_same_directory_as_safetensors(imported, tmp_path, legacy):
    theirs, _, _ = imported
    saved_as_bin(bird(), tmp_path / "bin", legacy=legacy)

    kobigbird("import", tmp_path / "bin", "--out", tmp_path / "ours")
    kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")

    assert tensors_in(tmp_path / "out") == tensors_in(theirs)


@pytest.mark.parametrize("program", ["bert", "kobigbird", "google"])
def test_a_checkpoint_of_tensorflow_1_imported_and_exported_has_the_same_tensor_bytes(tmp_path, program):
    written = tf1_checkpoint(tmp_path / "tf1", program)
    (tmp_path / "tf1" / "tokenizer").mkdir()
    (tmp_path / "tf1" / "tokenizer" / "vocab.txt").write_text("\n".join(BERT_PIECES) + "\n")

    kobigbird("import", tmp_path / "tf1", "--out", tmp_path / "ours")
    kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")

    expected = {
        tensor_of_variable(name): (values.T if name.endswith("/kernel") else values).tobytes()
        for name, values in written.items()
    }
    assert tensors_in(tmp_path / "out") == expected


def test_a_bert_becomes_a_model_of_4096_positions_as_the_published_recipe_makes_it(tmp_path):
    written = bert()
    saved(written, tmp_path / "theirs")

    words = ("import", tmp_path / "theirs", "--positions", "random", "--out", tmp_path / "ours", "--json")
    said = json.loads(kobigbird(*words))
    kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")

    assert said["drawn"] == ["bert.embeddings.position_embeddings.weight"]
    assert (said["max_positions"], said["positions"], said["vocabulary"]) == (4096, "random", True)
    model = transformers.AutoModel.from_pretrained(tmp_path / "out")
    assert model.embeddings.position_embeddings.weight.shape == (4096, 48)
    assert abs(float(model.embeddings.position_embeddings.weight.detach().std()) - 0.02) < 0.004
    assert torch.equal(model.embeddings.word_embeddings.weight, written.bert.embeddings.word_embeddings.weight)
    assert "drawn from seed 42: bert.embeddings.position_embeddings" in (tmp_path / "out" / "README.md").read_text()


def test_a_seed_draws_other_positions_and_the_same_seed_the_same(tmp_path):
    saved(bert(), tmp_path / "theirs")
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        words = ("--positions", "random", "--max-positions", 600, "--seed", seed)
        kobigbird("import", tmp_path / "theirs", *words, "--out", tmp_path / name)
        kobigbird("export", tmp_path / name, "--out", tmp_path / f"{name}-out")

    one, again, other = (tensors_in(tmp_path / f"{name}-out") for name in ("one", "again", "other"))
    assert one == again
    assert {name for name in one if one[name] != other[name]} == {"bert.embeddings.position_embeddings.weight"}


def test_the_attention_plan_can_be_chosen_and_reaches_the_export(tmp_path):
    saved(roberta(hidden_act="gelu"), tmp_path / "theirs")

    words = ("--positions", "tiled", "--max-positions", 1024, "--plan", "uniform", "--out", tmp_path / "ours")
    said = kobigbird("import", tmp_path / "theirs", *words)
    kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")

    assert "note: " in said
    assert "exact GELU" in said
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["attention_plan"], config["layer_norm_eps"]) == ("uniform", 1e-5)
    assert config["bos_token_id"] is None  # BERT's vocabularies have no <s>
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.get_vocab() == {piece: index for index, piece in enumerate(BERT_PIECES)}


def test_a_next_sentence_head_is_added_when_it_is_asked_for_and_said_to_be_untrained(tmp_path):
    saved(bert(transformers.BertForMaskedLM), tmp_path / "theirs")
    kobigbird("import", tmp_path / "theirs", "--out", tmp_path / "ours")

    plain = kobigbird("export", tmp_path / "ours", "--out", tmp_path / "plain")
    said = kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out", "--next-sentence")

    assert plain == f"BigBirdForMaskedLM: {tmp_path / 'plain'}\n"
    assert "note: the weights have no next-sentence head" in said
    _, loading = transformers.BigBirdForPreTraining.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(loading.values())


def test_a_saved_model_comes_with_the_export_when_it_is_asked_for(imported, tmp_path):
    _, ours, _ = imported

    said = json.loads(kobigbird("export", ours, "--out", tmp_path / "out", "--saved-model", "--json"))

    assert said == {
        "directory": str(tmp_path / "out"),
        "architecture": "BigBirdForPreTraining",
        "saved_model": True,
        "notices": [],
    }
    assert (tmp_path / "out" / "saved_model" / "saved_model.pb").exists()


def test_two_imports_of_the_same_weights_are_the_same_to_a_training(imported, tmp_path):
    theirs, ours, _ = imported

    kobigbird("import", theirs, "--out", tmp_path / "again")

    one, again = (checksums(list(find_weights(str(place)).files.items())) for place in (ours, tmp_path / "again"))
    assert one == again
    assert any(name.startswith("checkpoints/") for name in one)


def test_done_before_it_is_not_done_again(imported, tmp_path):
    theirs, ours, said = imported
    before = {path: path.stat().st_mtime_ns for path in ours.rglob("*")}

    again = kobigbird("import", theirs, "--out", ours)

    assert again == said
    assert {path: path.stat().st_mtime_ns for path in ours.rglob("*")} == before


def test_an_import_can_be_imported_with_other_positions(imported, tmp_path):
    _, ours, _ = imported

    words = ("--positions", "tiled", "--max-positions", 2048, "--json", "--out", tmp_path / "longer")
    said = json.loads(kobigbird("import", ours, *words))

    assert said["max_positions"] == 2048
    assert said["kind"].startswith("the import stage ")


def test_a_vocabulary_is_asked_for_where_there_is_none_and_must_be_the_weights_own(tmp_path):
    saved(bird(), tmp_path / "theirs")
    own = tmp_path / "own.txt"
    (tmp_path / "theirs" / "vocab.txt").rename(own)
    kobigbird("import", tmp_path / "theirs", "--out", tmp_path / "ours")
    (tmp_path / "short.txt").write_text("\n".join(BERT_PIECES[:-1]) + "\n")

    with pytest.raises(InputError, match=r"has no vocab.txt; say which it was trained with \(--vocab FILE\)"):
        kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")
    with pytest.raises(SettingError, match=r"short.txt has 96 pieces where the model's vocabulary_size is 97"):
        kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out", "--vocab", tmp_path / "short.txt")
    kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out", "--vocab", own)

    assert (tmp_path / "out" / "vocab.txt").read_text() == own.read_text()


def test_another_vocabulary_of_the_same_size_than_the_weights_were_made_with_is_refused(imported, tmp_path):
    _, ours, _ = imported
    other = tmp_path / "other.txt"
    other.write_text("\n".join([*BERT_PIECES[:-1], "##x"]) + "\n")

    with pytest.raises(SettingError, match="is another vocabulary than"):
        kobigbird("export", ours, "--out", tmp_path / "out", "--vocab", other)


def test_an_altered_import_is_refused(tmp_path):
    saved(bird(), tmp_path / "theirs")
    kobigbird("import", tmp_path / "theirs", "--out", tmp_path / "ours")
    data = next((tmp_path / "ours").glob("checkpoints/*.data-*"))
    data.write_bytes(data.read_bytes()[:-4] + b"\0\1\2\3")

    with pytest.raises(OutputError, match="has CRC-32C"):
        kobigbird("export", tmp_path / "ours", "--out", tmp_path / "out")


def test_folders_that_hold_something_else_are_left_alone(imported, tmp_path):
    theirs, ours, _ = imported
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")

    for words in (("import", theirs), ("export", ours)):
        with pytest.raises(SettingError, match=r"holds thesis.txt, which this command did not write"):
            kobigbird(*words, "--out", tmp_path / "mine")
    with pytest.raises(SettingError, match="lie within each other"):
        kobigbird("import", theirs, "--out", theirs / "ours")
    with pytest.raises(SettingError, match="holds what was made of other files"):
        kobigbird("import", theirs, "--out", ours, "--seed", 5)

    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_failed_import_leaves_nothing_that_looks_like_one(tmp_path):
    saved_as_bin(bird(), tmp_path / "theirs")
    file = tmp_path / "theirs" / "pytorch_model.bin"
    file.write_bytes(file.read_bytes()[:-500])

    with pytest.raises(KnownError, match="is no whole file"):
        kobigbird("import", tmp_path / "theirs", "--out", tmp_path / "ours")

    assert not (tmp_path / "ours").exists()


def test_a_finished_pretraining_is_exported_with_the_vocabulary_that_it_was_trained_with(tmp_path):
    config = small_config()
    model = with_random_weights(MaskedLanguageModel(config, seed=0))
    (tmp_path / "vocab.txt").write_text("\n".join(small_vocabulary(97)) + "\n")

    def work(directory):
        Checkpoints(directory, 3, model=model, step=tf.Variable(20)).save(20)
        return Made(outputs=outputs_in(directory), counters={"pretrain/steps": 20})

    inputs = {"tokenize": "0123", **checksums([("vocab.txt", str(tmp_path / "vocab.txt"))])}
    stage = Stage("pretrain", str(tmp_path), {"encoder": plain(config)}, (), inputs).run(work)

    words = ("--vocab", tmp_path / "vocab.txt", "--out", tmp_path / "out")
    said = kobigbird("export", stage.directory, *words)

    assert said == f"BigBirdForMaskedLM: {tmp_path / 'out'}\n"
    found = tensors_in(tmp_path / "out")
    assert found == {tensor_name(variable): stored(variable).tobytes() for variable in model.variables}
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"Pretrained for 20 steps: stage pretrain {stage.manifest.fingerprint}." in card


def test_what_is_no_import_cannot_be_exported(tmp_path):
    with pytest.raises(InputError, match=r"holds neither a finished import nor a finished pretraining"):
        kobigbird("export", saved(bird(), tmp_path / "theirs"), "--out", tmp_path / "out")


def test_what_says_other_heads_than_its_settings_is_refused(tmp_path):
    saved(bird(), tmp_path / "theirs")

    with pytest.raises(InputError, match="says 3 attention heads where --heads says 4"):
        kobigbird("import", tmp_path / "theirs", "--out", tmp_path / "ours", "--heads", 4)


def test_a_mistake_ends_with_one_sentence_and_exit_code_2(tmp_path):
    done = command([*KOBIGBIRD, "import", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "nowhere" in last


def test_random_values_differ_from_zero_so_that_the_above_means_something(imported):
    theirs, _, _ = imported

    assert all(np.frombuffer(data, np.float32).any() for data in tensors_in(theirs).values())
