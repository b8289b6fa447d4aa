"""How fast this machine multiplies float32 matrices: a process's part of `benchmarks.model`."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Prints the FLOP/s of a square product by the library that the request on standard input names."""
    request = json.loads(sys.stdin.read())
    size = request["size"]
    multiply = _numpy_product(size) if request["library"] == "NumPy" else _tensorflow_product(size)
    multiply()
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"flops": 2 * size**3 / statistics.median(seconds)}))


def _numpy_product(size: int) -> Callable[[], Any]:
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)  # where set, they may name an older processor; OpenBLAS reads them as it loads
    import numpy as np

    left, right = np.random.default_rng(0).random((2, size, size), np.float32)
    return lambda: left @ right


def _tensorflow_product(size: int) -> Callable[[], Any]:
    import tensorflow as tf

    left, right = (tf.random.stateless_uniform([size, size], [0, seed]) for seed in (0, 1))
    return lambda: tf.matmul(left, right).numpy()
