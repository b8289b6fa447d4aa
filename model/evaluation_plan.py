"""Scoring under another attention plan than the one trained: as transformers does in `eval()`.

Since its pull request 23056 the library puts block 0 in the place of each random block when it evaluates. Ours are
scored under the plan that they were trained with unless a setting asks for transformers'; docs/evaluation-plan.md
tells what the difference comes to.
"""

import copy
from typing import TypeVar

import tensorflow as tf

from model.config import EvaluationPlan
from model.encoder import BigBirdEncoder

Model = TypeVar("Model", bound=tf.Module)


def as_evaluated(model: Model, plan: EvaluationPlan) -> Model:
    """The model as it is scored: itself, or one of the same variables whose layers see the blocks that `plan` says.

    Args:
      model: an encoder, or a head with its `encoder`.
      plan: "trained" leaves the model alone.
    """
    if plan == "trained":
        return model
    config = (model if isinstance(model, BigBirdEncoder) else model.encoder).config
    # A copy of the modules alone: what is named here stands in the copy instead of a copy of its own.
    instead = {id(variable): variable for variable in model.variables}
    instead[id(config)] = config.model_copy(update={"plan": plan})
    return copy.deepcopy(model, instead)
