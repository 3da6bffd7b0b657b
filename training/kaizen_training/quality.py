"""Quality of predictions: recall, precision and confusion, each share with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

CONFIDENCE_LEVEL = 0.95

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """What a model says about the test items: `predicted` [n] are indices into `classes`."""

    classes: list[str]
    predicted: Labels


def wilson_interval(successes: int, trials: int) -> dict[str, float]:
    """Wilson's 95 % score interval of a share: it stays within 0..1 and has a width at 0 and at 1 too.

    Without a trial nothing is known: 0 to 1.
    """
    if trials == 0:
        return {"lower": 0.0, "upper": 1.0}
    interval = binomtest(successes, trials).proportion_ci(CONFIDENCE_LEVEL, method="wilson")
    return {"lower": float(interval.low), "upper": float(interval.high)}


def confusion_of(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts, int64 [classes, classes]: row = true class, column = predicted class."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def per_class(confusion: NDArray[np.int64], classes: list[str]) -> dict[str, dict[str, Any]]:
    """Recall, precision, their intervals and support by class name.

    Recall is 0 for a class without items, precision 0 for a class that is never predicted; the interval then says that
    nothing is known.
    """
    support = confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    return {
        name: {
            "recall": float(confusion[index, index] / max(1, support[index])),
            "recallInterval": wilson_interval(int(confusion[index, index]), int(support[index])),
            "precision": float(confusion[index, index] / max(1, predicted[index])),
            "precisionInterval": wilson_interval(int(confusion[index, index]), int(predicted[index])),
            "support": int(support[index]),
        }
        for index, name in enumerate(classes)
    }
