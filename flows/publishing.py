"""The last stage: the model directory with its card, and the report of the whole run."""

from collections.abc import Sequence

from flows.curve_image import curve_png
from flows.tables import drop_table, markdown_table, padding_share, score_table, token_table
from model.contract import places
from model.contract.manifest import StageOutput, check_outputs, outputs_in
from model.contract.stage import Made
from model.training_curve import read_curve

MODEL, REPORT, CURVE = "model", "report.md", "curve.png"


def published_places(published: StageOutput) -> tuple[str, str]:
    """Where the model directory and the report of a publication are."""
    return places.join(published.directory, MODEL), places.join(published.directory, REPORT)


def write_publication(
    corpus: Sequence[StageOutput],
    trained: StageOutput,
    exported: StageOutput,
    scores: Sequence[StageOutput],
    directory: str,
) -> Made:
    """Copies the exported model beside its card and writes the report.

    Args:
      corpus: the corpus stages, in order; the last is the tokenizing one, alone where records were given.
      trained: the pretraining stage.
      exported: the export stage.
      scores: a fine-tuning stage a task.
      directory: where to write.
    """
    check_outputs(exported)
    for file in exported.files():
        data = places.read_bytes(places.join(exported.directory, file.name))
        places.replace_bytes(places.join(directory, MODEL, file.name.removeprefix(f"{MODEL}/")), data)
    image = curve_png(read_curve(trained.directory))
    sections = [
        _training_section(trained),
        f"## Scores\n\n{markdown_table(score_table(scores))}\n\n"
        '"No model" is what always giving the commonest answer scores. The others were published (KoBigBird, 2021), on '
        "the official development sets; a score of this run stands beside them only on the same files.",
        _corpus_section(corpus),
        _chain_section([*corpus, trained, exported, *scores]),
    ]
    texts = {
        REPORT: "\n\n".join(["# Report of a pretraining run", *sections]) + "\n",
        f"{MODEL}/README.md": "\n\n".join([_card_head(exported), *sections]) + "\n",
    }
    for name, text in texts.items():
        places.replace_bytes(places.join(directory, name), text.encode())
    for name in (CURVE, f"{MODEL}/{CURVE}"):
        places.replace_bytes(places.join(directory, name), image)
    return Made(outputs=outputs_in(directory))


def _card_head(exported: StageOutput) -> str:
    front = "---\nlanguage: ko\nlibrary_name: transformers\ntags: [big_bird, fill-mask, korean]\n---"
    lengths = exported.manifest.settings["max_positions"]
    return (
        f"{front}\n\n# A Korean BigBird encoder\n\nBlock-sparse (ITC) attention, up to {lengths:,} tokens, cased "
        "WordPiece.\n\n```python\nfrom transformers import AutoModel, AutoTokenizer\n\n"
        'model = AutoModel.from_pretrained("PATH")  # this folder\n'
        'tokenizer = AutoTokenizer.from_pretrained("PATH")  # a BertTokenizer\n```'
    )


def _training_section(trained: StageOutput) -> str:
    found = trained.manifest.facts["validation"]
    assert isinstance(found, dict)
    return (
        f"## Pretraining\n\nAfter {found['step']:,} steps the masked-LM loss on the validation split is "
        f"**{found['loss']:.4f}** nats a masked token; the unigram entropy of those {found['tokens']:,} tokens is "
        f"**{found['unigram_entropy']:.4f}** (the best that any guess without context can do). Masked accuracy: "
        f"{found['accuracy']:.4f}.\n\n![training curve]({CURVE})"
    )


def _corpus_section(corpus: Sequence[StageOutput]) -> str:
    *before, records = corpus
    if before:
        opening = f"Documents through each filter:\n\n{markdown_table(drop_table(corpus))}"
    else:
        opening = "The records existed before this run; their manifest tells what they were made of."
    if not (table := token_table(records)):  # KoBigBird's own say neither sources nor tokens
        number = sum(file.records or 0 for file in records.files() if ".tfrecord" in file.name)
        return f"## Corpus\n\n{opening}\n\nRecords: {number:,}."
    padding = f"Padding: {padding_share(records):.2%} of all positions."
    return f"## Corpus\n\n{opening}\n\nRecords:\n\n{markdown_table(table)}\n\n{padding}"


def _chain_section(stages: Sequence[StageOutput]) -> str:
    rows = [
        {
            "stage": stage.manifest.stage,
            "fingerprint": stage.manifest.fingerprint,
            "made from": ", ".join(f"{name} {value}" for name, value in sorted(stage.manifest.inputs.items())),
            "runner": stage.manifest.runner,
            "version": f"{stage.manifest.package_version} {stage.manifest.git_version[:12]}".strip(),
        }
        for stage in stages
    ]
    return f"## Where it comes from\n\nThe manifests of its stages:\n\n{markdown_table(rows)}"
