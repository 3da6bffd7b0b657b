"""How far a probability may be believed: a curve through the validation split that begins at the network's own word.

The log odds of being right are a ln p - b ln(1 - p) + c (Kull et al., "Beta calibration: a well-founded and easily
implemented improvement on logistic calibration for binary classifiers", AISTATS 2017). With a = b = 1 and c = 0 they
are those of p: the network is taken at its word. Each of the three has a normal prior of deviation 1 about that. A
split of some hundred images has a handful of errors, which settle no three numbers, nor two; what they leave open stays
with the network, which has learnt from many more, and a split that contradicts it overrules it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

# A model may answer exactly 0 or 1, whose log odds are infinite.
SMALLEST_PROBABILITY = 1e-6
# a, b and c of a network that means what it says.
_AT_ITS_WORD = np.asarray([1.0, 1.0, 0.0])

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class BetaCurve:
    """Probabilities [n] -> log odds of being right.

    Attributes:
        coefficients: a, b and c of the module.
    """

    coefficients: Numbers

    def log_odds(self, probabilities: Numbers) -> Numbers:
        """Natural logarithms, [n]."""
        return np.asarray(_evidence(probabilities) @ self.coefficients)


def fit_beta_curve(probabilities: Numbers, right: NDArray[np.bool_]) -> BetaCurve:
    """The likeliest curve, after prior and images.

    Args:
        probabilities: what the network gave, [n].
        right: whether that was so, [n].
    """
    evidence, truth = _evidence(probabilities), right.astype(np.float64)

    def loss(coefficients: Numbers) -> tuple[float, Numbers]:
        scores, distance = evidence @ coefficients, coefficients - _AT_ITS_WORD
        value = (np.logaddexp(0, scores) - truth * scores).sum() + 0.5 * (distance**2).sum()
        return float(value), np.asarray(evidence.T @ (expit(scores) - truth) + distance)

    # Convex, by its prior strictly: there is one minimum, wherever the search begins.
    return BetaCurve(np.asarray(minimize(loss, _AT_ITS_WORD, jac=True, method="BFGS").x))


def _evidence(probabilities: Numbers) -> Numbers:
    clipped = np.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.stack([np.log(clipped), -np.log1p(-clipped), np.ones_like(clipped)], axis=1)
