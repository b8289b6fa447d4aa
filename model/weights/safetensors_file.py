"""Safetensors files, half precisions included."""

from typing import Any, cast

import numpy as np
import safetensors

from model.contract.errors import InputError

_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}


def read_safetensors(data: bytes, path: str) -> dict[str, np.ndarray]:
    """The tensors of a file, by name.

    Args:
      data: the file's bytes.
      path: what to call it in an error.

    Returns:
      Arrays of the dtypes in the file; bfloat16 is widened to float32, which loses nothing.

    Raises:
      InputError: when the file is damaged, or holds tensors of another dtype.
    """
    try:
        found = cast(Any, safetensors).deserialize(data)  # it has no types
    except (safetensors.SafetensorError, ValueError, TypeError):
        raise InputError(f"{path} is no whole safetensors file; copy it again.") from None
    tensors = {}
    for name, entry in found:
        if entry["dtype"] not in _TYPES:
            raise InputError(
                f"{path} holds {name} as {entry['dtype']}, which is not read; save it as float32, float16 or bfloat16."
            )
        values = np.frombuffer(entry["data"], _TYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        tensors[name] = values.reshape(entry["shape"])
    return tensors
