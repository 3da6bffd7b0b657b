"""The challenger beside the champion, on the same test items.

The items are new to both: a group of images never changes its split (split.py), so what is test today was test when
the champion was trained, or was not there yet.

Only items about which exactly one of the two is right say anything about which is better: `lost` are those that only
the champion gets right, `gained` those that only the challenger does (McNemar, Psychometrika 12 (1947), 153-157).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap

from kaizen_training.quality import CONFIDENCE_LEVEL, Answers

RESAMPLES = 2_000
SEED = 20_261_125


@dataclass(frozen=True)
class PairedCounts:
    """`items` of which both models were asked; `lost` and `gained` of them."""

    items: int
    lost: int
    gained: int

    @property
    def drop(self) -> float:
        """The champion's share of right answers minus the challenger's, -1..1."""
        return (self.lost - self.gained) / self.items

    @property
    def worse_p_value(self) -> float:
        """How likely chance alone takes so much or more: McNemar's exact test, one-sided."""
        discordant = self.lost + self.gained
        return float(binomtest(self.lost, discordant, alternative="greater").pvalue) if discordant else 1.0

    @property
    def different_p_value(self) -> float:
        """The same, two-sided: how likely chance alone makes so large a difference either way."""
        discordant = self.lost + self.gained
        return float(binomtest(self.lost, discordant).pvalue) if discordant else 1.0


def paired_counts(champion_right: NDArray[np.bool_], challenger_right: NDArray[np.bool_]) -> PairedCounts:
    """Counts over the same items, each bool [n]."""
    return PairedCounts(
        len(champion_right),
        int((champion_right & ~challenger_right).sum()),
        int((challenger_right & ~champion_right).sum()),
    )


def difference_interval(champion_right: NDArray[np.bool_], challenger_right: NDArray[np.bool_]) -> dict[str, float]:
    """95 % interval of challenger accuracy - champion accuracy: paired bootstrap over the items, with a fixed seed."""
    differences = challenger_right.astype(np.float64) - champion_right
    if (differences == differences[0]).all():
        # Resampling equal values gives nothing else.
        return {"lower": float(differences[0]), "upper": float(differences[0])}
    interval = bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE_LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return {"lower": float(interval.low), "upper": float(interval.high)}


def compare_with_champion(truth: list[str], challenger: Answers, champion: Answers | None) -> dict[str, Any]:
    """The `champion` part of the evaluation report, over the items whose class the champion knows.

    A class that only the challenger knows says nothing about the champion, and its items are left out. A class that
    only the champion knows counts as lost item by item; without items it is in `missingClasses`. Without a champion
    (the first turn) the challenger is compared with itself.

    Raises:
        ValueError: there is no item of a class that the champion knows.
    """
    opponent = champion or challenger
    shared = [name for name in opponent.classes if name in truth]
    if not shared:
        raise ValueError(f"champion: knows none of the test items' classes, only {', '.join(opponent.classes)}")
    names = np.asarray(truth)
    champion_right = np.asarray(opponent.classes)[opponent.predicted] == names
    challenger_right = np.asarray(challenger.classes)[challenger.predicted] == names
    by_class = {}
    for name in shared:
        mask = names == name
        counts = paired_counts(champion_right[mask], challenger_right[mask])
        by_class[name] = {
            "championRecall": float(champion_right[mask].mean()),
            "recall": float(challenger_right[mask].mean()),
            "recallDrop": counts.drop,
            "items": counts.items,
            "lost": counts.lost,
            "gained": counts.gained,
            "worsePValue": counts.worse_p_value,
        }
    worst = max(by_class, key=lambda name: by_class[name]["recallDrop"])
    known = np.isin(names, shared)
    champion_right, challenger_right = champion_right[known], challenger_right[known]
    total = paired_counts(champion_right, challenger_right)
    return {
        "comparedWith": "champion" if champion else "itself",
        "items": total.items,
        "accuracy": float(champion_right.mean()),
        "accuracyDifference": -total.drop,
        "accuracyDifferenceInterval": difference_interval(champion_right, challenger_right),
        "lost": total.lost,
        "gained": total.gained,
        "pValue": total.different_p_value,
        "worstRecallDrop": by_class[worst]["recallDrop"],
        "worstRecallDropClass": worst,
        "perClass": by_class,
        "missingClasses": [name for name in opponent.classes if name not in truth],
    }
