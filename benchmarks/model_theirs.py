"""transformers' part of `benchmarks.model`: its PyTorch BigBird on our weights and batch, in a process without ours.

Before anything is timed its loss, dropout off, has to be ours.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers

from benchmarks.model_timing import Work, answer, load_batch

LOSS_TOLERANCE = 1e-3

Batch = dict[str, np.ndarray]
Loss = Callable[[], Any]


def main() -> None:
    """Trains or encodes, as the request on standard input asks."""
    request = json.loads(sys.stdin.read())
    transformers.logging.disable_progress_bar()
    # In training mode, for `eval()` would also change which blocks are seen.
    model = transformers.BigBirdForMaskedLM.from_pretrained(
        request["folder"], attention_type=request["attention"]
    ).train()
    batch = load_batch(request)
    answer(
        request, _training(request, model, batch) if request["work"] == "training step" else _inference(model, batch)
    )


def _training(request: dict[str, Any], model: Any, batch: Batch) -> Work:
    loss = _masked_loss(model, batch) if request["masked_only"] else _loss(model, batch)
    if request["attention"] == "block_sparse":
        _refuse_unequal_loss(request["loss"], model, loss)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)

    def update() -> None:
        loss().backward()
        optimizer.step()
        optimizer.zero_grad()

    return update


def _inference(model: Any, batch: Batch) -> Work:
    _turn_dropout_off(model)
    inputs = _inputs(batch)

    def encode() -> Any:
        with torch.inference_mode():
            return model.bert(**inputs).last_hidden_state.numpy()

    return encode


def _loss(model: Any, batch: Batch) -> Loss:
    """As transformers has it: labels at every position, -100 where nothing is predicted."""
    inputs = _inputs(batch)
    labels = torch.full_like(inputs["input_ids"], -100)
    labels[0, _predicted(batch, "positions")] = _predicted(batch, "labels")
    return lambda: model(**inputs, labels=labels).loss


def _masked_loss(model: Any, batch: Batch) -> Loss:
    """The same loss from the model's own encoder and head, with the head where something is predicted."""
    inputs, positions, labels = _inputs(batch), _predicted(batch, "positions"), _predicted(batch, "labels")

    def loss() -> Any:
        hidden = model.bert(**inputs).last_hidden_state
        return torch.nn.functional.cross_entropy(model.cls(hidden[0, positions]), labels)

    return loss


def _refuse_unequal_loss(ours: float, model: Any, loss: Loss) -> None:
    shares = _turn_dropout_off(model)
    with torch.no_grad():
        theirs = float(loss())
    for module, share in shares.items():
        module.p = share
    if abs(ours - theirs) > LOSS_TOLERANCE:
        sys.exit(f"our loss {ours:.5f} and that of transformers, {theirs:.5f}, are not the same.")


def _turn_dropout_off(model: Any) -> dict[Any, float]:
    """Returns what share each module dropped."""
    shares = {module: module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
    for module in shares:
        module.p = 0.0
    return shares


def _inputs(batch: Batch) -> dict[str, Any]:
    return {
        "input_ids": torch.tensor(batch["input_ids"], dtype=torch.long),
        "token_type_ids": torch.tensor(batch["segment_ids"], dtype=torch.long),
        "attention_mask": torch.tensor(batch["attention_mask"], dtype=torch.float32),
    }


def _predicted(batch: Batch, name: str) -> Any:
    return torch.tensor(batch[name][batch["weights"] > 0], dtype=torch.long)
