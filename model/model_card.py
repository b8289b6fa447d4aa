"""The README.md beside exported weights: what they are, how to load them, what they were made of."""

from collections.abc import Sequence

from model.config import EncoderConfig

_LOADING = {
    "BigBirdForMaskedLM": ("AutoModelForMaskedLM", "fill-mask"),
    "BigBirdForPreTraining": ("AutoModelForPreTraining", "fill-mask"),
    "BigBirdForSequenceClassification": ("AutoModelForSequenceClassification", "text-classification"),
    "BigBirdForQuestionAnswering": ("AutoModelForQuestionAnswering", "question-answering"),
}
"""For each class of transformers the one to load it with, and the tag of what it does."""


def model_card(config: EncoderConfig, kind: str, origin: Sequence[str]) -> str:
    """The card's text.

    Args:
      config: the architecture.
      kind: the model's class in transformers.
      origin: sentences on what it was made of.
    """
    loader, tag = _LOADING[kind]
    front = f"---\nlanguage: ko\nlibrary_name: transformers\npipeline_tag: {tag}\ntags: [big_bird, korean]\n---"
    sizes = (
        f"{config.layers} layers, {config.hidden_size:,} wide, {config.heads} heads, {config.vocabulary_size:,} pieces "
        f"of cased WordPiece, up to {config.max_positions:,} tokens."
    )
    attention = (
        f"Attention is full up to {config.full_attention_up_to:,} tokens and block-sparse (ITC) past them: blocks of "
        f"{config.block_size}, {config.random_blocks} random ones a row, drawn as the plan `{config.plan}`. "
        "transformers draws its own, and in `eval()` takes block 0 for each."
    )
    usage = (
        f"```python\nfrom transformers import {loader}, AutoTokenizer\n\n"
        f'model = {loader}.from_pretrained("PATH")  # this folder\n'
        'tokenizer = AutoTokenizer.from_pretrained("PATH")  # a BertTokenizer\n```'
    )
    sections = [front, "# A Korean BigBird encoder", sizes, attention, usage]
    if origin:
        sections += ["## Where it comes from", "\n".join(f"- {sentence}" for sentence in origin)]
    return "\n\n".join(sections) + "\n"
