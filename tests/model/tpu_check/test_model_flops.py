import numpy as np
import pytest

from model.attention_plan import attention_plan
from model.config import EncoderConfig, PretrainConfig
from model.tpu_check.model_flops import attended_pairs, train_flops

ENCODER = EncoderConfig()


@pytest.mark.parametrize("length", [1_024, 4_096])
def test_attended_pairs_are_those_of_the_plan(length):
    counts = attention_plan(ENCODER, 0, length // ENCODER.block_size).as_counts()

    assert attended_pairs(ENCODER, length) == np.sum(counts[0]) * ENCODER.block_size**2


def test_attention_up_to_its_limit_is_full():
    assert attended_pairs(ENCODER, 704) == 704**2


def test_dense_parts_are_six_flops_a_weight_and_token():
    config = PretrainConfig(sequence_length=704)
    one, two = (train_flops(ENCODER.model_copy(update={"layers": n}), config, 1) for n in (1, 2))

    weights = 4 * 768**2 + 2 * 768 * 3_072
    attention = 3 * 2 * 2 * 704**2 * 768
    assert two - one == 6 * 704 * weights + attention


def test_flops_grow_with_the_sequences():
    assert train_flops(ENCODER, PretrainConfig(), 4) == 4 * train_flops(ENCODER, PretrainConfig(), 1)
