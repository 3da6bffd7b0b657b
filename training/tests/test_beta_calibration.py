"""The curve of belief: at the network's word without images, at the truth with many, between them with few."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from kaizen_training.beta_calibration import fit_beta_curve

PROBABILITIES = np.linspace(0.01, 0.99, 99)


def answers(n: int, slope: float, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probabilities of a network whose log odds are the true ones / `slope`, and whether it was right."""
    random = np.random.default_rng(seed)
    truth = random.normal(0, 3, n)
    return expit(truth / slope), random.random(n) < expit(truth)


def test_b13_without_images_the_network_is_taken_at_its_word() -> None:
    """[B13]"""
    nothing = fit_beta_curve(np.empty(0), np.empty(0, dtype=bool))
    assert nothing.log_odds(PROBABILITIES) == pytest.approx(logit(PROBABILITIES), abs=1e-6)


def test_b13_many_images_overrule_it() -> None:
    """[B13]"""
    curve = fit_beta_curve(*answers(100_000, 0.5))
    assert curve.log_odds(PROBABILITIES) == pytest.approx(0.5 * logit(PROBABILITIES), abs=0.1)


def test_b13_few_images_move_it_towards_the_truth_and_not_beyond_reason() -> None:
    """[B13] Not one of forty answers was wrong: that is no reason to believe an answer of 0.6 without limit."""
    right = np.concatenate([np.full(20, 0.95), np.full(20, 0.05)])
    curve = fit_beta_curve(right, right > 0.5)
    sure, unsure = curve.log_odds(np.asarray([0.95, 0.6]))
    assert logit(0.95) < sure < logit(0.95) + 2
    assert 0 < unsure < 1.5


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_b13_certain_answers_have_log_odds_that_end(probability: float) -> None:
    """[B13]"""
    curve = fit_beta_curve(np.asarray([0.0, 1.0, 1.0]), np.asarray([False, True, False]))
    assert np.isfinite(curve.log_odds(np.asarray([probability]))).all()
