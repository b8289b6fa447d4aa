"""The command `kobigbird`: the deployments' flows without a server, the demo, and checks."""

import logging
import sys
from typing import Any

import typer

from flows.cli_options import Preset, Set, overrides
from flows.corpus_cli import corpus
from flows.records_cli import records
from flows.tpu_check_cli import tpu_check
from flows.weights_cli import weights

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Raw Korean text in, a scored and published BigBird encoder out.",
)

app.add_typer(corpus, name="corpus")
app.add_typer(records)  # without a name: its commands stand beside ours
app.command("tpu-check")(tpu_check)
app.add_typer(weights)


@app.command()
def run(preset: Preset = "tiny", set_: Set = None) -> None:
    """Runs the whole road, raw text to a published model, without a server."""
    from flows.pretrain import pretrain

    published = pretrain.fn(preset, overrides(set_))
    print_outputs(published)


@app.command()
def evaluate(preset: Preset = "tiny", set_: Set = None) -> None:
    """Scores a preset's model on its tasks, without a server."""
    from flows.evaluate import evaluate as score

    for scored in score.fn(preset, overrides(set_)):
        print(f"{scored.manifest.stage}: {scored.manifest.facts}")


@app.command()
def check(preset: Preset = "tiny", set_: Set = None) -> None:
    """Looks over a preset, its sources (or records), vocabulary and tasks; runs nothing."""
    from flows.config import load_run_config
    from flows.preflight import check_data, check_tasks

    config = load_run_config(preset, overrides(set_))
    check_data(config)
    check_tasks(config)
    print(f"{preset}: fine; a run would write to {config.root}")


@app.command()
def demo(preset: Preset = "tiny", set_: Set = None) -> None:
    """Deploys to Prefect (starting a local server where none is configured) and runs pretrain/full to the end."""
    from flows.demo import run_demo

    check(preset, set_)
    raise typer.Exit(run_demo(preset, overrides(set_)))


@app.command()
def stop() -> None:
    """Stops the Prefect server that a demo left running."""
    from flows.demo import stop_server

    raise typer.Exit(stop_server())


def print_outputs(published: Any) -> None:
    """Prints where the model and the report are."""
    from flows.publishing import published_places

    model, report = published_places(published)
    print(f"model: {model}\nreport: {report}")


def main() -> None:
    """Runs the command; a mistake that the user can mend ends it with one sentence and exit code 2."""
    run_app(app)


def run_app(command: typer.Typer) -> None:
    """Runs a command line with our logging and our way to fail."""
    from model.contract.errors import KnownError

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("kobigbird").setLevel(logging.INFO)
    try:
        command()
    except KnownError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
