"""Our own directories that hold weights: an import's, and a pretraining's stage. Both keep a checkpoint."""

import functools
import json

import tensorflow as tf

from model.checkpoints import FOLDER, Checkpoints, restore_weights
from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import OutputError
from model.contract.manifest import StageManifest, StageOutput, check_outputs, read_manifest
from model.contract.record import VOCABULARY_FILE
from model.heads import MaskedLanguageModel
from model.weights.found import Found, Tensors
from model.weights.tensor_names import stored, tensor_name

IMPORT, PRETRAIN = "import", "pretrain"
ENCODER_FILE = "encoder.json"
_NEXT_SENTENCE = "model/next_sentence/kernel"
"""Begins the name of a variable of a checkpoint that has the next-sentence head."""


def find_stage(directory: str) -> Found | None:
    """Describes the weights of a finished import or pretraining; None where the directory is neither.

    Raises:
      OutputError: when it is one but its files are not all there.
    """
    manifest = read_manifest(directory)
    if manifest is None or manifest.stage not in (IMPORT, PRETRAIN):
        return None
    check_outputs(StageOutput(directory=directory, manifest=manifest), contents=False)
    config = _config_of(manifest, directory)
    # TensorFlow's list of checkpoints holds the time: without it, two imports of the same weights are known as one.
    names = [file.name for file in manifest.outputs if file.name != f"{FOLDER}/checkpoint"]
    vocabulary = places.join(directory, VOCABULARY_FILE) if VOCABULARY_FILE in names else ""
    return Found(
        place=directory,
        kind=f"the {manifest.stage} stage {manifest.fingerprint}",
        config=config,
        weights=places.join(directory, FOLDER),
        files={name: places.join(directory, name) for name in names},
        vocabulary=vocabulary,
        notices=(),
        read=functools.cache(lambda: _tensors(directory, config)),
    )


def load_stage_model(directory: str, config: EncoderConfig, next_sentence: bool | None = None) -> MaskedLanguageModel:
    """The model of a finished import's or pretraining's newest checkpoint.

    Args:
      directory: the stage's.
      config: its architecture.
      next_sentence: whether to give it that head; as in the checkpoint when None. One that was not trained is as
        it is drawn from seed 0.

    Raises:
      OutputError: when there is no checkpoint, or it is damaged or another model's.
    """
    trained = has_next_sentence(directory)
    model = MaskedLanguageModel(config, seed=0, next_sentence=trained)
    restore_weights(directory, model=model)
    if next_sentence is None or next_sentence == trained:
        return model
    other = MaskedLanguageModel(config, seed=0, next_sentence=next_sentence)
    values = {tensor_name(variable): variable for variable in model.variables}
    for variable in other.variables:
        variable.assign(values.get(tensor_name(variable), variable))
    return other


def has_next_sentence(directory: str) -> bool:
    """Whether a stage's newest checkpoint has the next-sentence head.

    Raises:
      OutputError: when there is no checkpoint, or it cannot be read.
    """
    path = tf.train.latest_checkpoint(places.join(directory, FOLDER))
    if path is None:
        raise OutputError(f"{directory} holds no checkpoint; train or import again.")
    try:
        return any(name.startswith(_NEXT_SENTENCE) for name, _ in tf.train.list_variables(path))
    except Exception:  # TensorFlow's readers fail on a damaged file in many ways
        raise OutputError(f"checkpoint {path} cannot be read; restore it from a copy, or make it again.") from None


def write_import(directory: str, model: MaskedLanguageModel, pieces: bytes | None) -> None:
    """Writes what an import's directory holds, but for its manifest.

    Args:
      directory: local or on gs://.
      model: with its weights.
      pieces: the vocab.txt, if there is one.
    """
    Checkpoints(directory, 1, model=model).save(0)
    settings = json.dumps(model.encoder.config.model_dump(mode="json"), indent=2) + "\n"
    places.replace_bytes(places.join(directory, ENCODER_FILE), settings.encode())
    if pieces is not None:
        places.replace_bytes(places.join(directory, VOCABULARY_FILE), pieces)


def _config_of(manifest: StageManifest, directory: str) -> EncoderConfig:
    if manifest.stage == IMPORT:
        path = places.join(directory, ENCODER_FILE)
        try:
            fields = json.loads(places.read_bytes(path))
        except ValueError:
            raise OutputError(f"{path} is not JSON; import again.") from None
        return EncoderConfig.parse(fields, path)
    fields = manifest.settings.get("encoder")
    if not isinstance(fields, dict):
        raise OutputError(f"{directory}'s manifest tells no encoder; give a pretraining's stage of this version.")
    return EncoderConfig.parse(fields, f"{directory}'s manifest")


def _tensors(directory: str, config: EncoderConfig) -> Tensors:
    model = load_stage_model(directory, config)
    return {tensor_name(variable): stored(variable) for variable in model.variables}
