"""How many floating-point operations the architecture asks for, whatever a program does: products of matrices only."""

from model.config import EncoderConfig, PretrainConfig


def train_flops(encoder: EncoderConfig, config: PretrainConfig, sequences: int) -> float:
    """Of one update on so many sequences: forward, and twice as much for the backward pass.

    A multiply-add counts two. Softmax, LayerNorm, GELU, dropout, look-ups and the optimizer count nothing, nor does
    what gradient checkpointing computes again (so it lowers the utilisation, as in arXiv:2204.02311, app. B).
    """
    length, width = config.sequence_length, encoder.hidden_size
    projections = 4 * length * width * width
    feed_forward = 2 * length * width * encoder.intermediate_size
    # Scores and weighted values: both of `width` multiply-adds for each pair of tokens, heads together.
    attention = 2 * attended_pairs(encoder, length) * width
    predictions = config.masking.max_predictions
    head = predictions * width * (width + encoder.vocabulary_size)
    forward = 2 * (encoder.layers * (projections + feed_forward + attention) + head)
    return 3.0 * forward * sequences


def attended_pairs(encoder: EncoderConfig, length: int) -> int:
    """Pairs of a query and a key that one head of a layer scores in a sequence."""
    if length <= encoder.full_attention_up_to:
        return length * length
    block = encoder.block_size
    blocks = -(-length // block)
    inner = (blocks - 2) * (5 + encoder.random_blocks) - 2  # in the outermost rows a neighbour is a global block
    return block * block * (2 * blocks + inner)
