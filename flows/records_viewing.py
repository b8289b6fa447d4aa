"""`kobigbird view`: a record on a terminal, with its masks coloured."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import pyarrow.parquet as pq
from rich.console import Console
from rich.text import Text

from flows.config import load_run_config
from flows.corpus_steps import documents_at
from model.config import PretrainConfig
from model.contract import places
from model.contract.manifest import StageOutput, open_stage
from model.contract.record import MASK, VOCABULARY_FILE, RecordFormat
from model.find_record import FoundRecord, check_record, find_record, format_of
from model.record_view import DocumentView, Fate, Masks, RecordView, Run, stored_masks, view_of

_STYLES: Mapping[Fate, str] = {"text": "", "masked": "bold red", "replaced": "bold yellow", "kept": "bold green"}
_WIDTH = 120


def show_record(
    directory: str,
    shard: str,
    index: int,
    epoch: int,
    seed: int | None,
    preset: str | None,
    documents: Sequence[str],
    plain: bool,
) -> None:
    """Prints a record of a records directory.

    Args:
      directory: on disk or gs://.
      shard: a file's name, or the number of a training file.
      index: of the record in the file, from 0.
      epoch: of the training whose masks to show.
      seed: of that training; that of the preset when None.
      preset: whose masking to show; the published one when None.
      documents: Parquet files that tell titles and addresses, as for `documents_at`; none when empty.
      plain: no colours, as also where the output is no terminal.

    Raises:
      InputError: when there is no such record, preset or file.
      OutputError: when there are no records, or the record is damaged.
    """
    records = open_stage(directory.rstrip("/"))
    record_format, pieces = format_of(records), _pieces(records)
    found = find_record(records, shard, index)
    check_record(found, record_format, len(pieces))
    config = load_run_config(preset).model.pretrain if preset else PretrainConfig()
    seed = config.seed if seed is None else seed
    if record_format.layout == "kobigbird":
        masks, when = stored_masks(found), "masks as stored"
    else:
        masks, when = _drawn(found, record_format, pieces, config, seed, epoch)
    view = view_of(found, record_format, pieces, masks)
    about = _titles(documents, {each.id for each in view.documents}) if documents else {}
    terminal = sys.stdout.isatty()
    console = Console(color_system=None if plain else "auto", width=None if terminal else _WIDTH)
    for line in [*_head(found, view, when), *_body(view, about), *_legend(view)]:
        console.print(line)


def _drawn(
    found: FoundRecord,
    record_format: RecordFormat,
    pieces: Sequence[str],
    config: PretrainConfig,
    seed: int,
    epoch: int,
) -> tuple[Masks, str]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: what it says is of no use here
    from model.drawn_masks import drawn_masks

    masks = drawn_masks(found, record_format, pieces, config.masking, seed, epoch)
    return masks, f"masks of epoch {epoch}, seed {seed}" if found.split == "train" else f"masks of seed {seed}"


def _head(found: FoundRecord, view: RecordView, when: str) -> Iterator[Text]:
    source = f" of {view.source}" if view.source else ""
    where = f" (number {found.number:,} of the {found.split} split)" if found.split in ("train", "validation") else ""
    yield Text(f"{found.file}, record {found.index}{where}{source}", "bold")
    yield Text(f"{view.tokens:,} tokens, {view.padding:,} padding, {len(view.documents)} segments")
    asked = sum(view.fates[fate] for fate in ("masked", "replaced", "kept"))
    yield Text(
        f"{when}: {asked:,} tokens asked for ({asked / view.tokens:.1%}), of them {view.fates['masked']:,} {MASK}, "
        f"{view.fates['replaced']:,} replaced, {view.fates['kept']:,} kept"
    )


def _body(view: RecordView, about: Mapping[str, tuple[str, str]]) -> Iterator[Text]:
    for number, document in enumerate(view.documents, 1):
        yield Text()
        yield Text(_title(number, document), "bold cyan")
        for told in about.get(document.id, ()):
            if told:
                yield Text(_printable(told), "cyan")
        yield _text_of(document.runs)


def _title(number: int, document: DocumentView) -> str:
    named = f"document {_printable(document.id)}, " if document.id else ""
    last = document.offset + document.tokens
    segment = ", second segment" if document.segment else ""
    return f"[{number}] {named}tokens {document.offset:,} to {last:,}{segment}"


def _printable(text: str) -> str:
    """Text without what could steer a terminal: titles and ids are from anywhere."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _text_of(runs: Sequence[Run]) -> Text:
    text = Text()
    for run in runs:
        text.append(" " if run.blank else "")
        if run.fate == "text":
            text.append(run.text)
            continue
        text.append(run.shown, _STYLES[run.fate])
        text.append("{=}" if run.fate == "kept" else f"{{{run.text}}}", f"dim {_STYLES[run.fate]}")
    return text


def _legend(view: RecordView) -> Iterator[Text]:
    yield Text()
    yield Text.assemble(
        (f"{MASK}{{what stood there}}", _STYLES["masked"]),
        "  ",
        ("a random piece{what stood there}", _STYLES["replaced"]),
        "  ",
        ("kept, but asked for{=}", _STYLES["kept"]),
    )


def _pieces(records: StageOutput) -> list[str]:
    text = places.read_bytes(places.join(records.directory, VOCABULARY_FILE)).decode()
    return text.removesuffix("\n").split("\n")


def _titles(paths: Sequence[str], wanted: set[str]) -> dict[str, tuple[str, str]]:
    """Title and address of each document that the files hold."""
    found: dict[str, tuple[str, str]] = {}
    for path in documents_at(paths).paths(suffix=".parquet"):
        with places.open_read(path) as opened:
            table = pq.read_table(opened, columns=["id", "title", "url"], filters=[("id", "in", wanted)])
        found |= {row["id"]: (row["title"] or "", row["url"] or "") for row in table.to_pylist()}
    return found
