"""Calibration: is a model that says 0.9 right nine times in ten?

Guo et al., "On Calibration of Modern Neural Networks" (arXiv:1706.04599): expected calibration error (section 2, with
15 bins as in its table 1) and temperature scaling (section 4.2).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

BINS = 15
# A model may answer exactly 0: the logarithm of what float32 can hardly tell from it.
SMALLEST_PROBABILITY = 1e-12
TEMPERATURES = (0.05, 20.0)

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


def negative_log_likelihood(probabilities: Probabilities, labels: Labels) -> float:
    """Mean of -ln(probability of the true class), in nats; probabilities [n, classes], labels [n]."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_truth, SMALLEST_PROBABILITY)).mean())


def reliability_bins(probabilities: Probabilities, labels: Labels) -> list[dict[str, float | int]]:
    """Predictions by their probability, in 15 bins of equal width; empty bins are left out.

    Returns:
        Per bin: its edges, how many predictions, their mean probability, and the share that is right.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    # A bin holds its upper edge, as in the paper.
    places = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return [
        {
            "lower": place / BINS,
            "upper": (place + 1) / BINS,
            "items": int((places == place).sum()),
            "confidence": float(confidence[places == place].mean()),
            "accuracy": float(right[places == place].mean()),
        }
        for place in range(BINS)
        if (places == place).any()
    ]


def expected_calibration_error(bins: list[dict[str, float | int]]) -> float:
    """Mean distance between probability and accuracy over the predictions, 0..1."""
    items = sum(one["items"] for one in bins)
    return float(sum(one["items"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / max(1, items))


def with_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Softmax(logits / temperature) from the probabilities alone: logits are their logarithms up to a constant."""
    logits = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY)) / temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: Probabilities, labels: Labels) -> float:
    """The temperature between 0.05 and 20 of least negative log-likelihood; 1 means that nothing is to be gained."""
    found = minimize_scalar(
        lambda log_temperature: negative_log_likelihood(
            with_temperature(probabilities, math.exp(log_temperature)), labels
        ),
        bounds=(math.log(TEMPERATURES[0]), math.log(TEMPERATURES[1])),
        method="bounded",
    )
    return math.exp(float(found.x))


def calibration_of(
    test: Probabilities, test_labels: Labels, validation: Probabilities, validation_labels: Labels
) -> dict[str, Any]:
    """The `calibration` part of the evaluation report.

    Everything is measured on test, for what the model answers and for what it would answer after a temperature that
    is fitted on validation. That temperature is a finding, and is applied nowhere: the device must answer what the
    script's own functions answer, so a temperature belongs into the script (as in `scripts/pytorch`).
    """
    bins = reliability_bins(test, test_labels)
    temperature = fit_temperature(validation, validation_labels)
    rescaled = with_temperature(test, temperature)
    return {
        "expectedCalibrationError": expected_calibration_error(bins),
        "negativeLogLikelihood": negative_log_likelihood(test, test_labels),
        "bins": bins,
        "validationTemperature": temperature,
        "rescaledExpectedCalibrationError": expected_calibration_error(reliability_bins(rescaled, test_labels)),
        "rescaledNegativeLogLikelihood": negative_log_likelihood(rescaled, test_labels),
    }
