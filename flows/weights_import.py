"""Importing weights without a preset, into a folder of the user's choice."""

import dataclasses
import logging
from typing import Any, Literal

from flows.checksums import checksums
from flows.own_folder import check_folder, refuse_other_files
from model.config import EncoderConfig
from model.contract import places
from model.contract.errors import InputError
from model.contract.manifest import UNFINISHED, StageOutput, outputs_in, plain
from model.contract.record import VOCABULARY_FILE
from model.contract.stage import Made, Stage
from model.export import read_pieces
from model.heads import MaskedLanguageModel
from model.warm_start import warm_start
from model.weights.find import find_weights
from model.weights.found import Found
from model.weights.positions import Positions, positions_wanted
from model.weights.stage_directory import IMPORT, write_import
from model.weights.tensor_names import NEXT_SENTENCE, tensor_name

_COMMAND = "kobigbird import"
_MODULES = ("model.warm_start", "model.weights.find", "model.weights.stage_directory")


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a user wants of an import."""

    positions: Positions = "keep"
    max_positions: int | None = None
    seed: int = 42
    plan: Literal["transformers", "google", "uniform"] | None = None
    heads: int | None = None


@dataclasses.dataclass(frozen=True)
class Imported:
    """What an import made."""

    directory: str
    kind: str
    layers: int
    hidden_size: int
    heads: int
    vocabulary_size: int
    max_positions: int
    positions: str
    plan: str
    next_sentence: bool
    vocabulary: bool
    drawn: list[str]
    """Names of the tensors that were not there, and so are drawn from the seed."""
    notices: list[str]


def import_weights(place: str, out: str, wishes: Wishes, vocabulary: str = "") -> Imported:
    """Reads weights into `out`; done before, it is not done again.

    Args:
      place: see `model.weights.find.find_weights`.
      out: a folder that is new, or that the same import left.
      wishes: how.
      vocabulary: the path of their vocab.txt, where none lies beside them.

    Raises:
      SettingError: for wishes that cannot be, a vocabulary of another size, or a folder that holds something else.
      InputError, OutputError: when the weights or the vocabulary are missing, damaged, or no model that ours can be.
    """
    check_folder(out, [place, *([vocabulary] if vocabulary else [])])
    found = find_weights(place, wishes.heads)
    if wishes.heads not in (None, found.config.heads):
        raise InputError(
            f"{place} says {found.config.heads} attention heads where --heads says {wishes.heads}; leave --heads out."
        )
    config = _config(found, wishes)
    pieces = vocabulary or found.vocabulary
    if pieces:
        read_pieces(pieces, config)
    files = {**found.files, **({VOCABULARY_FILE: pieces} if pieces else {})}
    settings = {"encoder": plain(config), "positions": wishes.positions, "seed": wishes.seed}
    stage = Stage(IMPORT, out, settings, _MODULES, checksums(list(files.items())), folder=out)
    refuse_other_files(stage)
    done = stage.run(lambda directory: _work(directory, found, config, wishes, pieces), log=_log)
    return described(done)


def described(done: StageOutput) -> Imported:
    """What a finished import made, from its manifest."""
    manifest = done.manifest
    facts, settings = manifest.facts, manifest.settings
    encoder = settings["encoder"]
    assert isinstance(encoder, dict)
    of_encoder: dict[str, Any] = {
        name: encoder[name] for name in ("layers", "hidden_size", "heads", "vocabulary_size", "max_positions", "plan")
    }
    of_facts: dict[str, Any] = {name: facts[name] for name in ("kind", "next_sentence", "drawn", "notices")}
    has_vocabulary = any(file.name == VOCABULARY_FILE for file in manifest.outputs)
    return Imported(
        directory=done.directory,
        positions=str(settings["positions"]),
        vocabulary=has_vocabulary,
        **of_encoder,
        **of_facts,
    )


def _config(found: Found, wishes: Wishes) -> EncoderConfig:
    wanted = positions_wanted(wishes.positions, wishes.max_positions, found.config.max_positions, found.place)
    changes = {"max_positions": wanted, "plan": wishes.plan or found.config.plan}
    return EncoderConfig.parse({**plain(found.config), **changes}, _COMMAND)


def _work(directory: str, found: Found, config: EncoderConfig, wishes: Wishes, pieces: str) -> Made:
    tensors = found.read()
    has_head = any(name.startswith(NEXT_SENTENCE) for name in tensors)
    model = MaskedLanguageModel(config, wishes.seed, next_sentence=has_head)
    drawn = warm_start(model, found, wishes.positions)
    places.remove_tree(directory)
    places.replace_bytes(places.join(directory, UNFINISHED), b"")
    write_import(directory, model, places.read_bytes(pieces) if pieces else None)
    places.remove(places.join(directory, UNFINISHED))
    facts = {
        "kind": found.kind,
        "next_sentence": has_head,
        "drawn": list(drawn),
        "notices": list(found.notices),
        "left_aside": sorted(set(tensors) - {tensor_name(variable) for variable in model.variables}),
    }
    return Made(outputs=outputs_in(directory), facts=facts)


def _log(line: str) -> None:
    logging.getLogger("kobigbird").debug(line)
