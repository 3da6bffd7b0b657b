"""How residuals of embeddings vary, on which rests what the monitor takes for chance (compare-embedding.ts).

A residual is an embedding less the mean of its predicted class.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

Residuals = NDArray[np.float64]


def degrees_of_freedom(residuals: Residuals) -> float:
    """Of the squared length of their mean, by chance (Box 1954): as many as components where all vary alike."""
    covariance = np.cov(residuals.T)
    return float(np.trace(covariance) ** 2 / (covariance**2).sum())


def correlation_of_views(residuals: Residuals, ids: NDArray[np.str_]) -> float:
    """Between two photographs of a part, over all components; an id is `<part>-<view>`.

    Args:
        residuals: [n, E].
        ids: [n].
    """
    views: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(ids):
        views[str(name).rsplit("-", 1)[0]].append(place)
    pairs = np.asarray([places for places in views.values() if len(places) == 2])
    one, other = residuals[pairs[:, 0]], residuals[pairs[:, 1]]
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))


def degrees_by_class(rows: list[list[Any]], classes: list[str]) -> dict[str, float]:
    """Over rows of `drift_frames`; a mean of the class moves no spread, so that embeddings serve as residuals."""
    vectors = {name: np.asarray([row[3] for row in rows if row[1] == name]) for name in classes}
    return {name: round(degrees_of_freedom(of_class), 1) for name, of_class in vectors.items()}
