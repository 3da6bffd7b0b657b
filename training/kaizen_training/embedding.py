"""Where a frame lies among what the classifier reads, in coordinates that sums over many frames can be compared in.

Whether a change of the line costs accuracy is told by two-sample tests on what a trained classifier makes of its
images, better than by tests on the images (Rabanser et al., "Failing Loudly", arXiv:1810.11953). The shares of the
classes are no such change, so what is compared is the residual: an embedding less the mean of its predicted class.
Residuals of the validation split have mean 0 and covariance 1, so that the squared length of a mean of n of them is
about size / n by chance, whatever the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.novelty import Features

# What a device's sketch of an hour can hold the sums of.
MOST_COMPONENTS = 16
# Of the largest: a direction that hardly varies is rounding.
_SMALLEST_SPREAD = 1e-3
# A covariance of as many directions as there are images says nothing of most of them.
_IMAGES_PER_COMPONENT = 2
# A hundredth of a standard deviation is 0.01; what is more exact is noise.
_DECIMALS = 4


@dataclass(frozen=True)
class ClassMean:
    """Where the images of one predicted class lie.

    Attributes:
        images: how many, 1 at least.
        mean: of their embeddings, [E].
    """

    images: int
    mean: Features

    def to_json(self) -> dict[str, Any]:
        """As in the contract release, embeddingReference."""
        return {"images": self.images, "mean": [round(float(value), _DECIMALS) for value in self.mean]}


@dataclass(frozen=True)
class EmbeddingModel:
    """What is appended to a graph, on the penultimate features [n, D].

    Attributes:
        mean: of the features over the training images, [D].
        projection: [D, E].
    """

    mean: Features
    projection: Features

    @property
    def size(self) -> int:
        """E."""
        return self.projection.shape[1]

    def embeddings(self, features: Features) -> Features:
        """[n, E]."""
        return np.asarray((features - self.mean) @ self.projection)

    def moved(self, difference: Features) -> EmbeddingModel:
        """For a graph whose features differ by this, [D], from those that the model was fitted on."""
        return EmbeddingModel(self.mean + difference, self.projection)


def reference_of(embeddings: Features, predicted: NDArray[np.int64]) -> dict[int, ClassMean]:
    """The mean of each predicted class; none of a class that no image is predicted to be.

    Args:
        embeddings: [n, E].
        predicted: the number of the class that the network answers, [n].
    """
    return {
        int(label): ClassMean(int((predicted == label).sum()), embeddings[predicted == label].mean(axis=0))
        for label in np.unique(predicted)
    }


def residuals_of(embeddings: Features, predicted: NDArray[np.int64], reference: dict[int, ClassMean]) -> Features:
    """Embeddings less the means of their predicted classes, [n, E]."""
    return np.asarray(embeddings - np.stack([reference[int(label)].mean for label in predicted]))


def fit_embedding(training: Features, validation: Features, predicted: NDArray[np.int64]) -> EmbeddingModel | None:
    """Fits the directions on training images, and their scales on validation images, which the network has not learnt.

    The directions are the principal components of most variance: those that tell classes, and what else the network
    has kept. Residuals along them are then whitened, by a covariance that is shrunk after Ledoit and Wolf.

    Args:
        training: features, [n, D].
        validation: features, [m, D].
        predicted: the number of the class that the network answers for each of those, [m].

    Returns:
        None where the features do not vary, or where classes take all there is of the validation images.
    """
    from sklearn.covariance import LedoitWolf

    mean = training.mean(axis=0)
    _, singular, components = np.linalg.svd(training - mean, full_matrices=False)
    spread = singular / np.sqrt(len(training))
    # Each mean of a class takes one.
    degrees = len(validation) - len(np.unique(predicted))
    size = min(MOST_COMPONENTS, int((spread > _SMALLEST_SPREAD * spread[0]).sum()), degrees // _IMAGES_PER_COMPONENT)
    if size < 1:
        return None
    rows = components[:size]
    # The sign of a component is free: its largest weight is positive, on every machine.
    rows = rows * np.sign(rows[np.arange(size), np.abs(rows).argmax(axis=1)])[:, None]
    embeddings = (validation - mean) @ rows.T
    residuals = residuals_of(embeddings, predicted, reference_of(embeddings, predicted))
    # Shrinking makes scales alike, which are not: they are taken out before.
    scale = np.maximum(residuals.std(axis=0), _SMALLEST_SPREAD * spread[:size])
    covariance = LedoitWolf(assume_centered=True).fit(residuals / scale).covariance_ * (len(validation) / degrees)
    values, vectors = np.linalg.eigh(covariance)
    whitening = (vectors / np.sqrt(np.maximum(values, _SMALLEST_SPREAD))) @ vectors.T
    return EmbeddingModel(mean, (rows.T / scale) @ whitening)
