"""The evaluation files in tests/data/evaluation, and settings that name them."""

from pathlib import Path
from typing import Any

from beam_jobs.decontamination.evaluation_texts import EvaluationText
from beam_jobs.dedupe_config import DecontaminateConfig

FOLDER = Path(__file__).parents[1] / "data" / "evaluation"
NAMES = {
    "nsmc": "ratings_test.txt",
    "klue_nli": "klue-nli-v1.1_dev.json",
    "klue_sts": "klue-sts-v1.1_dev.json",
    "korquad_1": "korquad1-made-up.json",
    "klue_mrc": "klue-mrc-v1_dev.json",
    "tydi_qa": "tiny_dev.jsonl.gz",
    "korquad_2": "korquad2-made-up.json",
    "fake_news": "mission2_test.csv",
    "modu_sentiment": "EXSA2002108040.json",
}


def decontaminate_config(*tasks: str, **settings: Any) -> DecontaminateConfig:
    """The tasks, or all nine, on their files here."""
    evaluations = [{"task": task, "paths": [str(FOLDER / NAMES[task])]} for task in tasks or NAMES]
    return DecontaminateConfig.parse({"evaluations": evaluations, **settings}, "the test")


def evaluation_text(text: str, example: str = "1", task: str = "nsmc") -> EvaluationText:
    return EvaluationText(task, example, text)
