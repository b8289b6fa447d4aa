"""The metrics that the tasks publish, in points: shares and coefficients times 100, as score tables have."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import sklearn.metrics
from scipy import stats

MetricName = Literal["accuracy", "macro_f1", "pearson"]


def accuracy(predictions: Sequence[float], labels: Sequence[float]) -> float:
    """Predictions that equal their label, in points of 100."""
    _check(predictions, labels)
    return 100.0 * float(sklearn.metrics.accuracy_score(labels, predictions))


def macro_f1(predictions: Sequence[float], labels: Sequence[float]) -> float:
    """Mean F1 of the classes, each of the same weight, in points of 100.

    A class that occurs among labels or predictions but is never hit counts as 0.
    """
    _check(predictions, labels)
    return 100.0 * float(sklearn.metrics.f1_score(labels, predictions, average="macro", zero_division=0.0))


def pearson(predictions: Sequence[float], labels: Sequence[float]) -> float:
    """Pearson's correlation coefficient, in points of 100.

    Where either side is constant there is no coefficient; that is 0 points, for nothing was told apart.
    """
    _check(predictions, labels)
    if min(np.ptp(predictions), np.ptp(labels)) == 0.0:
        return 0.0
    return 100.0 * float(stats.pearsonr(predictions, labels).statistic)


METRICS: dict[MetricName, Callable[[Sequence[float], Sequence[float]], float]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "pearson": pearson,
}


def _check(predictions: Sequence[float], labels: Sequence[float]) -> None:
    if len(predictions) != len(labels) or not len(labels):
        raise ValueError(f"{len(predictions)} predictions cannot be scored on {len(labels)} labels.")
