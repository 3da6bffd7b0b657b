"""How unlike the training images a frame is, by what the maps of the network say of it.

Each depth of the network has a Gaussian of its own over the means and deviations of its channels, with a covariance
that is shrunk after Ledoit and Wolf ("A well-conditioned estimator for large-dimensional covariance matrices", 2004),
and a frame's distance from it is Mahalanobis's (Lee et al., arXiv:1807.03888, equation 2, without classes: what a part
is, early maps hardly say). Each distance is divided by what few validation images exceed, and the largest quotient is
the score: a change that one depth sees is not lost among the others' noise. What other scores see is in docs/adr/0047.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of the unchanged line's frames, those that the score may call novel, where the plant says nothing.
DEFAULT_BUDGET = 0.01
# Below so many images of training or validation nothing can be said of one in a hundred.
FEWEST_IMAGES = 50
_SMALLEST_DEVIATION = 1e-6

Features = NDArray[np.float64]


@dataclass(frozen=True)
class NoveltyModel:
    """What is appended to a graph, on features [n, S] of which each group has a part.

    Attributes:
        mean: of the features over the training images, [S].
        whitening: [S, K]; K columns, each of one group.
        groups: 0 or 1, [K, G]: which column belongs to which group.
    """

    mean: Features
    whitening: Features
    groups: Features

    def scores(self, features: Features) -> Features:
        """The score of each row, [n]; 0 or above."""
        squares = np.square((features - self.mean) @ self.whitening)
        return np.asarray(np.sqrt((squares @ self.groups).max(axis=1)))


def limit_of(scores: Features, budget: float) -> float:
    """The score that a frame like the scored ones exceeds with at most this probability.

    By symmetry a new one is equally likely to have any of the n + 1 ranks (Vovk et al., "Algorithmic Learning in a
    Random World", 2005): the limit is the ceil((1 - budget)(n + 1))-th smallest score, or the largest where n is below
    1 / budget - 1. A little above it, so that the machine's rounding does not decide.

    Args:
        scores: of validation images, [n], n at least 1.
        budget: between 0 and 1.
    """
    rank = min(len(scores), math.ceil((1 - budget) * (len(scores) + 1)))
    return max(float(np.sort(scores)[rank - 1]) * (1 + 1e-4), 1e-6)


def fit_novelty(
    training: Features, validation: Features, groups: Sequence[NDArray[np.int64]], budget: float
) -> NoveltyModel:
    """Fits Gaussians on training images and their scales on validation images, which the network has not learnt.

    Args:
        training: features, [n, S].
        validation: features, [m, S].
        groups: places of the features of each Gaussian.
        budget: of the unchanged line's frames, the share that may be novel.
    """
    from sklearn.covariance import LedoitWolf

    mean, deviation = training.mean(axis=0), training.std(axis=0)
    # A feature that never varied while training says nothing by the size of its first variation.
    deviation = np.where(deviation > _SMALLEST_DEVIATION * (1 + np.abs(mean)), deviation, np.inf)
    standardised, columns = (training - mean) / deviation, []
    for places in groups:
        covariance = LedoitWolf(assume_centered=True).fit(standardised[:, places]).covariance_
        values, vectors = np.linalg.eigh(covariance + _SMALLEST_DEVIATION * np.eye(len(places)))
        whitening = np.zeros((len(mean), len(places)))
        whitening[places] = vectors / np.sqrt(values) / deviation[places, None]
        distances = np.linalg.norm((validation - mean) @ whitening, axis=1)
        columns.append(whitening / limit_of(distances, budget / len(groups)))
    belongs = np.repeat(np.eye(len(groups)), [len(places) for places in groups], axis=0)
    return NoveltyModel(mean, np.concatenate(columns, axis=1), belongs)
