"""The embedding of what the classifier reads: residuals of predicted classes that can be added and compared."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kaizen_training.embedding import MOST_COMPONENTS, fit_embedding, reference_of, residuals_of
from kaizen_training.novelty import Features

CLASSES, FEATURES = 3, 40
Labels = NDArray[np.int64]


def penultimate(count: int, seed: int, shares: tuple[float, ...] = (0.6, 0.3, 0.1)) -> tuple[Features, Labels]:
    """Features of classes that lie apart, with noise that differs by directions; and the classes, all predicted."""
    world, rng = np.random.default_rng(5), np.random.default_rng(seed)
    centres = world.normal(0, 1.5, (CLASSES, FEATURES))
    mixing = world.normal(size=(FEATURES, FEATURES)) * np.geomspace(1, 0.1, FEATURES)
    labels = rng.choice(CLASSES, count, p=shares)
    return centres[labels] + rng.normal(size=(count, FEATURES)) @ mixing.T + 7, labels


def test_b14_residuals_of_the_validation_split_have_mean_zero_and_covariance_one() -> None:
    """[B14] So the squared length of a mean of n residuals is size / n by chance, whatever the network."""
    (training, _), (validation, predicted) = penultimate(600, 1), penultimate(400, 2)
    model = fit_embedding(training, validation, predicted)
    assert model is not None
    assert model.size == MOST_COMPONENTS
    embeddings = model.embeddings(validation)
    residuals = residuals_of(embeddings, predicted, reference_of(embeddings, predicted))
    np.testing.assert_allclose(residuals.mean(axis=0), 0, atol=1e-9)
    covariance = residuals.T @ residuals / (len(residuals) - CLASSES)
    np.testing.assert_allclose(covariance, np.eye(model.size), atol=0.25)


def test_b14_another_yield_moves_the_embeddings_and_not_the_residuals() -> None:
    """[B14] What moves the residuals is a change within the classes."""
    (training, _), (validation, predicted) = penultimate(600, 1), penultimate(400, 2)
    model = fit_embedding(training, validation, predicted)
    assert model is not None
    before = model.embeddings(validation)
    reference = reference_of(before, predicted)
    features, classes = penultimate(2000, 3, shares=(0.1, 0.2, 0.7))
    after = model.embeddings(features)
    assert np.linalg.norm(after.mean(axis=0) - before.mean(axis=0)) > 2
    # By chance sqrt(16 / 400 + 16 / 2000), and the means of small classes say less.
    assert np.linalg.norm(residuals_of(after, classes, reference).mean(axis=0)) < 0.5
    changed = model.embeddings(features * 1.1)
    assert np.linalg.norm(residuals_of(changed, classes, reference).mean(axis=0)) > 1


def test_there_are_no_more_components_than_directions_that_vary_and_images_to_measure_them() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(300, 3)) @ rng.normal(size=(3, FEATURES))
    labels = np.arange(100) % 2
    of_three = fit_embedding(flat[:200], flat[200:], labels)
    assert of_three is not None
    assert of_three.size == 3
    training, _ = penultimate(600, 1)
    validation, _ = penultimate(12, 2)
    of_five = fit_embedding(training, validation, np.arange(12) % 2)
    assert of_five is not None
    assert of_five.size == 5


@pytest.mark.parametrize(
    ("training", "predicted"),
    [
        pytest.param(np.full((60, 4), 3.5), np.zeros(50, dtype=np.int64), id="features that never vary"),
        pytest.param(penultimate(60, 1)[0], np.arange(50), id="an image of each class"),
    ],
)
def test_there_is_no_embedding_where_nothing_can_be_measured(training: Features, predicted: Labels) -> None:
    assert fit_embedding(training, training[:50], predicted) is None


def test_a_direction_in_which_classes_do_not_vary_is_not_blown_up() -> None:
    """The class itself, of a network that is sure: its residuals are rounding."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    features = np.stack([labels * 10.0, rng.normal(size=400)], axis=1)
    model = fit_embedding(features, features, labels)
    assert model is not None
    assert np.abs(model.embeddings(features)).max() < 1e4


def test_a_class_that_is_never_predicted_has_no_reference() -> None:
    reference = reference_of(np.asarray([[1.0, 2.0], [3.0, 4.0], [0.12345, 9.0]]), np.asarray([2, 2, 0]))
    assert {label: one.to_json() for label, one in reference.items()} == {
        0: {"images": 1, "mean": [0.1235, 9]},
        2: {"images": 2, "mean": [2, 3]},
    }
