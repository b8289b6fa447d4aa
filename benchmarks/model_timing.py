"""What the processes that `benchmarks.model` starts have in common; it imports neither TensorFlow nor PyTorch."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Work = Callable[[], object]


def answer(request: dict[str, Any], work: Work) -> None:
    """Times a work, first and later runs apart, and prints what it took: seconds, and the process's peak memory."""
    first = _seconds(work)
    later = [_seconds(work) for _ in range(request["steps"])]
    print(json.dumps({"first": first, "seconds": statistics.median(later), "peak_bytes": _peak_bytes()}))


def load_batch(request: dict[str, Any]) -> dict[str, np.ndarray]:
    """The batch that the first process left for this length."""
    with np.load(batch_path(request["folder"], request["length"])) as arrays:
        return dict(arrays)


def batch_path(folder: str, length: int) -> Path:
    """Where the batch of a length lies."""
    return Path(folder, f"batch-{length}.npz")


def _seconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak_bytes() -> int:
    """The most memory that the process held at once, as Linux counts it."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return 1024 * int(line.split()[1])
