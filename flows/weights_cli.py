"""The commands about weights: `kobigbird import` and `export`."""

import dataclasses
import enum
import json
from typing import Annotated

import typer

weights = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]
Vocabulary = Annotated[str, typer.Option("--vocab", metavar="FILE", help="A vocab.txt, where none lies beside it.")]


class PositionChoice(enum.StrEnum):
    """Where the position embeddings come from."""

    random = "random"
    tiled = "tiled"
    keep = "keep"


class PlanChoice(enum.StrEnum):
    """Which random blocks attention has."""

    transformers = "transformers"
    google = "google"
    uniform = "uniform"


@weights.command("import")
def import_(
    place: Annotated[
        str, typer.Argument(metavar="MODEL", help="A directory of transformers, or a TensorFlow 1 checkpoint.")
    ],
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://, or one that this command wrote.")],
    positions: Annotated[
        PositionChoice,
        typer.Option(help="random: all drawn anew, as published; tiled: those there are, repeated; keep: as they are."),
    ] = PositionChoice.keep,
    max_positions: Annotated[
        int | None, typer.Option(min=1, help="How many; as many as there are when they are kept, else 4096.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of what is drawn.")] = 42,
    plan: Annotated[
        PlanChoice | None, typer.Option(help="Of the random blocks; what the weights were trained with, unless given.")
    ] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads, where no config tells them.")] = None,
    vocab: Vocabulary = "",
    as_json: Json = False,
) -> None:
    """Reads BigBird, BERT or RoBERTa weights into a directory to pretrain from or to export."""
    from flows.weights_import import Wishes, import_weights

    wishes = Wishes(positions.value, max_positions, seed, plan.value if plan else None, heads)
    done = import_weights(place, out, wishes, vocab)
    if as_json:
        print(json.dumps(dataclasses.asdict(done), ensure_ascii=False))
        return
    for notice in done.notices:
        print(f"note: {notice}")
    print(f"read: {done.kind}, {done.layers} layers, {done.hidden_size} wide, {done.vocabulary_size:,} pieces")
    print(f"positions: {done.positions} ({done.max_positions:,})")
    print(f"drawn from the seed: {', '.join(done.drawn) or 'nothing'}")
    print(f"vocabulary: {'vocab.txt' if done.vocabulary else 'none; exporting will need --vocab'}")
    print(f"weights: {done.directory}; to begin a training with them, add --set model.pretrain.warm_start={out}")


@weights.command()
def export(
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="What import wrote, or a pretraining's stage (…/pretrain/FINGERPRINT).")
    ],
    out: Annotated[str, typer.Option(help="A new folder, local or on gs://, or one that this command wrote.")],
    next_sentence: Annotated[
        bool, typer.Option("--next-sentence", help="For BigBirdForPreTraining, with that head.")
    ] = False,
    saved_model: Annotated[
        bool, typer.Option("--saved-model", help="A SavedModel that takes texts as well, in saved_model/.")
    ] = False,
    vocab: Vocabulary = "",
    as_json: Json = False,
) -> None:
    """Writes weights as a directory that transformers loads."""
    from flows.weights_export import export_weights

    done = export_weights(directory, out, next_sentence, saved_model, vocab)
    if as_json:
        print(json.dumps(dataclasses.asdict(done), ensure_ascii=False))
        return
    for notice in done.notices:
        print(f"note: {notice}")
    print(f"{done.architecture}: {done.directory}")
