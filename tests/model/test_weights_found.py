import json

import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf
import torch
import transformers

from model.contract.errors import InputError, SettingError
from model.heads import MaskedLanguageModel
from model.warm_start import check_same_pieces, warm_start
from model.weights.find import find_weights
from model.weights.tensor_names import POSITIONS, SEGMENTS, WORDS, stored, tensor_name
from model.weights.tf1_checkpoint import tensor_of_variable
from tests.model.bigbird_twins import ours, random_batch, theirs
from tests.model.foreign_models import (
    NORMS,
    bert,
    bird,
    roberta,
    saved,
    saved_as_bin,
    tf1_checkpoint,
    tf1_shapes,
    write_variables,
)

FORMATS = {
    "safetensors": lambda model, place: saved(model, place),
    "sharded": lambda model, place: saved(model, place, max_shard_size="60KB"),
    "bin": lambda model, place: saved_as_bin(model, place),
    "legacy bin": lambda model, place: saved_as_bin(model, place, legacy=True),
}


def started(place, positions="keep", seed=1, **changes):
    """A new model that begins with the weights of a place, and the names of what it drew."""
    found = find_weights(str(place))
    config = found.config.model_copy(update=changes)
    model = MaskedLanguageModel(config, seed, next_sentence=True)
    return model, warm_start(model, found, positions)


def tensors_of(model):
    return {tensor_name(variable): stored(variable) for variable in model.variables}


def with_index(directory, change):
    path = directory / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))


def with_fields(directory, **fields):
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    return directory


@pytest.mark.parametrize("form", FORMATS)
def test_a_bigbird_comes_back_bit_for_bit_from_every_form_of_file(tmp_path, form):
    written = bird()

    model, drawn = started(FORMATS[form](written, tmp_path))

    expected = {name: values for name, values in written.state_dict().items() if "decoder" not in name}
    found = tensors_of(model)
    assert drawn == ()
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].tobytes() == values.numpy().tobytes(), name


def test_a_sharded_bin_is_read_too(tmp_path):
    written = bird()
    saved_as_bin(written, tmp_path)
    tensors = {name: values for name, values in written.state_dict().items() if "decoder" not in name}
    (tmp_path / "pytorch_model.bin").unlink()
    names = {name: f"pytorch_model-0000{1 + number % 2}-of-00002.bin" for number, name in enumerate(tensors)}
    for part in set(names.values()):
        torch.save({name: tensors[name] for name in tensors if names[name] == part}, tmp_path / part)
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": names}))

    model, drawn = started(tmp_path)

    assert drawn == ()
    np.testing.assert_array_equal(tensors_of(model)[WORDS], tensors[WORDS])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("form", FORMATS)
def test_half_precisions_are_widened_without_loss(tmp_path, form, dtype):
    written = bird().to(dtype)

    model, _ = started(FORMATS[form](written, tmp_path))

    np.testing.assert_array_equal(tensors_of(model)[WORDS], written.state_dict()[WORDS].float())


@pytest.mark.parametrize("length", [64, 500])
@pytest.mark.parametrize("make", [bert, roberta], ids=["bert", "roberta"])
def test_where_attention_is_full_hidden_states_equal_those_of_bert_and_roberta(tmp_path, make, length):
    written = make()
    model, _ = started(saved(written, tmp_path))
    batch = random_batch(model.encoder.config, length, padding=17)
    inputs = theirs(batch)
    if make is roberta:
        batch["input_ids"] = np.maximum(batch["input_ids"], 2)  # it tells padding, and so positions, by the id 1
        inputs = theirs(batch)
        del inputs["token_type_ids"]

    with torch.no_grad():
        expected = written.base_model(**inputs).last_hidden_state.numpy()

    there = batch["attention_mask"]
    np.testing.assert_allclose(model.encoder(*ours(batch)).numpy()[there], expected[there], atol=1e-4)


@pytest.mark.parametrize("make", [bert, roberta], ids=["bert", "roberta"])
def test_masked_words_are_scored_as_bert_and_roberta_score_them(tmp_path, make):
    written = make()
    model, _ = started(saved(written, tmp_path))
    batch = random_batch(model.encoder.config, 64, padding=5)
    batch["input_ids"] = np.maximum(batch["input_ids"], 2)
    inputs = theirs(batch)
    if make is roberta:
        del inputs["token_type_ids"]
    positions = tf.constant([[1, 30, 58], [0, 20, 40]])

    with torch.no_grad():
        answers = written(**inputs)
    expected = (answers.logits if make is roberta else answers.prediction_logits).numpy()

    scores = model(*ours(batch), positions)
    np.testing.assert_allclose(scores, np.take_along_axis(expected, positions.numpy()[:, :, None], 1), atol=1e-3)


def test_the_first_two_rows_of_robertas_positions_go_and_its_segment_serves_as_both(tmp_path):
    written = roberta()
    tensors = written.state_dict()

    found = find_weights(str(saved(written, tmp_path)))

    assert found.config.max_positions == 512
    assert found.config.layer_norm_epsilon == 1e-5
    np.testing.assert_array_equal(
        found.read()[POSITIONS], tensors["roberta.embeddings.position_embeddings.weight"].numpy()[2:]
    )
    for row in found.read()[SEGMENTS]:
        np.testing.assert_array_equal(row, tensors["roberta.embeddings.token_type_embeddings.weight"][0])


def test_the_exact_gelu_is_accepted_with_a_notice_that_tells_how_near_ours_is(tmp_path):
    found = find_weights(str(saved(bert(hidden_act="gelu"), tmp_path)))

    (notice,) = found.notices
    assert "exact GELU" in notice
    values = np.linspace(-6, 6, 10_001)
    exact, ours_ = (tf.nn.gelu(tf.constant(values), approximate=approximate) for approximate in (False, True))
    assert 4e-4 < np.abs(exact - ours_).max() < 5e-4


def test_a_bert_that_names_layer_norms_as_in_the_first_years_is_read(tmp_path):
    written = bert()
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): values
        for name, values in written.state_dict().items()
    }

    model, _ = started(saved_as_bin(written, tmp_path, old, legacy=True))

    name = "bert.encoder.layer.1.output.LayerNorm.bias"
    np.testing.assert_array_equal(tensors_of(model)[name], written.state_dict()[name])


def test_a_bare_bert_leaves_heads_as_they_were_drawn(tmp_path):
    _, drawn = started(saved(bert(transformers.BertModel), tmp_path))

    assert {name.split(".")[0] for name in drawn} == {"cls"}


def test_random_positions_are_drawn_from_the_seed_all_of_them(tmp_path):
    saved(bert(), tmp_path)

    model, drawn = started(tmp_path, "random", seed=3, max_positions=4096)

    fresh = MaskedLanguageModel(model.encoder.config, seed=3)
    assert drawn == (POSITIONS,)
    np.testing.assert_array_equal(model.encoder.embeddings.position, fresh.encoder.embeddings.position)


def test_tiled_positions_repeat_those_there_are(tmp_path):
    written = bert()
    saved(written, tmp_path)

    model, drawn = started(tmp_path, "tiled", max_positions=1300)

    rows = written.state_dict()[POSITIONS].numpy()
    assert drawn == ()
    np.testing.assert_array_equal(model.encoder.embeddings.position, rows[np.arange(1300) % 512])


def test_kept_positions_may_be_fewer_but_not_more(tmp_path):
    written = bert()
    saved(written, tmp_path)

    model, _ = started(tmp_path, max_positions=256)

    np.testing.assert_array_equal(model.encoder.embeddings.position, written.state_dict()[POSITIONS][:256])
    with pytest.raises(SettingError, match=r"has 512 positions where .* is 1,024; set .* to random or tiled\."):
        started(tmp_path, max_positions=1024)


@pytest.mark.parametrize(
    ("name", "value"),
    [("vocabulary_size", 98), ("hidden_size", 96), ("layers", 3), ("heads", 4), ("layer_norm_epsilon", 1e-5)],
)
def test_weights_of_other_sizes_are_refused_with_both(tmp_path, name, value):
    saved(bert(), tmp_path)

    with pytest.raises(SettingError, match=rf"has {name} .* where model.encoder.{name} is {value}"):
        started(tmp_path, **{name: value})


def test_a_vocabulary_may_give_special_tokens_and_unused_pieces_a_place_and_nothing_else():
    theirs_ = ["[PAD]", "[unused0]", "가", "나", "[unused1]"]

    check_same_pieces(theirs_, ["[PAD]", "<s>", "가", "나", "다"], "vocab.txt")

    with pytest.raises(SettingError, match=r"has '가' as piece 2 where the run's vocabulary has '하'"):
        check_same_pieces(theirs_, ["[PAD]", "<s>", "하", "나", "다"], "vocab.txt")
    with pytest.raises(SettingError, match="has 5 pieces where the run's vocabulary has 4"):
        check_same_pieces(theirs_, theirs_[:4], "vocab.txt")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model_type": "electra"}, "says model_type 'electra', .* needs 'big_bird' or 'bert' or 'roberta'"),
        ({"hidden_act": "relu"}, "says hidden_act 'relu'"),
        ({"position_embedding_type": "relative_key"}, "says position_embedding_type 'relative_key'"),
        ({"is_decoder": True}, "says is_decoder True"),
        ({"type_vocab_size": 3}, "says type_vocab_size 3"),
        ({"hidden_size": 64, "num_attention_heads": 4}, r"word_embeddings.weight of shape \[97, 48\] .* \[97, 64\]"),
        ({"vocab_size": 98}, r"word_embeddings.weight of shape \[97, 48\] where its config says \[98, 48\]"),
        ({"num_hidden_layers": 1}, r"holds bert.encoder.layer.1.* tells nothing of"),
        ({"num_hidden_layers": 3}, r"lacks bert.encoder.layer.2"),
    ],
)
def test_another_architecture_is_refused_in_one_sentence(tmp_path, fields, message):
    with_fields(saved(bert(), tmp_path), **fields)

    with pytest.raises(InputError, match=message):
        find_weights(str(tmp_path)).read()


def test_an_output_layer_of_its_own_is_refused(tmp_path):
    written = bird()
    tensors = dict(written.state_dict())
    tensors["cls.predictions.decoder.weight"] = tensors["cls.predictions.decoder.weight"] + 1

    with pytest.raises(InputError, match=r"output layer of its own, which ours has not"):
        find_weights(str(saved_as_bin(written, tmp_path, tensors))).read()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_weights_cut_short_is_refused_in_one_sentence(tmp_path, form):
    FORMATS[form](bird(), tmp_path)
    file = max(tmp_path.glob("*"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[:-1000])

    with pytest.raises(InputError, match=rf"{file.name} is no whole"):
        find_weights(str(tmp_path)).read()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda index: index["weight_map"].update({"more": "model-9.safetensors"}),
            "does not exist|no such",
        ),
        (lambda index: index["weight_map"].update({"more": "../secret.bin"}), "which is no file of weights beside it"),
        (lambda index: index["weight_map"].update({"more": "config.json"}), "which is no file of weights beside it"),
        (lambda index: index.pop("weight_map"), "is no list of weight files"),
    ],
)
def test_a_list_of_parts_that_does_not_fit_is_refused(tmp_path, change, message):
    saved(bird(), tmp_path, max_shard_size="60KB")
    with_index(tmp_path, change)

    with pytest.raises(InputError, match=message):
        find_weights(str(tmp_path)).read()


def test_a_part_without_a_tensor_that_the_list_names_is_refused(tmp_path):
    saved(bird(), tmp_path, max_shard_size="60KB")
    with_index(tmp_path, lambda index: index["weight_map"].update(more=index["weight_map"][WORDS]))

    with pytest.raises(InputError, match="names more, which none of its files holds"):
        find_weights(str(tmp_path)).read()


def test_a_stand_in_of_git_lfs_is_called_so(tmp_path):
    saved_as_bin(bird(), tmp_path)
    (tmp_path / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")

    with pytest.raises(InputError, match="git lfs pull"):
        find_weights(str(tmp_path)).read()


def test_a_safetensors_file_of_doubles_is_refused(tmp_path):
    saved(bird(), tmp_path)
    file = tmp_path / "model.safetensors"
    wide = {name: values.astype(np.float64) for name, values in safetensors.numpy.load_file(file).items()}
    safetensors.numpy.save_file(wide, file)

    with pytest.raises(InputError, match="as F64, which is not read"):
        find_weights(str(tmp_path)).read()


@pytest.mark.parametrize("program", NORMS)
def test_a_checkpoint_of_tensorflow_1_comes_back_bit_for_bit_without_its_optimizer(tmp_path, program):
    written = tf1_checkpoint(tmp_path, program)

    model, drawn = started(tmp_path)

    found = tensors_of(model)
    assert drawn == ()
    assert len(found) == len(written)
    for name, values in written.items():
        turned = values.T if name.endswith("/kernel") else values
        assert found[tensor_of_variable(name)].tobytes() == turned.tobytes(), name


@pytest.mark.parametrize("program", NORMS)
def test_every_variable_of_tensorflow_1_is_a_tensor_of_its_own(program):
    names = tf1_shapes(program, 512)

    tensors = {tensor_of_variable(name) for name in names}

    assert len(tensors) == len(names)
    assert tensors == {name for name in bird().state_dict() if "decoder" not in name}


def test_a_checkpoint_of_tensorflow_1_says_its_plan_and_its_settings(tmp_path):
    for program in NORMS:
        tf1_checkpoint(tmp_path / program, program)
    configs = {program: find_weights(str(tmp_path / program)).config for program in NORMS}

    assert {program: config.plan for program, config in configs.items()} == {
        "bert": "transformers",
        "kobigbird": "google",
        "google": "google",
    }
    assert configs["bert"].max_positions == 512
    assert (configs["kobigbird"].block_size, configs["kobigbird"].random_blocks) == (64, 3)


def test_a_checkpoint_without_settings_needs_only_the_heads(tmp_path):
    tf1_checkpoint(tmp_path, "kobigbird")
    with_settings = find_weights(str(tmp_path)).config
    (tmp_path / "pretrain_config.json").unlink()

    with pytest.raises(InputError, match=r"neither pretrain_config.json nor bert_config.json .*\(--heads 12\)"):
        find_weights(str(tmp_path))

    assert find_weights(str(tmp_path / "model.ckpt-7"), heads=3).config == with_settings


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"norm_type": "prenorm"}, "says norm_type 'prenorm'"),
        ({"hidden_act": "relu"}, "says hidden_act 'relu'"),
        ({"vocab_size": 100}, r"of shape \[97, 48\] where its config says \[100, 48\]"),
        ({"num_hidden_layers": 3}, "lacks bert.encoder.layer.2"),
    ],
)
def test_a_checkpoint_that_is_not_as_its_settings_say_is_refused(tmp_path, fields, message):
    tf1_checkpoint(tmp_path, "kobigbird", **fields)

    with pytest.raises(InputError, match=message):
        find_weights(str(tmp_path)).read()


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_a_checkpoint_cut_short_is_refused_in_one_sentence(tmp_path, part):
    tf1_checkpoint(tmp_path, "bert")
    file = tmp_path / f"model.ckpt-7.{part}"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with pytest.raises(InputError, match=r"model.ckpt-7 (is no whole checkpoint|breaks off)"):
        find_weights(str(tmp_path)).read()


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    tf1_checkpoint(tmp_path, "bert")
    write_variables(tmp_path / "model.ckpt-7", {"electra/embeddings/word_embeddings": np.zeros((97, 48), np.float32)})

    with pytest.raises(InputError, match="no variable bert/embeddings/word_embeddings"):
        find_weights(str(tmp_path)).read()


def test_of_several_checkpoints_one_has_to_be_named(tmp_path):
    tf1_checkpoint(tmp_path, "bert")
    write_variables(tmp_path / "model.ckpt-8", {"x": np.float32(0)})

    with pytest.raises(InputError, match=r"holds 2 checkpoints \(model.ckpt-7, model.ckpt-8…\); name one"):
        find_weights(str(tmp_path))

    assert find_weights(str(tmp_path / "model.ckpt-7.index")).weights == str(tmp_path / "model.ckpt-7")


def test_of_both_kinds_in_one_place_transformers_files_are_read(tmp_path):
    tf1_checkpoint(tmp_path, "bert")
    saved(bert(), tmp_path)

    assert find_weights(str(tmp_path)).kind == "transformers' BERT"
    assert find_weights(str(tmp_path / "model.ckpt-7")).kind == "BERT of TensorFlow 1"


@pytest.mark.parametrize("padding", [None, 1])
def test_a_roberta_that_tells_no_padding_id_has_the_usual_one(tmp_path, padding):
    with_fields(saved(roberta(), tmp_path), pad_token_id=padding)

    assert find_weights(str(tmp_path)).read()[POSITIONS].shape == (512, 48)


@pytest.mark.parametrize("name", ["max_position_embeddings", "vocab_size", "num_hidden_layers"])
@pytest.mark.parametrize("value", ["many", None, -1, [3]])
def test_sizes_that_are_no_numbers_are_refused_by_their_names(tmp_path, name, value):
    with_fields(saved(roberta(), tmp_path), **{name: value})

    with pytest.raises(SettingError, match=r"config.json: \w+ is .*, which cannot be"):
        find_weights(str(tmp_path))


def test_a_place_without_weights_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"nowhere does not exist"):
        find_weights(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"holds neither config.json nor a TensorFlow checkpoint"):
        find_weights(str(tmp_path))
