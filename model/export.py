"""Weights out: a directory in transformers' format, written without PyTorch."""

import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
import safetensors.numpy
import tensorflow as tf

from model.checkpoints import restore_weights
from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.manifest import StageOutput, check_outputs, outputs_in
from model.contract.record import BEGIN, CLS, END, MASK, PAD, SEP, SPECIAL_TOKENS, UNKNOWN
from model.contract.stage import Made
from model.heads import MaskedLanguageModel

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.txt"
MODEL_FOLDER = "model"
"""Where the export stage puts the model directory, beside its manifest."""
SAVED_MODEL_FOLDER = "saved_model"
"""Where it puts the SavedModel that takes strings (`model.serving`)."""
TOKENS = {
    "bos_token": BEGIN,
    "eos_token": END,
    "unk_token": UNKNOWN,
    "sep_token": SEP,
    "pad_token": PAD,
    "cls_token": CLS,
    "mask_token": MASK,
}


def export_training(trained: StageOutput, vocabulary: StageOutput, config: EncoderConfig, directory: str) -> Made:
    """Exports the last checkpoint of a finished training to the folders `model` and `saved_model` of a stage's.

    The second, for serving, is left out where tensorflow-text is not installed; the fact `saved_model` says which.

    Raises:
      OutputError: when the training's files are damaged or hold no checkpoint.
      SettingError: when vocabulary and model differ in size.
    """
    check_outputs(trained)
    model = MaskedLanguageModel(config, seed=0)
    restore_weights(trained.directory, model=model)
    export_model(model, vocabulary.directory, places.join(directory, MODEL_FOLDER))
    served = _export_for_serving(model, vocabulary, directory)
    return Made(outputs=outputs_in(directory), facts={SAVED_MODEL_FOLDER: served})


def _export_for_serving(model: MaskedLanguageModel, vocabulary: StageOutput, directory: str) -> bool:
    """Writes the SavedModel, unless this machine has no tensorflow-text: TensorFlow for TPUs comes without it."""
    if importlib.util.find_spec("tensorflow_text") is None:
        return False
    from model.serving import export_saved_model  # it imports this module

    pieces = read_pieces(places.join(vocabulary.directory, VOCABULARY), model.encoder.config)
    export_saved_model(model.encoder, pieces, places.join(directory, SAVED_MODEL_FOLDER))
    return True


def export_model(model: MaskedLanguageModel, vocabulary_dir: str, directory: str) -> None:
    """Writes what transformers' AutoModel, AutoModelForMaskedLM and AutoTokenizer load.

    Everything is made first and copied last, each file whole. Directories may be local or on gs://.

    Args:
      model: the trained model.
      vocabulary_dir: holds the vocab.txt that the model was trained with.
      directory: where the files go.

    Raises:
      SettingError: when the vocabulary's size is not the model's, or its plan is none to train with.
      InputError: when the vocabulary is missing or lacks a special token.
    """
    config = model.encoder.config
    if config.plan == "transformers_evaluation":
        raise SettingError(
            "a model with plan 'transformers_evaluation' cannot be exported, for it is seen so when scored alone; "
            "export it with the plan that it was trained with."
        )
    pieces = read_pieces(places.join(vocabulary_dir, VOCABULARY), config)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        _write_tokenizer(pieces, config.max_positions, made)
        _write_json(made / CONFIG, transformers_config(config, pieces))
        tensors = {tensor_name(variable): stored(variable) for variable in model.variables}
        safetensors.numpy.save_file(tensors, made / WEIGHTS, metadata={"format": "pt"})
        for file in sorted(made.iterdir()):
            places.copy_in(str(file), places.join(directory, file.name))


def transformers_config(config: EncoderConfig, pieces: list[str]) -> dict[str, object]:
    """The fields of transformers' BigBirdConfig, and two of ours that say which random blocks it had."""
    return {
        "architectures": ["BigBirdForMaskedLM"],
        "model_type": "big_bird",
        "tokenizer_class": "BertTokenizer",
        "dtype": "float32",
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.intermediate_size,
        "hidden_act": "gelu_new",
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": config.dropout,
        "max_position_embeddings": config.max_positions,
        "type_vocab_size": 2,
        "initializer_range": config.initializer_range,
        "layer_norm_eps": config.layer_norm_epsilon,
        "attention_type": "block_sparse",
        "block_size": config.block_size,
        "num_random_blocks": config.random_blocks,
        "use_bias": True,
        "rescale_embeddings": False,
        "tie_word_embeddings": True,
        "pad_token_id": pieces.index(PAD),
        "bos_token_id": pieces.index(BEGIN),
        "eos_token_id": pieces.index(END),
        "sep_token_id": pieces.index(SEP),
        "attention_plan": config.plan,
        "attention_plan_seed": config.plan_seed,
    }


def read_pieces(path: str, config: EncoderConfig) -> list[str]:
    """The pieces of a vocab.txt, by id.

    Raises:
      SettingError: when there are not as many as the model has.
      InputError: when the file is missing or lacks a special token.
    """
    pieces = places.read_bytes(path).decode().removesuffix("\n").split("\n")
    if len(pieces) != config.vocabulary_size:
        raise SettingError(
            f"{path} has {len(pieces):,} pieces where the model's vocabulary_size is "
            f"{config.vocabulary_size:,}; export with the vocabulary that the model was trained with."
        )
    if missing := [token for token in SPECIAL_TOKENS if token not in pieces]:
        raise InputError(f"{path} lacks {', '.join(missing)}; a BertTokenizer vocabulary needs them, one a line.")
    return pieces


def tensor_name(variable: tf.Variable) -> str:
    """What transformers calls a variable's tensor: the variable's own name without TensorFlow's additions."""
    return str(variable.name).rsplit("/", maxsplit=1)[-1].removesuffix(":0")


def is_transposed(name: str, rank: int) -> bool:
    """Whether a tensor lies the other way round in transformers: kernels do, embeddings do not."""
    return rank == 2 and "embeddings" not in name


def stored(variable: tf.Variable) -> np.ndarray:
    """A variable's values as transformers stores them; float32, C order."""
    values = variable.numpy()
    return np.ascontiguousarray(values.T if is_transposed(tensor_name(variable), values.ndim) else values)


def _write_tokenizer(pieces: list[str], longest: int, folder: Path) -> None:
    """What transformers 5 reads, by its own hand, and the two files that older versions read."""
    from transformers import BertTokenizer  # heavy, and nothing else here needs it

    ids = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = BertTokenizer(vocab=ids, do_lower_case=False, model_max_length=longest, **TOKENS)
    tokenizer.save_pretrained(folder)
    (folder / VOCABULARY).write_text("\n".join(pieces) + "\n", encoding="utf-8", newline="\n")
    _write_json(folder / "special_tokens_map.json", TOKENS)


def _write_json(path: Path, values: object) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
