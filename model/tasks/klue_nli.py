"""KLUE-NLI: does the premise entail the hypothesis (arXiv:2105.09680, sec. 3.3); a JSON list of records."""

from model.contract.errors import InputError
from model.tasks.task import Example, Task, TaskExamples, read_json_list, text_field

LABELS = ("entailment", "neutral", "contradiction")


def read(path: str) -> TaskExamples:
    """Reads a file of records with `premise`, `hypothesis` and `gold_label`.

    Raises:
      InputError: when the file is missing or not of this format.
    """
    examples = []
    for index, record in enumerate(read_json_list(path)):
        label = record.get("gold_label")
        if label not in LABELS:
            raise InputError(
                f"{path}: record {index} has the gold_label {label!r}, which is none of {', '.join(LABELS)}."
            )
        premise = text_field(path, index, record, "premise")
        hypothesis = text_field(path, index, record, "hypothesis")
        examples.append(Example(str(record.get("guid", index)), premise, hypothesis, LABELS.index(label)))
    return TaskExamples(examples)


TASK = Task("klue_nli", "classification", LABELS, "accuracy", read)
