"""The texts of the nine tasks' examples, out of the files in which the tasks are published; labels are not read."""

import csv
import html
import io
import itertools
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from beam_jobs.dedupe_config import EvaluationConfig, EvaluationTask
from beam_jobs.files.decompress import DamagedFile, decompressed
from beam_jobs.files.lines import split_lines
from beam_jobs.korean_text import to_nfc
from model.contract import places
from model.contract.errors import InputError


class EvaluationText(NamedTuple):
    """A text that an example is made of: a review, a sentence of a pair, a question, a context."""

    task: str
    example: str
    """The example's id in its file, or its number there where it has none; a context has its first question's."""
    text: str


class Part(NamedTuple):
    """What a reader finds."""

    example: str
    text: str
    is_context: bool = False


Reader = Callable[[BinaryIO], Iterator[Part]]
"""Reads one file; any KeyError, TypeError or ValueError says that it is of another format."""

_TAG = re.compile(r"<[^>]*>")
_LINE_BREAKING_TAG = re.compile(r"</?(?:p|div|li|h[1-6]|tr|table|br|title)\b[^>]*>")
_ZIP_START = b"PK\x03\x04"
_KOREAN = b'"korean"'


def evaluation_texts(evaluations: Sequence[EvaluationConfig]) -> Iterator[EvaluationText]:
    """The texts of all examples, task by task, in the order of the settings and of the files' names.

    Raises:
      InputError: when a file is missing, damaged, of another format, or has no example.
    """
    for evaluation in evaluations:
        for path in _paths(evaluation):
            empty = True
            for part in _parts(evaluation.task, path):
                empty = False
                if part.text.strip() and (evaluation.contexts or not part.is_context):
                    yield EvaluationText(evaluation.task, part.example, to_nfc(part.text).strip())
            if empty:
                raise InputError(f"{path} holds no example of {evaluation.task}; give the published file.")


def _paths(evaluation: EvaluationConfig) -> list[str]:
    found: set[str] = set()
    for pattern in evaluation.paths:
        matching = {fact.path for fact in places.find(pattern)}
        if not matching:
            raise InputError(
                f"no file of the evaluation task {evaluation.task} matches {pattern}; check the path, or leave it out."
            )
        found |= matching
    return sorted(found)


def _parts(task: EvaluationTask, path: str) -> Iterator[Part]:
    try:
        with places.open_read(path) as file:
            for part in itertools.chain.from_iterable(READERS[task](contents) for contents in _contents(file)):
                if not isinstance(part.text, str):
                    raise TypeError(f"example {part.example} has {part.text!r} where a text belongs")
                yield part
    except (KeyError, TypeError, AttributeError, ValueError, csv.Error, zipfile.BadZipFile, DamagedFile) as error:
        fault = f"{type(error).__name__}: {error}" if isinstance(error, KeyError | TypeError) else str(error)
        raise InputError(f"{path} is no whole file of {task} ({fault}); give the file as it was published.") from None


def _contents(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file itself, or the JSON files in a zip."""
    start = file.read(len(_ZIP_START))
    file.seek(0)
    if start != _ZIP_START:
        yield file
        return
    with zipfile.ZipFile(file) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".json")):
            with archive.open(name) as member:
                yield io.BytesIO(member.read())


def _bytes(file: BinaryIO) -> bytes:
    return b"".join(decompressed(file))


def _json(file: BinaryIO) -> Any:
    return json.loads(_bytes(file).decode("utf-8-sig"))


def _nsmc(file: BinaryIO) -> Iterator[Part]:
    # Split by hand: reviews hold quotation marks that mean nothing.
    header, *lines = _bytes(file).decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    column = header.split("\t").index("document")
    for line in lines:
        if line:
            fields = line.split("\t")
            yield Part(fields[0], fields[column] if column < len(fields) else "")


def _sentences(*names: str) -> Reader:
    """A list of records, each with these texts."""

    def read(file: BinaryIO) -> Iterator[Part]:
        for number, record in enumerate(_json(file)):
            for name in names:
                yield Part(str(record.get("guid", number)), record[name])

    return read


def _squad(file: BinaryIO) -> Iterator[Part]:
    """KorQuAD 1.0 and KLUE-MRC: articles, their paragraphs, and the questions about each."""
    for article in _json(file)["data"]:
        for paragraph in article["paragraphs"]:
            yield from _with_questions(paragraph["context"], paragraph["qas"])


def _korquad_2(file: BinaryIO) -> Iterator[Part]:
    """Whole pages as HTML, and the questions about each."""
    for page in _json(file)["data"]:
        text = html.unescape(_TAG.sub("", _LINE_BREAKING_TAG.sub("\n", page["context"])))
        yield from _with_questions(text, page["qas"])


def _with_questions(context: str, questions: Iterable[dict[str, Any]]) -> Iterator[Part]:
    asked = [Part(str(question.get("guid", question.get("id", ""))), question["question"]) for question in questions]
    yield Part(asked[0].example if asked else "", context, is_context=True)
    yield from asked


def _tydi_qa(file: BinaryIO) -> Iterator[Part]:
    """An article and a question a line; of eleven languages, so lines that cannot be Korean are not parsed."""
    for _, line in split_lines(decompressed(file)):
        record = json.loads(line) if _KOREAN in line else {}
        if record.get("language") == "korean":
            example = str(record["example_id"])
            yield Part(example, record["document_plaintext"], is_context=True)
            yield Part(example, record["question_text"])


def _fake_news(file: BinaryIO) -> Iterator[Part]:
    """One of the published files is in CP949, the other in UTF-8."""
    data = _bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp949")
    csv.field_size_limit(sys.maxsize)  # articles exceed the default of 131,072 characters
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=1):
        example = row.get("seqid") or str(number)
        yield Part(example, row["title"])
        yield Part(example, row["content"], is_context=True)


def _modu_sentiment(file: BinaryIO) -> Iterator[Part]:
    for document in _json(file)["document"]:
        yield Part(document["id"], "\n".join(paragraph["paragraph_form"] for paragraph in document["paragraph"]))


READERS: dict[EvaluationTask, Reader] = {
    "nsmc": _nsmc,
    "klue_nli": _sentences("premise", "hypothesis"),
    "klue_sts": _sentences("sentence1", "sentence2"),
    "korquad_1": _squad,
    "klue_mrc": _squad,
    "tydi_qa": _tydi_qa,
    "korquad_2": _korquad_2,
    "fake_news": _fake_news,
    "modu_sentiment": _modu_sentiment,
}
