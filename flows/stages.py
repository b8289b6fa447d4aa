"""The stages as Prefect tasks: what each is made of (its identity), one call inward, retries for what can pass."""

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from beam_jobs.clean_config import CleanConfig
from beam_jobs.config import (
    ReadConfig,
    RunnerConfig,
    TokenizeConfig,
)
from beam_jobs.dedupe_config import DecontaminateConfig, DedupeConfig
from beam_jobs.vocabulary_config import VocabularyConfig
from flows.checksums import checksums
from flows.tracking import logger, stage_task
from model.config import DeviceConfig, EncoderConfig, FinetuneConfig, PretrainConfig
from model.contract import places
from model.contract.manifest import StageOutput, check_outputs, outputs_in, plain
from model.contract.record import VOCABULARY_FILE
from model.contract.stage import Made, Stage

# TensorFlow believes a gs:// file's size for 5 s and would read one that was replaced meanwhile cut short. It asks
# once, when it is loaded, which is after this module.
os.environ.setdefault("GCS_STAT_CACHE_MAX_AGE", "0")

HOUR = 3_600
DAYS = 24 * HOUR


@stage_task(name="read", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def read(root: str, config: ReadConfig, runner: RunnerConfig) -> StageOutput:
    """Raw files to Documents."""
    from beam_jobs.read_docs import read_documents
    from beam_jobs.read_plan import find_sources, identities

    found = find_sources(config.sources)
    stage = Stage("read", root, read_settings(config), ("beam_jobs.read_docs",), identities(found, config))
    return _run(stage, lambda directory: read_documents(found, config, directory, runner), runner.runner)


@stage_task(name="clean", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def clean(root: str, documents: StageOutput, config: CleanConfig, runner: RunnerConfig) -> StageOutput:
    """Documents to those worth training on."""

    def work(directory: str) -> Made:
        from beam_jobs.clean_docs import clean_documents

        return clean_documents(documents, config, directory, runner)

    stage = _after("clean", root, clean_settings(config), "beam_jobs.clean_docs", documents)
    lists = checksums(list(word_lists(config)))
    return _run(dataclasses.replace(stage, inputs={**stage.inputs, **lists}), work, runner.runner)


@stage_task(name="dedupe", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def dedupe(root: str, documents: StageOutput, config: DedupeConfig, runner: RunnerConfig) -> StageOutput:
    """Documents to those without an exact or near copy."""

    def work(directory: str) -> Made:
        from beam_jobs.dedupe_docs import dedupe_documents

        return dedupe_documents(documents, config, directory, runner)

    return _run(_after("dedupe", root, config, "beam_jobs.dedupe_docs", documents), work, runner.runner)


@stage_task(name="decontaminate", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def decontaminate(root: str, documents: StageOutput, config: DecontaminateConfig, runner: RunnerConfig) -> StageOutput:
    """Documents to those, or those parts, that hold no evaluation example."""

    def work(directory: str) -> Made:
        from beam_jobs.decontaminate_docs import decontaminate_documents

        return decontaminate_documents(documents, config, directory, runner)

    stage = _after("decontaminate", root, decontaminate_settings(config), "beam_jobs.decontaminate_docs", documents)
    evaluated = checksums(list(_evaluation_files(config)))
    return _run(dataclasses.replace(stage, inputs={**stage.inputs, **evaluated}), work, runner.runner)


@stage_task(name="vocabulary", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def vocabulary(
    root: str, documents: StageOutput, config: VocabularyConfig, weights: Mapping[str, float], runner: RunnerConfig
) -> StageOutput:
    """The vocabulary to tokenize with, looked over or trained, and its report; `weights` of sources that are not 1."""

    def work(directory: str) -> Made:
        from beam_jobs.vocabulary import make_vocabulary

        return make_vocabulary(config, directory, documents, weights, runner)

    stage = _after("vocabulary", root, config, "beam_jobs.vocabulary", documents)
    settings = vocabulary_settings(config) | {"weights": dict(weights)}
    inputs = {**stage.inputs, **checksums(list(_vocabulary_files(config)))}
    return _run(dataclasses.replace(stage, settings=settings, inputs=inputs), work, runner.runner)


@stage_task(name="tokenize", retries=2, retry_delay_seconds=30, timeout_seconds=7 * DAYS)
def tokenize(
    root: str,
    documents: StageOutput,
    pieces: StageOutput,
    config: TokenizeConfig,
    weights: Mapping[str, float],
    runner: RunnerConfig,
) -> StageOutput:
    """Documents to packed, shuffled training records; `weights` of sources that are not 1."""

    def work(directory: str) -> Made:
        from beam_jobs.tokenize_docs import tokenize_documents

        return tokenize_documents(documents, pieces, config, weights, directory, runner)

    stage = _after("tokenize", root, config, "beam_jobs.tokenize_docs", documents)
    stage = dataclasses.replace(
        stage,
        settings={**stage.settings, "weights": dict(weights)},
        inputs={**stage.inputs, **_vocabulary_of(pieces)},
    )
    return _run(stage, work, runner.runner)


@stage_task(name="corpus-report", retries=1, retry_delay_seconds=30, timeout_seconds=HOUR)
def corpus_report(root: str, corpus: Sequence[StageOutput]) -> StageOutput:
    """What every stage of the corpus did, as one page."""
    from flows.corpus_report.page import DESIGN, REPORT_PAGE

    def work(directory: str) -> Made:
        from flows.corpus_report.gathered import gather
        from flows.corpus_report.page import write_report

        write_report(gather(corpus), places.join(directory, REPORT_PAGE))
        return Made(outputs=outputs_in(directory))

    inputs = {stage.manifest.stage: stage.manifest.fingerprint for stage in corpus} | checksums(DESIGN)
    modules = ("flows.corpus_report.page", "flows.corpus_report.gathered")
    return _run(Stage("corpus-report", root, {}, modules, inputs), work)


@stage_task(name="pretrain", retries=3, retry_delay_seconds=60, timeout_seconds=90 * DAYS)
def pretrain(
    root: str,
    records: StageOutput,
    pieces: StageOutput,
    encoder: EncoderConfig,
    config: PretrainConfig,
    device: DeviceConfig,
) -> StageOutput:
    """Records to a trained encoder; a retry goes on from the newest checkpoint."""

    def work(directory: str) -> Made:
        from model.pretrain import pretrain as train

        return train(encoder, config, records, pieces, directory, device, logger().info)

    settings = {"encoder": plain(encoder), "pretrain": plain(config)}
    for how in ("keep_checkpoints", "warm_start"):
        settings["pretrain"].pop(how)
    if not config.warm_start:
        settings["pretrain"].pop("warm_start_positions")
    inputs = {"tokenize": records.manifest.fingerprint, **_vocabulary_of(pieces), **_warm_start_files(config)}
    return _run(Stage("pretrain", root, settings, ("model.pretrain",), inputs), work, f"tensorflow/{device.kind}")


@stage_task(name="export", retries=1, retry_delay_seconds=30, timeout_seconds=HOUR)
def export(root: str, trained: StageOutput, pieces: StageOutput, encoder: EncoderConfig) -> StageOutput:
    """A trained encoder to a directory that transformers loads."""

    def work(directory: str) -> Made:
        from model.export import export_training

        return export_training(trained, pieces, encoder, directory)

    stage = _after("export", root, encoder, "model.export", trained)
    return _run(dataclasses.replace(stage, inputs={**stage.inputs, **_vocabulary_of(pieces)}), work)


@stage_task(
    name="finetune",
    retries=1,
    retry_delay_seconds=30,
    timeout_seconds=2 * DAYS,
    task_run_name="finetune {config.task}",
)
def finetune(root: str, exported: StageOutput, config: FinetuneConfig, device: DeviceConfig) -> StageOutput:
    """An exported encoder to its score on one task."""

    def work(directory: str) -> Made:
        from model.export import MODEL_FOLDER
        from model.finetune import finetune as train

        check_outputs(exported)
        found = train(config, places.join(exported.directory, MODEL_FOLDER), device, directory, logger().info)
        return Made(outputs=outputs_in(directory), facts=dataclasses.asdict(found))

    settings = plain(config)
    data = checksums([("train", settings.pop("train")), ("dev", settings.pop("dev"))])
    inputs = data | {"export": exported.manifest.fingerprint}
    stage = Stage(f"finetune-{config.task}", root, settings, ("model.finetune",), inputs)
    return _run(stage, work, f"tensorflow/{device.kind}")


@stage_task(name="publish", retries=1, retry_delay_seconds=30, timeout_seconds=HOUR)
def publish(
    root: str,
    corpus: Sequence[StageOutput],
    trained: StageOutput,
    exported: StageOutput,
    scores: Sequence[StageOutput],
) -> StageOutput:
    """The model directory with its card, and the report of the whole run."""

    def work(directory: str) -> Made:
        from flows.publishing import write_publication

        return write_publication(corpus, trained, exported, scores, directory)

    stages = [*corpus, trained, exported, *scores]
    inputs = {stage.manifest.stage: stage.manifest.fingerprint for stage in stages}
    return _run(Stage("publish", root, {}, ("flows.publishing",), inputs), work)


def read_settings(config: ReadConfig) -> dict[str, Any]:
    """What of a ReadConfig can change the stage's output: not where files lie, nor how they are fetched."""
    settings: dict[str, Any] = plain(config)
    for source in settings["sources"]:
        for place in ("paths", "base", "index", "fetch", "weight"):
            source.pop(place)
    return settings


def clean_settings(config: CleanConfig) -> dict[str, Any]:
    """What of a CleanConfig can change the stage's output, but for what its word lists hold."""

    def without_paths(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: without_paths(below) for key, below in value.items() if key != "paths"}

    settings: dict[str, Any] = without_paths(plain(config))
    return settings


def word_lists(config: CleanConfig) -> Iterator[tuple[str, str]]:
    """A name for each list of words that cleaning reads, which says nothing of where it lies, and its path."""
    from beam_jobs.cleaning import bad_pages

    shipped = sorted(Path(bad_pages.__file__).with_name("lists").glob("*.txt"))
    yield from ((f"lists/{path.name}", str(path)) for path in shipped)
    for source in ("", *sorted(config.per_source)):
        lists = (config.of(source) if source else config).bad_pages
        for rule in type(lists).model_fields:
            paths = getattr(getattr(lists, rule), "paths", ())
            yield from ((f"lists/{source}/{rule}/{number}", path) for number, path in enumerate(paths))


def decontaminate_settings(config: DecontaminateConfig) -> dict[str, Any]:
    """What of a DecontaminateConfig can change the stage's output, but for what its files hold."""
    settings: dict[str, Any] = plain(config)
    for evaluation in settings["evaluations"]:
        evaluation.pop("paths")
    return settings


def vocabulary_settings(config: VocabularyConfig) -> dict[str, Any]:
    """What of a VocabularyConfig can change the stage's output, but for what its files hold."""
    settings: dict[str, Any] = plain(config)
    for only_checked_or_a_place in ("path", "size", "compare"):
        settings.pop(only_checked_or_a_place)
    return settings


def _vocabulary_files(config: VocabularyConfig) -> Iterator[tuple[str, str]]:
    """A name for each file, which says nothing of where it lies, and its path."""
    if config.path:
        yield "vocab.txt", config.path
    yield from ((f"compare/{name}", path) for name, path in sorted(config.compare.items()))


def _evaluation_files(config: DecontaminateConfig) -> Iterator[tuple[str, str]]:
    """A name for each file, which says nothing of where it lies, and its path."""
    files = ((each.task, file.path) for each in config.evaluations for path in each.paths for file in places.find(path))
    for number, (task, path) in enumerate(files):
        yield f"{number}/{task}/{path.rsplit('/', 1)[-1]}", path


def _run(stage: Stage, work: Any, runner: str = "python") -> StageOutput:
    return stage.run(work, runner, logger().info)


def _after(name: str, root: str, config: Any, module: str, *before: StageOutput) -> Stage:
    inputs = {stage.manifest.stage: stage.manifest.fingerprint for stage in before}
    return Stage(name, root, plain(config), (module,), inputs)


def _vocabulary_of(pieces: StageOutput) -> dict[str, str]:
    """The vocabulary itself: another report on it makes no other tokens."""
    return {file.name: f"{file.bytes}:{file.crc32c}" for file in pieces.files(VOCABULARY_FILE)}


def _warm_start_files(config: PretrainConfig) -> dict[str, str]:
    """The weights that a training begins with, wherever they lie."""
    if not config.warm_start:
        return {}
    from model.weights.find import find_weights

    return checksums([(f"warm_start/{name}", path) for name, path in find_weights(config.warm_start).files.items()])
