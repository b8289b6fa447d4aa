import pytest
from pydantic import ValidationError

from beam_jobs.config import CorpusConfig
from model.config import EncoderConfig, ModelConfig
from model.contract.errors import SettingError

SOURCE = {"kind": "news", "format": "jsonl", "paths": ["news.jsonl"]}


def test_a_misspelt_key_is_refused_with_the_nearest_right_one():
    with pytest.raises(SettingError, match=r"^x.yaml: pretrain.masking.shar is not .* pretrain.masking.share\.$"):
        ModelConfig.parse({"pretrain": {"masking": {"shar": 0.1}}}, "x.yaml")


def test_a_misspelt_key_within_a_list_is_refused_with_the_nearest_right_one():
    wrong = {"read": {"sources": [SOURCE | {"path": "a"}]}, "vocabulary": {"path": "v"}}

    with pytest.raises(SettingError, match=r"read.sources.0.path is not .* read.sources.0.paths\.$"):
        CorpusConfig.parse(wrong, "x.yaml")


def test_a_misspelt_required_key_is_named_before_the_missing_one():
    wrong = {"read": {"sources": [SOURCE]}, "vocabulary": {"pth": "v"}}

    with pytest.raises(SettingError, match=r"vocabulary.pth is not a setting; the nearest is vocabulary.path\.$"):
        CorpusConfig.parse(wrong, "x.yaml")


def test_a_missing_key_is_named():
    with pytest.raises(SettingError, match="vocabulary is missing"):
        CorpusConfig.parse({"read": {"sources": [SOURCE]}}, "x.yaml")


def test_a_value_of_the_wrong_kind_is_shown():
    with pytest.raises(SettingError, match="encoder.layers is 'many', which cannot be"):
        ModelConfig.parse({"encoder": {"layers": "many"}}, "x.yaml")


def test_a_sequence_length_that_blocks_do_not_tile_is_refused_with_one_that_they_do():
    with pytest.raises(SettingError, match=r"sequence_length 1000 leaves 40 tokens over .* use 1024\.$"):
        ModelConfig.parse({"pretrain": {"sequence_length": 1000}}, "x.yaml")


def test_settings_cannot_be_changed_once_built():
    with pytest.raises(ValidationError):
        EncoderConfig().layers = 3
