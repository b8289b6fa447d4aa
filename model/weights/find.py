"""Finding out what kind of weights a place holds."""

from model.contract import places
from model.contract.errors import InputError
from model.weights.found import Found
from model.weights.stage_directory import find_stage
from model.weights.tf1_checkpoint import find_tf1
from model.weights.transformers_directory import CONFIG, find_transformers, has_weights


def find_weights(place: str, heads: int | None = None) -> Found:
    """Describes the weights of a place, reading none of them yet.

    Args:
      place: an import's or a pretraining's directory, one of transformers', or a TensorFlow 1 checkpoint or its
        folder; local or on gs://.
      heads: the number of attention heads, for a checkpoint without settings.

    Raises:
      InputError: when there is nothing of the kind, a file is missing or damaged, or it is no model that ours can be.
      OutputError: when one of our own directories lacks a file.
      SettingError: for a value in its settings that cannot be.
    """
    if (found := find_stage(place)) is not None:
        return found
    if has_weights(place):  # a checkpoint of TensorFlow 1 may lie beside it
        return find_transformers(place)
    if (found := find_tf1(place, heads)) is not None:
        return found
    if places.exists(places.join(place, CONFIG)):
        return find_transformers(place)  # which says what it lacks
    if not places.exists(place):
        raise InputError(f"{place} does not exist; give a model's directory or a TensorFlow checkpoint.")
    raise InputError(
        f"{place} holds neither {CONFIG} nor a TensorFlow checkpoint; give a directory that transformers wrote, or a "
        "TensorFlow 1 checkpoint with its bert_config.json or pretrain_config.json."
    )
