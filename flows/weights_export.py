"""Exporting an import or a finished pretraining without a preset, into a folder of the user's choice."""

import dataclasses
import logging
from collections.abc import Iterator

from flows.checksums import checksums
from flows.own_folder import check_folder, refuse_other_files
from model.contract import places
from model.contract.errors import InputError, SettingError
from model.contract.manifest import UNFINISHED, StageManifest, check_outputs, open_stage, outputs_in
from model.contract.record import VOCABULARY_FILE
from model.contract.stage import Made, Stage
from model.export import SAVED_MODEL_FOLDER, export_for_serving, export_with_vocabulary, read_pieces
from model.weights.found import Found
from model.weights.stage_directory import IMPORT, find_stage, has_next_sentence, load_stage_model

_MODULES = ("model.export", "model.weights.stage_directory")


@dataclasses.dataclass(frozen=True)
class Exported:
    """What an export made."""

    directory: str
    architecture: str
    """The class of transformers that it is saved as."""
    saved_model: bool
    notices: list[str]


def export_weights(directory: str, out: str, next_sentence: bool, saved_model: bool, vocabulary: str = "") -> Exported:
    """Exports weights into `out`; done before, it is not done again.

    Args:
      directory: an import's, or a pretraining's stage.
      out: a folder that is new, or that the same export left.
      next_sentence: add that head where the weights have none, as it is drawn.
      saved_model: write a SavedModel too.
      vocabulary: the path of the weights' vocab.txt, where they have none with them.

    Raises:
      InputError: when there are no such weights, or the vocabulary is missing or broken.
      OutputError: when they are damaged.
      SettingError: when the vocabulary is another model's, or `out` holds something else.
    """
    check_folder(out, [directory, *([vocabulary] if vocabulary else [])])
    found = find_stage(directory)
    if found is None:
        raise InputError(
            f"{directory} holds neither a finished import nor a finished pretraining; give the folder with its "
            "manifest.json, or import the weights first (kobigbird import)."
        )
    trained = open_stage(directory)
    check_outputs(trained)
    pieces = _vocabulary(found, trained.manifest, vocabulary)
    settings = {"next_sentence": next_sentence, "saved_model": saved_model}
    inputs = {trained.manifest.stage: trained.manifest.fingerprint, **checksums([(VOCABULARY_FILE, pieces)])}
    stage = Stage("export", out, settings, _MODULES, inputs, folder=out)
    refuse_other_files(stage)

    def work(folder: str) -> Made:
        has_head = has_next_sentence(directory)
        model = load_stage_model(directory, found.config, next_sentence or has_head)
        places.remove_tree(folder)
        places.replace_bytes(places.join(folder, UNFINISHED), b"")
        export_with_vocabulary(model, pieces, folder, origin=list(_origin(trained.manifest)))
        served = saved_model and export_for_serving(model, pieces, places.join(folder, SAVED_MODEL_FOLDER))
        places.remove(places.join(folder, UNFINISHED))
        facts = {
            "architecture": "BigBirdForPreTraining" if next_sentence or has_head else "BigBirdForMaskedLM",
            "saved_model": served,
            "notices": list(_notices(next_sentence and not has_head, saved_model and not served)),
        }
        return Made(outputs=outputs_in(folder), facts=facts)

    facts = stage.run(work, log=logging.getLogger("kobigbird").debug).manifest.facts
    notices = facts["notices"]
    assert isinstance(notices, list)
    return Exported(out, str(facts["architecture"]), bool(facts["saved_model"]), [str(notice) for notice in notices])


def _vocabulary(found: Found, manifest: StageManifest, given: str) -> str:
    """The path of the weights' vocabulary, looked over.

    Raises:
      InputError: when there is none.
      SettingError: when it is another's.
    """
    path = given or found.vocabulary
    if not path:
        raise InputError(f"{found.place} has no {VOCABULARY_FILE}; say which it was trained with (--vocab FILE).")
    read_pieces(path, found.config)
    trained_with = manifest.inputs.get(VOCABULARY_FILE)
    if trained_with is not None and (here := checksums([("", path)])[""]) != trained_with:
        raise SettingError(
            f"{path} is another vocabulary than {found.place} was made with (bytes and CRC-32C {here}, there "
            f"{trained_with}); give that one."
        )
    return path


def _origin(manifest: StageManifest) -> Iterator[str]:
    """What the model card says of how the weights came about."""
    if manifest.stage == IMPORT:
        files = ", ".join(f"{name} ({value})" for name, value in sorted(manifest.inputs.items()))
        yield f"Imported from {manifest.facts['kind']}; files with bytes and CRC-32C: {files}."
        yield f"Position embeddings: {manifest.settings['positions']}."
        drawn = manifest.facts["drawn"]
        if isinstance(drawn, list) and drawn:
            yield f"Not trained, but drawn from seed {manifest.settings['seed']}: {', '.join(map(str, drawn))}."
    else:
        steps = manifest.counters.get("pretrain/steps", 0)
        yield f"Pretrained for {steps:,} steps: stage {manifest.stage} {manifest.fingerprint}."
        yield "Made from: " + ", ".join(f"{name} {value}" for name, value in sorted(manifest.inputs.items())) + "."
    yield f"By kobigbird {manifest.package_version} {manifest.git_version[:12]}".rstrip() + "."


def _notices(drawn_head: bool, no_serving: bool) -> Iterator[str]:
    if drawn_head:
        yield "the weights have no next-sentence head, so the one exported is as it was drawn."
    if no_serving:
        yield "tensorflow-text is not installed, so there is no SavedModel."
