"""The commands `kobigbird corpus …`: each step of the corpus half alone, or all of them to records."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from flows.cli_options import Preset, Set, overrides

corpus = typer.Typer(no_args_is_help=True, help="The corpus half: raw text to training records.")
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@corpus.command()
def build(preset: Preset = "tiny", set_: Set = None) -> None:
    """Runs the corpus stages alone, without a server."""
    from flows.corpus import corpus as run

    print(f"records: {run.fn(preset, overrides(set_)).records.directory}")


@corpus.command("list")
def list_(
    preset: Preset = "tiny",
    set_: Set = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run/--count", help="Estimate from a look at a few files, or read all and count; writes nothing."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Lists, per source, files, bytes and documents, and what reading it would take."""
    from flows.config import load_run_config
    from flows.corpus_listing import count_corpus, estimate_corpus
    from flows.tables import markdown_table

    read = load_run_config(preset, overrides(set_)).to_build.read
    rows = estimate_corpus(read) if dry_run else count_corpus(read)
    if as_json:
        print(json.dumps({"preset": preset, "dry_run": dry_run, "sources": rows}, ensure_ascii=False))
        return
    print(markdown_table([{name: _in_short(value) for name, value in row.items()} for row in rows]))


@corpus.command()
def read(
    kind: Annotated[str, typer.Argument(metavar="SOURCE_KIND", help="common_crawl, wikipedia, news, …")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, globs, path lists.")],
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://, for the Parquet files.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the source: format=csv, fields.body=content.", metavar="KEY=VALUE"),
    ] = None,
    max_bad_share: Annotated[float, typer.Option(help="More unreadable records than this stop the job.")] = 0.05,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Reads files of any supported format into Documents, without a preset."""
    from flows.corpus_reading import read_files
    from flows.tables import markdown_table

    done = read_files(kind, paths, out, overrides(set_), max_bad_share, processes)
    if as_json:
        print(json.dumps(dataclasses.asdict(done), ensure_ascii=False))
        return
    print(markdown_table([{"counter": name, "count": value} for name, value in done.counters.items()]))
    print(f"documents: {done.directory}")


InParquet = Annotated[
    list[str], typer.Argument(metavar="IN_PARQUET…", help="Documents: Parquet files, globs, or one folder.")
]
Explain = Annotated[str | None, typer.Option(metavar="ID", help="Say why this document was kept or dropped.")]
StepSet = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the step: quality.min_characters=100.", metavar="KEY=VALUE"),
]


@corpus.command()
def clean(
    paths: InParquet,
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://; not needed to explain.")] = "",
    explain: Explain = None,
    set_: StepSet = None,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Cleans Documents: those worth training on, and why the others are not."""
    from flows.corpus_steps import settings_of

    if explain is not None:
        from flows.corpus_explaining import explain_cleaning

        _say(explain_cleaning(paths, settings_of("clean", overrides(set_)), explain), as_json)
        return
    _step("clean", paths, out, set_, processes, as_json)


@corpus.command()
def dedupe(
    paths: InParquet,
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://, or one that this command wrote.")],
    explain: Explain = None,
    set_: StepSet = None,
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    as_json: Json = False,
) -> None:
    """Deduplicates Documents: one of each set of copies, and of which one each other is a copy."""
    if explain is None:
        _step("dedupe", paths, out, set_, processes, as_json)
        return
    from flows.corpus_explaining import explain_deduplication
    from flows.corpus_steps import run_step

    run_step("dedupe", paths, out, overrides(set_), processes)
    _say(explain_deduplication(paths, out, explain), as_json)


def _step(step: Any, paths: list[str], out: str, set_: list[str] | None, processes: int, as_json: bool) -> None:
    from flows.corpus_steps import run_step
    from flows.tables import markdown_table

    done = run_step(step, paths, out, overrides(set_), processes)
    if as_json:
        print(json.dumps(dataclasses.asdict(done), ensure_ascii=False))
        return
    print(markdown_table([{"counter": name, "count": value} for name, value in done.counters.items()]))
    print(f"documents: {done.directory}, {done.documents:,} kept and {done.removed:,} removed")


def _say(sentences: Iterable[str], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"explanation": list(sentences)}, ensure_ascii=False))
        return
    for sentence in sentences:
        print(sentence)


def _in_short(value: Any) -> Any:
    """A list by its ends."""
    if not isinstance(value, list | tuple):
        return value
    return ", ".join(map(str, value)) if len(value) < 3 else f"{value[0]} … {value[-1]}"
