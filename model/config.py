"""Every setting of the model half, on one page. Defaults are the published recipe (KoBigBird, monologg 2021)."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from model.contract.settings import Settings
from model.weights.positions import Positions

EvaluationPlan = Literal["trained", "transformers_evaluation"]
"""Under which attention plan a model is scored: its own, or as transformers scores models in `eval()`."""


class EncoderConfig(Settings):
    """The architecture: BigBird-ITC (arXiv:2007.14062) at BERT-base size."""

    vocabulary_size: PositiveInt = 32_500
    hidden_size: PositiveInt = 768
    layers: PositiveInt = 12
    heads: PositiveInt = 12
    intermediate_size: PositiveInt = 3_072
    max_positions: PositiveInt = 4_096
    block_size: PositiveInt = 64
    random_blocks: PositiveInt = 3
    plan: Literal["transformers", "google", "uniform", "transformers_evaluation"] = "transformers"
    """Which random blocks: as transformers or google-research/bigbird draw them, or ours without repeats, or block 0
    in place of each, which is what transformers' models see in `eval()` since its pull request 23056."""
    plan_seed: NonNegativeInt = 0
    """Seed of the uniform plan; the published ones have theirs fixed (a layer's number)."""
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)
    layer_norm_epsilon: PositiveFloat = 1e-12
    initializer_range: PositiveFloat = 0.02

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} cannot be shared by {self.heads} heads; "
                f"use a multiple of {self.heads}."
            )
        return self

    @property
    def full_attention_up_to(self) -> int:
        """The longest sequence, in tokens, that gets full attention (704 for block 64 and 3 random blocks)."""
        return (5 + 2 * self.random_blocks) * self.block_size


class MaskingConfig(Settings):
    """Dynamic whole-word masking; BERT's 80/10/10 replacement."""

    share: float = Field(default=0.15, gt=0.0, lt=1.0)
    max_predictions: PositiveInt = 640
    max_ngram: PositiveInt = Field(default=2, le=4)
    mask_share: float = Field(default=0.8, ge=0.0, le=1.0)
    random_share: float = Field(default=0.1, ge=0.0, le=1.0)
    stored: bool = False
    """Train on the masks that KoBigBird's records hold, instead of new ones each epoch; for such records alone."""

    @model_validator(mode="after")
    def _fates_are_shares(self) -> Self:
        if (total := self.mask_share + self.random_share) > 1:
            raise ValueError(f"mask_share and random_share add up to {total:g}; use shares of at most 1 together.")
        return self


class OptimizerConfig(Settings):
    """AdamW as in the original BERT code, with linear warm-up and decay."""

    learning_rate: PositiveFloat = 1e-4
    warmup_steps: NonNegativeInt = 20_000
    schedule: Literal["linear", "constant"] = "linear"
    weight_decay: float = Field(default=0.01, ge=0.0)
    beta_1: float = Field(default=0.9, ge=0.0, lt=1.0)
    beta_2: float = Field(default=0.999, ge=0.0, lt=1.0)
    epsilon: PositiveFloat = 1e-6
    bias_correction: bool = False
    """The original BERT optimizer has none."""
    clip_norm: PositiveFloat | None = None
    """The original does not clip gradients in pretraining."""


class PretrainConfig(Settings):
    """One pretraining run."""

    sequence_length: PositiveInt = 4_096
    batch_size: PositiveInt = 32
    """Sequences an update, over all devices."""
    steps: PositiveInt = 2_000_000
    seed: NonNegativeInt = 42
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    """Of the computation; weights are float32 always."""
    gradient_checkpointing: bool = False
    """Compute each layer's inside anew in the backward pass instead of keeping it: less memory, more time."""
    steps_per_loop: PositiveInt = 100
    """Steps a host call runs; losses are logged and checkpoints fall at its multiples."""
    checkpoint_every: PositiveInt = 2_000
    keep_checkpoints: PositiveInt = 3
    validate_every: PositiveInt = 20_000
    evaluation_plan: EvaluationPlan = "trained"
    """For validation alone."""
    output_bias: Literal["zeros", "log_frequency"] = "zeros"
    """Start of the vocabulary head's bias: zeros as published, or the corpus's log token frequencies."""
    warm_start: str = ""
    """Weights to begin with: of an import, of transformers or a TensorFlow 1 checkpoint; none: all are drawn."""
    warm_start_positions: Positions = "keep"
    """Their position embeddings: as they are, "random" (all drawn anew, as published) or "tiled" (repeated)."""
    masking: MaskingConfig = MaskingConfig()
    optimizer: OptimizerConfig = OptimizerConfig()

    @model_validator(mode="after")
    def _checkpoints_fall_on_loops(self) -> Self:
        for name in ("steps", "checkpoint_every", "validate_every"):
            if over := (steps := getattr(self, name)) % self.steps_per_loop:
                raise ValueError(
                    f"{name} {steps} is not a multiple of steps_per_loop {self.steps_per_loop}; "
                    f"use {steps + self.steps_per_loop - over}."
                )
        return self


class FinetuneConfig(Settings):
    """Fine-tuning on one task; the published values for sentence classification."""

    task: Literal["nsmc", "klue_nli", "klue_sts"]
    train: str
    """The task's training file in its original format, on disk or on gs://."""
    dev: str
    """What it is scored on after every epoch."""
    max_length: PositiveInt = 128
    epochs: PositiveInt = 10
    batch_size: PositiveInt = 64
    """Examples an update, over all devices."""
    seed: NonNegativeInt = 42
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the computation; weights are float32 always."""
    evaluation_plan: EvaluationPlan = "trained"
    """For the scores alone."""
    optimizer: OptimizerConfig = OptimizerConfig(
        learning_rate=3e-5,
        warmup_steps=0,
        schedule="constant",
        weight_decay=0.0,
        epsilon=1e-8,
        bias_correction=True,
        clip_norm=1.0,
    )
    """As the published fine-tuning (its AdamW, unlike pretraining's, corrects the bias)."""


class DeviceConfig(Settings):
    """Where training runs; it changes no stage's identity."""

    kind: Literal["cpu", "gpu", "tpu"] = "cpu"
    tpu: str = "local"
    """A TPU's name; "local" on a TPU VM."""


class ModelConfig(Settings):
    """The model half: what is trained, how, and what it is scored on."""

    encoder: EncoderConfig = EncoderConfig()
    pretrain: PretrainConfig = PretrainConfig()
    finetune: tuple[FinetuneConfig, ...] = ()

    @model_validator(mode="after")
    def _the_plan_can_be_trained(self) -> Self:
        if self.encoder.plan == "transformers_evaluation":
            raise ValueError(
                "encoder.plan 'transformers_evaluation' is for scoring models that were trained with another; set "
                "pretrain.evaluation_plan or a task's evaluation_plan to it, and encoder.plan to 'transformers'."
            )
        return self

    @model_validator(mode="after")
    def _sequences_fit_the_encoder(self) -> Self:
        length, block = self.pretrain.sequence_length, self.encoder.block_size
        if over := length % block:
            raise ValueError(
                f"pretrain.sequence_length {length} leaves {over} tokens over with block_size {block}; "
                f"use {length + block - over}."
            )
        for name, longest in [
            ("pretrain.sequence_length", length),
            *((f"finetune.{t.task}.max_length", t.max_length) for t in self.finetune),
        ]:
            if longest > self.encoder.max_positions:
                raise ValueError(
                    f"{name} {longest} exceeds encoder.max_positions {self.encoder.max_positions}; use at most that."
                )
        return self
