"""KLUE-STS: how alike two sentences are, 0 to 5 (arXiv:2105.09680, sec. 3.2); a JSON list of records."""

from model.contract.errors import InputError
from model.tasks.task import Example, Task, TaskExamples, read_json_list, text_field

HIGHEST = 5.0


def read(path: str) -> TaskExamples:
    """Reads a file of records with `sentence1`, `sentence2` and `labels.label`.

    Raises:
      InputError: when the file is missing or not of this format.
    """
    examples = []
    for index, record in enumerate(read_json_list(path)):
        labels = record.get("labels")
        label = labels.get("label") if isinstance(labels, dict) else None
        if isinstance(label, bool) or not isinstance(label, int | float) or not 0.0 <= label <= HIGHEST:
            raise InputError(f"{path}: record {index} has the labels.label {label!r}, which is no number from 0 to 5.")
        first = text_field(path, index, record, "sentence1")
        second = text_field(path, index, record, "sentence2")
        examples.append(Example(str(record.get("guid", index)), first, second, float(label)))
    return TaskExamples(examples)


TASK = Task("klue_sts", "regression", (), "pearson", read)
