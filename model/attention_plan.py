"""Which key blocks each query block of each head sees (BigBird-ITC, arXiv:2007.14062, section 2), in NumPy.

The sequence is cut into `n` blocks. The first and the last attend to everything and are seen by all; each of
the `n - 2` inner ones also sees itself, its two neighbours and a few random blocks. The published plans are
what the originals draw, repeats included: a random block may also stand in the window, and then counts twice.
"""

import functools
from dataclasses import dataclass

import numpy as np

from model.config import EncoderConfig
from model.contract.errors import SettingError

FIXED_BLOCKS = 5
"""The first, the last, the left neighbour, the block itself, the right neighbour."""
PAPER_LENGTHS = {"transformers": (1024, 3072, 4096), "google": (1024, 2048, 3072, 4096)}
"""Sequence lengths, in tokens, at which the originals draw the paper's plan; elsewhere they draw another."""
PAPER_FOCUS = 1024
"""The paper's plan takes random blocks from this many first tokens."""
GOOGLE_LONGEST = 4096
"""google-research/bigbird draws the paper's plan for this length and cuts it; transformers does so for
`max_positions`."""


@dataclass(frozen=True, eq=False)
class AttentionPlan:
    """The key blocks of each inner query block.

    Attributes:
      random_blocks: int32 [heads, n - 2, random blocks]; row i belongs to query block i + 1.
    """

    random_blocks: np.ndarray

    @property
    def num_blocks(self) -> int:
        """How many blocks the sequence has: n."""
        return int(self.random_blocks.shape[1]) + 2

    def split(self, heads: int) -> "list[AttentionPlan]":
        """Plans of so many heads each; the last of those that are left."""
        return [AttentionPlan(self.random_blocks[at : at + heads]) for at in range(0, len(self.random_blocks), heads)]

    def key_blocks(self) -> np.ndarray:
        """First, last, left, itself, right, then the random ones: int32 [heads, n - 2, 5 + random blocks]."""
        row = np.arange(1, self.num_blocks - 1, dtype=np.int32)
        first, last = np.zeros_like(row), np.full_like(row, self.num_blocks - 1)
        fixed = np.stack([first, last, row - 1, row, row + 1], axis=1)
        heads = self.random_blocks.shape[0]
        return np.concatenate([np.tile(fixed, (heads, 1, 1)), self.random_blocks], axis=2)

    def counted(self) -> np.ndarray:
        """Which entries of `key_blocks` count: bool [n - 2, 5 + random blocks].

        In the second and the last-but-one row a neighbour is a global block, which then counts only once.
        """
        counted = np.ones((self.num_blocks - 2, FIXED_BLOCKS + self.random_blocks.shape[2]), bool)
        counted[0, 0] = False  # the left neighbour stands for the first block
        counted[-1, 1] = False  # the right neighbour stands for the last block
        return counted

    def as_counts(self) -> np.ndarray:
        """How many times each query block sees each key block: int32 [heads, n, n]."""
        heads, n = self.random_blocks.shape[0], self.num_blocks
        counts = np.zeros((heads, n, n), np.int32)
        counts[:, [0, -1]] = 1
        head, row = np.arange(heads)[:, None, None], np.arange(1, n - 1)[None, :, None]
        np.add.at(counts, (head, row, self.key_blocks()), self.counted()[None].astype(np.int32))
        return counts

    def as_mask(self) -> np.ndarray:
        """Which key blocks each query block sees at all: bool [heads, n, n]."""
        return self.as_counts() > 0


@functools.lru_cache(maxsize=256)
def attention_plan(config: EncoderConfig, layer: int, num_blocks: int) -> AttentionPlan:
    """Draws the plan of one layer; NumPy's global random state is left alone.

    Args:
      config: says which plan, and its sizes.
      layer: number of the layer, from 0; the published plans take it as their seed.
      num_blocks: blocks in the sequence.

    Raises:
      SettingError: when the sequence has too few blocks to draw from, or more than `max_positions` has.
    """
    if config.plan == "transformers_evaluation":
        random_blocks = np.zeros((config.heads, num_blocks - 2, config.random_blocks), np.int32)
    elif config.plan == "uniform":
        random_blocks = _uniform(config, layer, num_blocks)
    else:
        if num_blocks * config.block_size <= config.full_attention_up_to:
            raise SettingError(
                f"{num_blocks} blocks are too few to draw {config.random_blocks} random blocks from with "
                f"plan {config.plan!r}; use full attention up to {config.full_attention_up_to} tokens."
            )
        if num_blocks * config.block_size in PAPER_LENGTHS[config.plan]:
            random_blocks = _paper(config, layer, num_blocks)
        else:
            random_blocks = _near_the_start(config, layer, num_blocks)
    random_blocks.flags.writeable = False  # cached, so shared
    return AttentionPlan(random_blocks)


def _paper(config: EncoderConfig, seed: int, num_blocks: int) -> np.ndarray:
    """The plan of the paper's models: drawn for the longest sequence head after head, then cut."""
    longest = (GOOGLE_LONGEST if config.plan == "google" else config.max_positions) // config.block_size
    if num_blocks > longest:
        raise SettingError(
            f"{num_blocks} blocks of {config.block_size} exceed the {longest} that max_positions "
            f"{config.max_positions} has; use at most {longest}."
        )
    generator = np.random.RandomState(seed)
    drawn = np.zeros((config.heads, longest - 2, config.random_blocks), np.int32)
    for head in range(config.heads):
        for row in range(1, longest - 1):
            candidates = _paper_candidates(row, longest, config.block_size)
            drawn[head, row - 1] = _first(generator.permutation(candidates), config, num_blocks)
    return drawn[:, : num_blocks - 2]


def _paper_candidates(row: int, num_blocks: int, block_size: int) -> np.ndarray:
    inner = np.arange(1, num_blocks - 1)
    focus = PAPER_FOCUS // block_size - 1 if 2 * block_size < PAPER_FOCUS else num_blocks - 1
    inner = inner[inner <= focus]  # it reaches the last block of a 1,024-token sequence: there it counts twice
    if row >= num_blocks - 3:
        return inner  # the originals leave the window in for the last two rows
    return inner[np.abs(inner - row) > 1]


def _near_the_start(config: EncoderConfig, seed: int, num_blocks: int) -> np.ndarray:
    """The originals' plan for all other lengths: from the first 5 + 2 * random blocks, row after row."""
    generator = np.random.RandomState(seed)
    reach = FIXED_BLOCKS + 2 * config.random_blocks
    drawn = np.zeros((config.heads, num_blocks - 2, config.random_blocks), np.int32)
    for row in range(1, num_blocks - 1):
        barred = {0, reach - 1, row - 1, row, row + 1}
        if row == 1:
            barred.add(reach - 2)
        if row == reach - 2:
            barred.add(1)
        for head in range(config.heads):
            order = generator.permutation(np.arange(reach))
            drawn[head, row - 1] = [block for block in order if block not in barred][: config.random_blocks]
    return drawn


def _uniform(config: EncoderConfig, layer: int, num_blocks: int) -> np.ndarray:
    """Any inner block outside the window, each at most once a row."""
    fewest = config.random_blocks + FIXED_BLOCKS
    if num_blocks < fewest:
        raise SettingError(
            f"{num_blocks} blocks are too few for {config.random_blocks} random blocks that repeat none; "
            f"use at least {fewest} blocks, which is {fewest * config.block_size} tokens."
        )
    # RandomState's stream is frozen for good, and a plan must outlive NumPy's versions as the weights do.
    seeds = np.random.SeedSequence([config.plan_seed, layer]).generate_state(4)
    generator = np.random.RandomState(seeds)
    inner = np.arange(1, num_blocks - 1)
    drawn = np.zeros((config.heads, num_blocks - 2, config.random_blocks), np.int32)
    for head in range(config.heads):
        for row in range(1, num_blocks - 1):
            candidates = inner[np.abs(inner - row) > 1]
            drawn[head, row - 1] = generator.permutation(candidates)[: config.random_blocks]
    return drawn


def _first(order: np.ndarray, config: EncoderConfig, num_blocks: int) -> np.ndarray:
    if len(order) < config.random_blocks and len(order) != 1:  # the originals fill the row with a lone block
        raise SettingError(
            f"plan {config.plan!r} has {len(order)} blocks to draw {config.random_blocks} random blocks from "
            f"at {num_blocks * config.block_size} tokens; use fewer random_blocks or smaller blocks."
        )
    return order[: config.random_blocks]
