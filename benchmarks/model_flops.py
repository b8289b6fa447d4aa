"""How many floating-point operations BigBird needs, by its products alone; nothing computed twice counts twice."""

from model.config import EncoderConfig

BACKWARD = 2
"""The products of a backward pass for one of the forward pass: by the input and by the weights."""


def inference_flops(config: EncoderConfig, length: int, full: bool = False) -> int:
    """Of encoding one sequence.

    Args:
      config: the architecture.
      length: in tokens.
      full: whether attention is full, as it is for short sequences anyway.
    """
    width, inner = config.hidden_size, config.intermediate_size
    layer = length * (4 * width * width + 2 * width * inner) + 2 * width * _scores(config, length, full)
    return 2 * config.layers * layer


def training_flops(config: EncoderConfig, length: int, predictions: int, full: bool = False) -> int:
    """Of one update on one sequence, with the vocabulary scored at the masked positions alone."""
    width = config.hidden_size
    head = 2 * predictions * width * (width + config.vocabulary_size)
    return (1 + BACKWARD) * (inference_flops(config, length, full) + head)


def _scores(config: EncoderConfig, length: int, full: bool) -> int:
    """Of one head: pairs of a query and a key."""
    if full or length <= config.full_attention_up_to:
        return length * length
    block = config.block_size
    return (length - 2 * block) * (5 + config.random_blocks) * block + 2 * block * length
