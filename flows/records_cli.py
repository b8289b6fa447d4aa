"""The commands about training records: `kobigbird tokenize`, `verify`, `view` and `adopt`."""

import dataclasses
import json
import logging
from typing import Annotated

import typer

from flows.cli_options import overrides

records = typer.Typer()
Directory = Annotated[str, typer.Argument(metavar="DIR", help="A records directory, local or on gs://.")]
Vocabulary = Annotated[str, typer.Option("--vocab", metavar="FILE", help="A vocab.txt, one piece a line.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@records.command()
def tokenize(
    paths: Annotated[
        list[str], typer.Argument(metavar="IN_PARQUET…", help="Documents: Parquet files, globs, or one folder.")
    ],
    vocab: Vocabulary,
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://, or one that this command wrote.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, such as tokenize.sequence_length=512.", metavar="KEY=VALUE"),
    ] = None,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Tokenizes and packs Documents into shuffled training records."""
    from flows.records_making import tokenize_files
    from flows.tables import markdown_table

    done = tokenize_files(paths, vocab, out, overrides(set_), processes)
    if as_json:
        print(json.dumps(dataclasses.asdict(done), ensure_ascii=False))
        return
    print(markdown_table(done.sources))
    print(
        f"records: {done.records:,} with {done.tokens:,} tokens of text, {done.padding:.2%} padding, in "
        f"{done.training_shards} training and {done.validation_shards} validation shards: {done.directory}"
    )


@records.command()
def verify(
    directory: Directory,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare only presence, sizes and checksums of files.")
    ] = False,
) -> None:
    """Compares records with their manifest; exit code 1 and a sentence for each fault."""
    from model.verify_records import Verification

    look = Verification(directory, quick, logging.getLogger("kobigbird").info)
    found = 0
    for fault in look.faults():
        found += 1
        print(fault, flush=True)
    if found:
        raise typer.Exit(1)
    print(look.summary)


@records.command()
def view(
    directory: Directory,
    shard: Annotated[str, typer.Argument(metavar="SHARD", help="A file's name, or a training shard's number.")],
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The record's number in the file, from 0.")],
    epoch: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the training whose masks to show.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Of that training; the preset's, unless given.")] = None,
    preset: Annotated[str | None, typer.Option(help="Whose masking to show; the published one, unless given.")] = None,
    documents: Annotated[
        list[str] | None,
        typer.Option(metavar="IN_PARQUET", help="The Documents it was made of, to tell titles and addresses."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="No colours.")] = False,
) -> None:
    """Prints a record as text, with the masks that training draws for it."""
    from flows.records_viewing import show_record

    show_record(directory, shard, index, epoch, seed, preset, documents or [], plain)


@records.command()
def adopt(
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="TFRecords of KoBigBird's create_pretraining_data.py.")
    ],
    vocab: Vocabulary,
    validation_shards: Annotated[int, typer.Option(min=1, help="Files to hold aside for validation.")] = 1,
) -> None:
    """Describes KoBigBird's own TFRecords in a manifest, so that they can be trained on."""
    from model.kobigbird_records import adopt as describe

    manifest = describe(directory, vocab, validation_shards)
    number = sum(file.records or 0 for file in manifest.outputs if ".tfrecord" in file.name)
    print(f"records: {number:,}; to train on them, add --set records={directory}")
