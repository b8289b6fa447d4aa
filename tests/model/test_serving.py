import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.contract.errors import InputError, SettingError
from model.contract.record import SPECIAL_TOKENS
from model.encoder import BigBirdEncoder
from model.export import export_model
from model.heads import MaskedLanguageModel
from model.serving import GraphTokenizer, export_saved_model, saved_model_from, usual_widths
from tests.awkward_texts import (
    EVERY_CHARACTER_WITHIN_WORDS,
    PIECES,
    VOCABULARY,
    ids_by,
    original_tokenizer,
    texts,
)
from tests.model.bigbird_twins import small_config, with_random_weights

WIDTHS = (64, 192, 768)
FEW_PIECES = [*SPECIAL_TOKENS, "a", "##a", "b", "##b"]
SHORT, FULL, SPARSE, CUT = "한국어 위키백과", "가나 " * 120, "우리 모두의 백과사전 " * 100, "나라 " * 900


@pytest.fixture(scope="module")
def encoder():
    return with_random_weights(BigBirdEncoder(small_config(vocabulary_size=len(PIECES)), seed=0))


@pytest.fixture(scope="module")
def directory(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("serving") / "saved_model"
    export_saved_model(encoder, PIECES, str(folder), WIDTHS)
    return folder


@pytest.fixture(scope="module")
def served(directory):
    return tf.saved_model.load(str(directory))


@pytest.fixture(scope="module")
def original():
    return original_tokenizer(PIECES)


def encode(served, some):
    found = served.signatures["serving_default"](texts=tf.constant(some, tf.string))
    return {name: values.numpy() for name, values in found.items()}


def ids_of(served, some):
    found = served.signatures["tokenize"](texts=tf.constant(some, tf.string))
    ends = np.cumsum(found["row_lengths"].numpy())
    return [ids.tolist() for ids in np.split(found["input_ids"].numpy(), ends[:-1])] if len(ends) else []


@given(st.lists(texts, max_size=5))
@settings(max_examples=200, deadline=None)
def test_ids_equal_those_of_transformers_on_any_texts(served, original, some):
    assert ids_of(served, some) == ids_by(original, some)


no_text = st.sampled_from([b"\xed\xa0\x80", b"\xc0\x80", b"\xe3", b"\xf0\x9f", b"\xf4\x90\x80\x80", b"\xff", b"\x80"])


@given(st.lists(st.lists(st.binary(max_size=8) | no_text | texts.map(str.encode)).map(b"".join), max_size=4))
@settings(max_examples=100, deadline=None)
def test_bytes_that_are_no_text_are_read_as_replacement_characters(served, original, some):
    assert ids_of(served, some) == ids_by(original, [each.decode(errors="replace") for each in some])


def test_every_character_of_unicode_parts_joins_or_leaves_words_as_in_transformers():
    found = GraphTokenizer(FEW_PIECES)(tf.constant(EVERY_CHARACTER_WITHIN_WORDS))

    assert found.to_list() == ids_by(original_tokenizer(FEW_PIECES), EVERY_CHARACTER_WITHIN_WORDS)


def test_pieces_of_characters_that_tensorflow_text_takes_for_symbols_are_found():
    vocabulary = [*FEW_PIECES, "\u2e43", "##\u061d", "a\u2e43", "\u166d", "\u1b4e", "\ue000", "a b"]
    some = ["a\u2e43b \u2e43 \u2e43\u061d\u061d a\u061d", "\u166da\u166d \u1b4e \ue000a b a b"]

    found = GraphTokenizer(vocabulary)(tf.constant(some))

    assert found.to_list() == ids_by(original_tokenizer(vocabulary), some)


@pytest.mark.parametrize(("some", "width"), [([SHORT, ""], 64), ([FULL, SHORT], 192), ([SPARSE, SHORT, CUT], 768)])
def test_texts_are_framed_cut_and_padded_to_the_narrowest_width_as_transformers_does(served, original, some, width):
    expected = original(some, truncation=True, max_length=WIDTHS[-1], padding="max_length", return_tensors="np")

    found = encode(served, some)

    np.testing.assert_array_equal(found["input_ids"], expected["input_ids"][:, :width])
    np.testing.assert_array_equal(found["attention_mask"], expected["attention_mask"][:, :width])
    assert not expected["attention_mask"][:, width:].any()


@pytest.mark.parametrize("some", [[SHORT, ""], [FULL], [SPARSE, CUT]])
def test_hidden_states_are_those_of_the_encoder(served, encoder, some):
    found = encode(served, some)
    input_ids = tf.constant(found["input_ids"])

    expected = encoder(input_ids, tf.zeros_like(input_ids), tf.constant(found["attention_mask"] == 1))

    np.testing.assert_allclose(found["last_hidden_state"], expected, atol=1e-5)
    np.testing.assert_array_equal(found["cls"], found["last_hidden_state"][:, 0])


def test_a_short_text_has_the_same_hidden_states_beside_a_longer_one_of_full_attention(served):
    alone, beside = encode(served, [SHORT]), encode(served, [SHORT, FULL])

    length = alone["attention_mask"].sum()
    np.testing.assert_allclose(
        alone["last_hidden_state"][0, :length], beside["last_hidden_state"][0, :length], atol=1e-5
    )


def test_no_texts_give_empty_arrays(served):
    assert encode(served, [])["last_hidden_state"].shape == (0, WIDTHS[0], 48)
    assert ids_of(served, []) == []


def test_another_process_needs_nothing_of_ours_to_run_it(directory, original):
    script = f"""
import json, sys
import tensorflow as tf, tensorflow_text
served = tf.saved_model.load({str(directory)!r})
found = served.signatures["serving_default"](texts=tf.constant([{SHORT!r}]))
ours = [name for name in sys.modules if name.split(".")[0] in ("model", "beam_jobs", "flows")]
print(json.dumps([found["input_ids"][0].numpy().tolist(), ours]))
"""

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=directory, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    ids, ours = json.loads(done.stdout.splitlines()[-1])
    assert ours == []
    assert ids == original(SHORT, padding="max_length", max_length=WIDTHS[0])["input_ids"]


def test_a_model_directory_becomes_the_saved_model_of_its_encoder(tmp_path):
    model = with_random_weights(MaskedLanguageModel(small_config(vocabulary_size=len(PIECES), layers=1), seed=0))
    export_model(model, str(VOCABULARY), str(tmp_path / "model"))

    saved_model_from(str(tmp_path / "model"), str(tmp_path / "saved_model"), widths=(64,))

    found = encode(tf.saved_model.load(str(tmp_path / "saved_model")), [SHORT])
    input_ids = tf.constant(found["input_ids"])
    expected = model.encoder(input_ids, tf.zeros_like(input_ids), tf.constant(found["attention_mask"] == 1))
    np.testing.assert_allclose(found["last_hidden_state"], expected, atol=1e-5)


def test_a_directory_without_a_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="config.json"):
        saved_model_from(str(tmp_path), str(tmp_path / "saved_model"))


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ((), "leave no room"),
        ((2, 64), "leave no room between"),
        ((64, 4160), "exceed max_positions 4096"),
    ],
)
def test_widths_that_the_encoder_cannot_have_are_refused_before_anything_is_written(encoder, tmp_path, widths, message):
    with pytest.raises(SettingError, match=message):
        export_saved_model(encoder, PIECES, str(tmp_path / "out"), widths)

    assert not (tmp_path / "out").exists()


@given(st.sampled_from([16, 32, 64]), st.integers(1, 3), st.integers(1, 80))
def test_usual_widths_are_all_widths_that_the_encoder_can_have(block, random_blocks, blocks):
    config = small_config(block_size=block, random_blocks=random_blocks, max_positions=block * blocks)

    widths = usual_widths(config)

    assert list(widths) == sorted(set(widths))
    assert widths[-1] == config.max_positions
    assert all(width <= config.full_attention_up_to or width % block == 0 for width in widths)
