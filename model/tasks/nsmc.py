"""NSMC: sentiment of Korean film reviews (github.com/e9t/nsmc); tab-separated, one review a line.

id<TAB>document<TAB>label
9976970<TAB>아 더빙.. 진짜 짜증나네요 목소리<TAB>0
"""

from model.contract.errors import InputError
from model.tasks.task import Example, Task, TaskExamples, read_text

HEADER = "id\tdocument\tlabel"
LABELS = ("negative", "positive")


def read(path: str) -> TaskExamples:
    """Reads a ratings file; the official ones hold a few reviews without text: left out and counted.

    Raises:
      InputError: when the file is missing or not of this format.
    """
    # Split by hand: reviews hold quotation marks that mean nothing, and separators that end no line.
    header, *lines = [line.removesuffix("\r") for line in read_text(path).split("\n")]
    if header != HEADER:
        raise InputError(f"{path} does not begin with NSMC's header, id, document and label parted by tabs.")
    examples, dropped = [], 0
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != 3 or fields[2] not in ("0", "1"):
            raise InputError(f"{path}: line {number} is not an id, a document and a label 0 or 1, parted by tabs.")
        if fields[1].strip():
            examples.append(Example(fields[0], fields[1], None, int(fields[2])))
        else:
            dropped += 1
    if not examples:
        raise InputError(f"{path} holds no review; give a file with at least one.")
    return TaskExamples(examples, dropped)


TASK = Task("nsmc", "classification", LABELS, "accuracy", read)
