"""Weights out: a directory in transformers' format, written without PyTorch."""

import importlib.util
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import safetensors.numpy

from model.checkpoints import restore_weights
from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.manifest import StageOutput, check_outputs, outputs_in
from model.contract.record import BEGIN, CLS, END, MASK, PAD, SEP, UNKNOWN
from model.contract.stage import Made
from model.heads import MaskedLanguageModel, SequenceClassifier, SpanReader
from model.model_card import model_card
from model.vocabulary_files import pieces_at
from model.weights.tensor_names import POOLER, stored, tensor_name
from model.weights.transformers_directory import CONFIG, VOCABULARY, WEIGHTS

CARD = "README.md"
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
NEEDED = (PAD, UNKNOWN, CLS, SEP, MASK)
"""BERT's vocabularies have these alone; ours have <s> and </s> as well."""
Exportable = MaskedLanguageModel | SequenceClassifier | SpanReader


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
    vocabulary_path = places.join(vocabulary.directory, VOCABULARY)
    served = export_for_serving(model, vocabulary_path, places.join(directory, SAVED_MODEL_FOLDER))
    return Made(outputs=outputs_in(directory), facts={SAVED_MODEL_FOLDER: served})


def export_for_serving(model: MaskedLanguageModel, vocabulary: str, directory: str) -> bool:
    """Writes the SavedModel, unless this machine has no tensorflow-text: TensorFlow for TPUs comes without it.

    Args:
      model: with its weights.
      vocabulary: the path of its vocab.txt.
      directory: where the files go.

    Returns:
      Whether it was written.
    """
    if importlib.util.find_spec("tensorflow_text") is None:
        return False
    from model.serving import export_saved_model  # it imports this module

    export_saved_model(model.encoder, read_pieces(vocabulary, model.encoder.config), directory)
    return True


def export_model(
    model: Exportable,
    vocabulary_dir: str,
    directory: str,
    labels: Sequence[str] = (),
    origin: Sequence[str] = (),
) -> None:
    """Writes what transformers' AutoTokenizer loads, and its AutoModel… class of the model's kind.

    Everything is made first and copied last, each file whole. Directories may be local or on gs://.

    Args:
      model: the trained model. A masked language model with a next-sentence head becomes a BigBirdForPreTraining.
      vocabulary_dir: holds the vocab.txt that the model was trained with.
      directory: where the files go.
      labels: a classifier's, by index; numbered where none are given.
      origin: sentences for the model card on what it was made of.

    Raises:
      SettingError: when the vocabulary's size is not the model's, or its plan is none to train with.
      InputError: when the vocabulary is missing or lacks a special token.
    """
    export_with_vocabulary(model, places.join(vocabulary_dir, VOCABULARY), directory, labels, origin)


def export_with_vocabulary(
    model: Exportable, vocabulary: str, directory: str, labels: Sequence[str] = (), origin: Sequence[str] = ()
) -> None:
    """`export_model` with the path of a vocabulary file of any name."""
    config = model.encoder.config
    if config.plan == "transformers_evaluation":
        raise SettingError(
            "a model with plan 'transformers_evaluation' cannot be exported, for it is seen so when scored alone; "
            "export it with the plan that it was trained with."
        )
    pieces = read_pieces(vocabulary, config)
    kind, fields = _head(model, labels)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        _write_tokenizer(pieces, config.max_positions, made)
        _write_json(made / CONFIG, {**transformers_config(config, pieces), "architectures": [kind], **fields})
        (made / CARD).write_text(model_card(config, kind, origin), encoding="utf-8", newline="\n")
        tensors = {tensor_name(variable): stored(variable) for variable in model.variables}
        if isinstance(model, SpanReader):  # transformers' has no pooler
            tensors = {name: values for name, values in tensors.items() if not name.startswith(POOLER)}
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
        "bos_token_id": _index(pieces, BEGIN),
        "eos_token_id": _index(pieces, END),
        "sep_token_id": pieces.index(SEP),
        "attention_plan": config.plan,
        "attention_plan_seed": config.plan_seed,
    }


def read_pieces(path: str, config: EncoderConfig) -> list[str]:
    """The pieces of a vocab.txt, by id.

    Raises:
      SettingError: when there are not as many as the model has.
      InputError: when the file is missing, no text, or lacks a special token.
    """
    pieces = pieces_at(path)
    if len(pieces) != config.vocabulary_size:
        raise SettingError(
            f"{path} has {len(pieces):,} pieces where the model's vocabulary_size is "
            f"{config.vocabulary_size:,}; give the vocabulary that the model was trained with."
        )
    if missing := [token for token in NEEDED if token not in pieces]:
        raise InputError(f"{path} lacks {', '.join(missing)}; a BertTokenizer vocabulary needs them, one a line.")
    return pieces


def _head(model: Exportable, labels: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The class of transformers that the model is, and what its config.json says of the head."""
    if isinstance(model, SpanReader):
        return "BigBirdForQuestionAnswering", {}
    if isinstance(model, MaskedLanguageModel):
        return ("BigBirdForMaskedLM" if model.next_sentence is None else "BigBirdForPreTraining"), {}
    count = int(model.output.bias.shape[0])
    names = list(labels) or [f"LABEL_{number}" for number in range(count)]
    if len(names) != count:
        raise SettingError(f"{len(names)} labels are given where the classifier has {count}; give one for each.")
    fields: dict[str, object] = {
        "id2label": {str(number): name for number, name in enumerate(names)},
        "label2id": {name: number for number, name in enumerate(names)},
    }
    if count == 1:
        fields["problem_type"] = "regression"
    return "BigBirdForSequenceClassification", fields


def _index(pieces: list[str], token: str) -> int | None:
    return pieces.index(token) if token in pieces else None


def _write_tokenizer(pieces: list[str], longest: int, folder: Path) -> None:
    """What transformers 5 reads, by its own hand, and the two files that older versions read."""
    from transformers import BertTokenizer  # heavy, and nothing else here needs it

    ids = {piece: index for index, piece in enumerate(pieces)}
    tokens = {name: token for name, token in TOKENS.items() if token in ids}
    tokenizer = BertTokenizer(vocab=ids, do_lower_case=False, model_max_length=longest, **tokens)
    tokenizer.save_pretrained(folder)
    (folder / VOCABULARY).write_text("\n".join(pieces) + "\n", encoding="utf-8", newline="\n")
    _write_json(folder / "special_tokens_map.json", tokens)


def _write_json(path: Path, values: object) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
