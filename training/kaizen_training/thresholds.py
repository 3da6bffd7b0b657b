"""From which probability on a class may be reported; below it a person looks at the part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Reported classes should be right 95 times in 100 ...
WANTED_PRECISION = 0.95
# ... but a threshold above 0.9 would send most parts to the human lane, whatever the precision.
HIGHEST_THRESHOLD = 0.9


def threshold_of(probabilities: NDArray[np.float64], right: NDArray[np.bool_], lowest: float) -> float:
    """The least threshold at which the predictions at or above it reach the wanted precision.

    Args:
        probabilities: of the predicted class, [n].
        right: whether each prediction is right, [n].
        lowest: the least probability that a prediction can have, 1 / classes.

    Returns:
        A threshold between `lowest` and 0.9, in steps of 0.01 above `lowest`; 0.9 where none reaches the precision.
    """
    for candidate in np.arange(np.ceil(lowest * 100), HIGHEST_THRESHOLD * 100 + 0.5) / 100:
        kept = probabilities >= candidate
        if kept.any() and right[kept].mean() >= WANTED_PRECISION:
            return float(candidate)
    return HIGHEST_THRESHOLD


def choose_thresholds(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], classes: list[str]
) -> dict[str, float]:
    """Chooses a threshold per class on the validation split.

    Args:
        probabilities: [n, classes].
        labels: true classes, [n].
        classes: in the order of the columns.
    """
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    return {
        name: threshold_of(confidence[predicted == index], labels[predicted == index] == index, 1 / len(classes))
        for index, name in enumerate(classes)
    }
