"""Finished stages of a made-up run, with figures that no other field shares."""

from pathlib import Path
from typing import Any

from flows.corpus import Corpus
from flows.stages import plain
from model.config import EncoderConfig
from model.contract import places
from model.contract.manifest import StageOutput, outputs_in
from model.contract.stage import Made, Stage
from model.training_curve import CurvePoint, TrainingCurve, ValidationPoint

CURVE = TrainingCurve(
    training=tuple(CurvePoint(step=step, loss=9 - step / 100, learning_rate=1e-4) for step in (100, 200, 300)),
    validation=(ValidationPoint(step=300, loss=6.4321, accuracy=0.1234, unigram_entropy=6.8765, tokens=54_321),),
)


def stage(root: Path, name: str, before: tuple[StageOutput, ...] = (), **fields: Any) -> StageOutput:
    """One finished stage; `files` are written, the other fields go into the manifest."""
    files: dict[str, bytes] = fields.pop("files", {"data": name.encode()})
    settings = fields.pop("settings", {})

    def work(directory: str) -> Made:
        for file, data in files.items():
            places.replace_bytes(places.join(directory, file), data)
        return Made(outputs=outputs_in(directory), **fields)

    inputs = {done.manifest.stage: done.manifest.fingerprint for done in before}
    return Stage(name, str(root), settings, (), inputs).run(work, runner="FnApiRunner")


def corpus(root: Path) -> list[StageOutput]:
    read = stage(
        root,
        "read",
        counters={
            "read_docs/news/documents": 1_200,
            "read_docs/news/bad_bad_json": 7,
            "read_docs/everyones_corpus/documents": 34,
            "other/news_documents": 5_555,
            "read_docs/strange": 6_666,
        },
    )
    clean = stage(
        root, "clean", (read,), counters={"clean_docs/news/kept": 1_100, "clean_docs/common_crawl/too_short": 13}
    )
    dedupe = stage(root, "dedupe", (clean,), counters={"dedupe_docs/news/near_copy": 21})
    vocabulary = stage(root, "vocabulary", files={"vocab.txt": b"[PAD]\n"})
    records = stage(
        root,
        "tokenize",
        (dedupe, vocabulary),
        counters={
            "tokenize_docs/news/train_documents": 1_000,
            "tokenize_docs/news/train_unique_tokens": 61_728,
            "tokenize_docs/news/train_tokens": 123_456,
            "tokenize_docs/news/train_examples": 321,
            "tokenize_docs/news/validation_documents": 43,
            "tokenize_docs/padding": 25,
            "tokenize_docs/positions": 1_000,
        },
    )
    return [read, clean, dedupe, vocabulary, records]


def whole_corpus(root: Path) -> Corpus:
    read, clean, dedupe, vocabulary, records = corpus(root)
    return Corpus(read, clean, dedupe, dedupe, vocabulary, records, stage(root, "corpus-report"))


def pretrained(root: Path, *before: StageOutput) -> StageOutput:
    files = {"curve.json": CURVE.model_dump_json(indent=1).encode()}
    return stage(root, "pretrain", before, files=files, facts={"validation": CURVE.validation[-1].model_dump()})


def exported(root: Path, *before: StageOutput) -> StageOutput:
    files = {"model/config.json": b"{}", "model/model.safetensors": bytes(range(256)), "model/vocab.txt": b"[PAD]\n"}
    return stage(root, "export", before, files=files, settings=plain(EncoderConfig(max_positions=2_048)))


def scored(root: Path, task: str, metric: str, score: float, *before: StageOutput) -> StageOutput:
    facts = {"task": task, "metric": metric, "score": score, "baseline": score / 2}
    return stage(root, f"finetune-{task}", before, settings={"task": task}, facts=facts)
