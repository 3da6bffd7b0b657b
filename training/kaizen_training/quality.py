"""Quality of predictions: recall, precision, confusion, and the comparison with a champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def confusion_of(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts, int64 [classes, classes]: row = true class, column = predicted class."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def recalls_of(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each class's items that were found, [classes]; 0 for a class without items."""
    support = confusion.sum(axis=1)
    recalls: NDArray[np.float64] = np.diag(confusion) / np.maximum(support, 1)
    return recalls


def per_class(confusion: NDArray[np.int64], classes: list[str]) -> dict[str, dict[str, float | int]]:
    """Recall, precision and support by class name; precision is 0 for a class that is never predicted."""
    recalls = recalls_of(confusion)
    predicted = confusion.sum(axis=0)
    return {
        name: {
            "recall": float(recalls[index]),
            "precision": float(confusion[index, index] / max(1, predicted[index])),
            "support": int(confusion[index].sum()),
        }
        for index, name in enumerate(classes)
    }


@dataclass(frozen=True)
class Answers:
    """What a model says about the test items: `predicted` [n] are indices into `classes`."""

    classes: list[str]
    predicted: Labels


def compare_with_champion(truth: list[str], challenger: Answers, champion: Answers) -> dict[str, Any]:
    """The `champion` part of the evaluation report, over the items whose class the champion knows.

    A class that only the challenger knows says nothing about the champion, and its items are left out.

    Raises:
        ValueError: there is no item of a class that both know.
    """
    shared = [name for name in champion.classes if name in challenger.classes and name in truth]
    if not shared:
        raise ValueError(f"champion: knows none of the test items' classes, only {', '.join(champion.classes)}")
    names = np.asarray(truth)
    champion_says = np.asarray(champion.classes)[champion.predicted]
    challenger_says = np.asarray(challenger.classes)[challenger.predicted]
    drops = {}
    for name in shared:
        mask = names == name
        drops[name] = float((champion_says[mask] == name).mean() - (challenger_says[mask] == name).mean())
    worst = max(drops, key=lambda name: drops[name])
    known = np.isin(names, shared)
    return {
        "accuracy": float((champion_says[known] == names[known]).mean()),
        "worstRecallDrop": drops[worst],
        "worstRecallDropClass": worst,
    }
