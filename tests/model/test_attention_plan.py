import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import BigBirdConfig
from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention

from model.attention_plan import AttentionPlan, attention_plan
from model.config import EncoderConfig
from model.contract.errors import SettingError

uniform_plans = st.builds(
    lambda heads, random_blocks, seed, layer, spare: attention_plan(
        EncoderConfig(hidden_size=heads * 8, heads=heads, random_blocks=random_blocks, plan="uniform", plan_seed=seed),
        layer,
        random_blocks + 5 + spare,
    ),
    heads=st.integers(1, 3),
    random_blocks=st.integers(1, 4),
    seed=st.integers(0, 2**40),
    layer=st.integers(0, 30),
    spare=st.integers(0, 20),
)


def drawn_by_transformers(config: EncoderConfig, layer: int, length: int) -> np.ndarray:
    """What the library's own attention draws when training, by the methods that its forward pass calls."""
    block, randoms = config.block_size, config.random_blocks
    attention = BigBirdBlockSparseAttention(
        BigBirdConfig(
            hidden_size=config.hidden_size,
            num_attention_heads=config.heads,
            max_position_embeddings=config.max_positions,
            block_size=block,
            num_random_blocks=randoms,
        )
    ).train()
    longest = config.max_positions
    np.random.seed(layer)
    if length in (1024, 3072, 4096):
        heads = [
            attention._bigbird_block_rand_mask(longest, longest, block, block, randoms, last_idx=1024)
            for _ in range(config.heads)
        ]
        return np.stack(heads)[:, : length // block - 2]
    lengths, counts = attention._get_rand_attn_plan(length, block, randoms)
    return np.stack(
        attention._bigbird_block_rand_mask_with_head(length, length, block, block, config.heads, lengths, counts)
    )


@pytest.mark.parametrize(
    ("length", "changes"),
    [
        (1024, {}),
        (1024, {"max_positions": 1024}),
        (1024, {"block_size": 32, "random_blocks": 2}),
        (1024, {"block_size": 128, "random_blocks": 1, "max_positions": 2048}),
        (1216, {}),
        (2048, {"max_positions": 2048}),
        (2048, {"block_size": 32, "random_blocks": 5}),
        (3072, {}),
        (4096, {}),
    ],
)
def test_the_transformers_plan_is_what_transformers_draws_when_training(length, changes):
    config = EncoderConfig(hidden_size=48, heads=3, **changes)

    plans = [attention_plan(config, layer, length // config.block_size) for layer in (0, 7)]

    for layer, plan in zip((0, 7), plans, strict=True):
        np.testing.assert_array_equal(plan.random_blocks, drawn_by_transformers(config, layer, length))


@pytest.mark.parametrize("length", [1024, 1216, 1984, 3072, 4096])
def test_the_google_plan_is_the_transformers_plan_at_every_length_but_2048(length):
    google, hugging_face = EncoderConfig(plan="google"), EncoderConfig(plan="transformers")

    plans = [attention_plan(config, 3, length // 64).random_blocks for config in (google, hugging_face)]

    np.testing.assert_array_equal(*plans)


def test_the_google_plan_at_2048_tokens_is_the_papers_plan_cut():
    config = EncoderConfig(plan="google")

    at_2048, at_4096 = (attention_plan(config, 3, blocks).random_blocks for blocks in (32, 64))

    np.testing.assert_array_equal(at_2048, at_4096[:, :30])
    assert at_2048.max() == 15  # within the first 1,024 tokens
    elsewhere = attention_plan(EncoderConfig(), 3, 32).random_blocks
    assert not np.array_equal(at_2048, elsewhere)


def test_the_google_plan_does_not_depend_on_max_positions_but_the_transformers_plan_does():
    short, long = ({"max_positions": positions} for positions in (1024, 4096))

    google = [attention_plan(EncoderConfig(plan="google", **size), 1, 16).random_blocks for size in (short, long)]
    hugging_face = [attention_plan(EncoderConfig(**size), 1, 16).random_blocks for size in (short, long)]

    np.testing.assert_array_equal(*google)
    assert not np.array_equal(*hugging_face)


def test_the_published_plan_repeats_435_of_its_6048_random_blocks_at_1024_tokens():
    plans = [attention_plan(EncoderConfig(), layer, 16) for layer in range(12)]

    drawn = sum(plan.random_blocks.size for plan in plans)
    repeats = sum(int((plan.as_counts() - plan.as_mask()).sum()) for plan in plans)

    assert (repeats, drawn) == (435, 6048)


@given(uniform_plans)
def test_the_uniform_plan_never_repeats_a_block(plan):
    assert plan.as_counts().max() == 1


@given(uniform_plans)
def test_every_inner_row_sees_itself_its_neighbours_the_global_blocks_and_its_random_blocks(plan):
    mask, randoms = plan.as_mask(), plan.random_blocks.shape[2]

    for row in range(1, plan.num_blocks - 1):
        always = {0, plan.num_blocks - 1, row - 1, row, row + 1}
        assert mask[:, row, sorted(always)].all()
        assert (mask[:, row].sum(axis=1) == len(always) + randoms).all()
    assert mask[:, [0, -1]].all()


def test_a_repeated_block_counts_as_often_as_it_is_listed_and_an_edge_rows_global_neighbour_once():
    plan = AttentionPlan(np.array([[[3, 3], [0, 2], [1, 4], [5, 2]]], np.int32))

    counts = plan.as_counts()

    assert counts[0].tolist() == [
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 2, 0, 1],
        [2, 1, 2, 1, 0, 1],
        [1, 1, 1, 1, 2, 1],
        [1, 0, 1, 1, 1, 2],
        [1, 1, 1, 1, 1, 1],
    ]


def test_key_blocks_list_first_last_left_itself_right_and_then_the_random_blocks():
    plan = AttentionPlan(np.array([[[3], [4], [1], [2]]], np.int32))

    listed, counted = plan.key_blocks(), plan.counted()

    assert listed.tolist() == [[[0, 5, 0, 1, 2, 3], [0, 5, 1, 2, 3, 4], [0, 5, 2, 3, 4, 1], [0, 5, 3, 4, 5, 2]]]
    assert np.argwhere(~counted).tolist() == [[0, 0], [3, 1]]


def test_the_uniform_plan_reaches_every_block_outside_the_window():
    config = EncoderConfig(plan="uniform")

    seen = np.any([attention_plan(config, layer, 24).as_mask().any(axis=0) for layer in range(12)], axis=0)

    assert seen.all()


def test_the_uniform_plan_depends_on_seed_layer_and_head_and_on_nothing_else():
    def draw(seed: int, layer: int) -> np.ndarray:
        attention_plan.cache_clear()
        return attention_plan(EncoderConfig(plan="uniform", plan_seed=seed), layer, 32).random_blocks

    first, again, other_seed, other_layer = draw(1, 0), draw(1, 0), draw(2, 0), draw(1, 1)

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other_seed)
    assert not np.array_equal(first, other_layer)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("plan", ["transformers", "google", "uniform"])
def test_drawing_a_plan_leaves_numpys_global_random_state_alone(plan):
    attention_plan.cache_clear()
    np.random.seed(5)
    before = np.random.random()

    np.random.seed(5)
    attention_plan(EncoderConfig(plan=plan), 0, 16)

    assert np.random.random() == before


@pytest.mark.parametrize(
    ("changes", "blocks", "message"),
    [
        ({}, 11, "11 blocks are too few .* use full attention up to 704 tokens"),
        ({"plan": "google"}, 8, "8 blocks are too few .* use full attention up to 704 tokens"),
        ({"plan": "uniform"}, 7, "7 blocks are too few .* use at least 8 blocks, which is 512 tokens"),
        ({"max_positions": 1024}, 64, "64 blocks of 64 exceed the 16 that max_positions 1024 has"),
        ({"random_blocks": 14}, 48, "has 13 blocks to draw 14 random blocks from at 3072 tokens"),
    ],
)
def test_too_few_or_too_many_blocks_are_refused_in_one_sentence(changes, blocks, message):
    with pytest.raises(SettingError, match=message):
        attention_plan(EncoderConfig(**changes), 0, blocks)


def test_a_plan_cannot_be_changed_after_it_was_drawn():
    plan = attention_plan(EncoderConfig(), 0, 16)

    with pytest.raises(ValueError, match="read-only"):
        plan.random_blocks[0] = 0
