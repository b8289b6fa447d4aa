import json
from pathlib import Path

import numpy as np
import pytest

from model.contract.errors import InputError
from model.features import Features, encode, load_tokenizer
from model.tasks.task import Example

PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "<s>",
    "</s>",
    "비",
    "##가",
    "온다",
    "눈",
    "[",
    "]",
    "SEP",
]
PAD, UNKNOWN, CLS, SEP = 0, 1, 2, 3
RAIN, PARTICLE, COMES, SNOW, OPEN, CLOSE, WORD = range(7, 14)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "big_bird"}))
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": False,
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def tokenizer(directory):
    return load_tokenizer(str(directory))


def test_a_text_stands_between_cls_and_sep_and_is_padded(tokenizer):
    features = encode(tokenizer, [Example("1", "비가 온다", None, 0)], 8)

    assert features.input_ids.tolist() == [[CLS, RAIN, PARTICLE, COMES, SEP, PAD, PAD, PAD]]
    assert features.attention_mask.tolist() == [[True] * 5 + [False] * 3]
    assert features.segment_ids.tolist() == [[0] * 8]
    assert features.input_ids.dtype == np.int32


def test_the_second_of_a_pair_has_segment_one(tokenizer):
    features = encode(tokenizer, [Example("1", "비가", "눈", 0)], 7)

    assert features.input_ids.tolist() == [[CLS, RAIN, PARTICLE, SEP, SNOW, SEP, PAD]]
    assert features.segment_ids.tolist() == [[0, 0, 0, 0, 1, 1, 0]]


def test_what_is_too_long_is_cut_from_the_longer_text(tokenizer):
    features = encode(tokenizer, [Example("1", "비 비 비 비 비 비", "눈 눈", 0)], 8)

    assert features.input_ids.tolist() == [[CLS, RAIN, RAIN, RAIN, SEP, SNOW, SNOW, SEP]]


def test_special_tokens_in_a_text_are_plain_text(tokenizer):
    features = encode(tokenizer, [Example("1", "비 [SEP] 눈", None, 0)], 7)

    assert features.input_ids.tolist() == [[CLS, RAIN, OPEN, WORD, CLOSE, SNOW, SEP]]


def test_cutting_the_padding_keeps_every_token(tokenizer):
    features = encode(tokenizer, [Example("1", "비가 온다", None, 0), Example("2", "눈", None, 0)], 64)

    short = features.cut(features.longest)

    assert short.input_ids.tolist() == [[CLS, RAIN, PARTICLE, COMES, SEP], [CLS, SNOW, SEP, PAD, PAD]]
    with pytest.raises(ValueError, match="more than 4 tokens"):
        features.cut(4)


def test_as_many_features_as_examples(tokenizer):
    features = encode(tokenizer, [Example(str(i), "비", None, 0) for i in range(3)], 4)

    assert isinstance(features, Features)
    assert len(features) == 3


def test_a_directory_without_tokenizer_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"tokenizer_config\.json"):
        load_tokenizer(str(tmp_path))
