"""The operating point: from which probability on a part passes, is taken out, or is looked at by a person.

A part passes when that is expected to cost less than looking at it. What an escape, a false reject and a look cost, and
how many parts of the line are good, is the plant's to say; the validation split says how far the model may be believed.
Its mix is not the line's: probabilities are corrected for that by Bayes' rule (Saerens et al., "Adjusting the Outputs
of a Classifier to New a Priori Probabilities", Neural Computation 14, 2002, equation 2.4). How far a
probability may be believed is a curve through all images of the split that begins at the network's own word
(`beta_calibration.py`): a threshold that is looked for among the errors of some hundred images follows their luck, and
so does a curve through those errors alone. `npm run bench -- verdict` compares with the best threshold there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from kaizen_training import thresholds as by_precision
from kaizen_training.beta_calibration import fit_beta_curve
from kaizen_training.novelty import DEFAULT_BUDGET

PASS, REJECT = "pass", "reject"
# Thresholds are written with as many digits; rounding is upwards, to the safe side.
DIGITS = 4
PER_THOUSAND = 1000
CONFIDENCE = 0.95
MOST_TRIALS = 10_000_000

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Plant:
    """What the plant decides (`dispositionPolicy` of the configuration).

    Attributes:
        dispositions: class -> `pass`, `reject` or `review`.
        otherwise: of classes that are not listed, `reject` or `review`.
        escape_cost: of a defective part that passes, in any unit.
        false_reject_cost: of a good part that is taken out, in the same.
        review_cost: of a part that a person looks at, who is taken to be right.
        good_share: of the parts on the line, between 0 and 1.
        maximum_escape_rate: of defective parts, 0..1.
        maximum_false_reject_rate: of good parts, 0..1.
        novelty_budget: of the unchanged line's parts, those that the score of novelty may call novel, 0..1.
        movable_review_rate: how many good parts an operator may send to a person by a threshold that is moved at run
            time, 0..1; None where thresholds may not be moved.
    """

    dispositions: dict[str, str]
    otherwise: str
    escape_cost: float
    false_reject_cost: float
    review_cost: float
    good_share: float
    maximum_escape_rate: float
    maximum_false_reject_rate: float
    novelty_budget: float = DEFAULT_BUDGET
    movable_review_rate: float | None = None

    @staticmethod
    def of_json(value: dict[str, Any]) -> Plant:
        """From the spelling of the configuration, whose contract was checked at synthesis.

        Raises:
            ValueError: a field is missing.
        """
        try:
            costs, limits = value["costs"], value["limits"]
            return Plant(
                dispositions=value["classes"],
                otherwise=value["otherwise"],
                escape_cost=costs["escape"],
                false_reject_cost=costs["falseReject"],
                review_cost=costs["review"],
                good_share=value["goodShare"],
                maximum_escape_rate=limits["escapeRate"],
                maximum_false_reject_rate=limits["falseRejectRate"],
                novelty_budget=value.get("noveltyBudget", DEFAULT_BUDGET),
                movable_review_rate=value["operatingRange"]["reviewRate"] if "operatingRange" in value else None,
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"disposition policy: {error} must be there") from error

    def disposition_of(self, name: str) -> str:
        """What becomes of a part whose class is certain."""
        return self.dispositions.get(name, self.otherwise)

    def tells_apart(self, classes: list[str]) -> bool:
        """Whether some of the classes pass and others do not."""
        passing = self.are(PASS, classes)
        return bool(passing.any() and not passing.all())

    def are(self, disposition: str, classes: list[str]) -> NDArray[np.bool_]:
        """Which of the classes have the disposition, [classes]."""
        return np.asarray([self.disposition_of(name) == disposition for name in classes])


def rate_bound(events: int, trials: int) -> float:
    """The share that is not exceeded with 95 % confidence (Clopper and Pearson, one-sided); 1 without a trial."""
    if trials == 0:
        return 1.0
    return float(binomtest(events, trials, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)


def trials_to_settle(events: int, trials: int, limit: float) -> int | None:
    """How many more trials without an event bring the bound to `limit`; None where more than ten million would."""
    more = 1
    while rate_bound(events, trials + more) > limit:
        more *= 2
        if more > MOST_TRIALS:
            return None
    low, high = more // 2, more
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rate_bound(events, trials + middle) > limit else (low, middle)
    return high


@dataclass(frozen=True)
class Outcome:
    """What became of parts whose class is known: counts."""

    goods: int
    defects: int
    escapes: int
    false_rejects: int
    reviewed_goods: int
    reviewed_defects: int

    def cost_per_thousand(self, plant: Plant) -> float:
        """Expected on a line with the plant's share of good parts; NaN without good or without defective parts."""
        if self.goods == 0 or self.defects == 0:
            return math.nan
        of_good = plant.false_reject_cost * self.false_rejects + plant.review_cost * self.reviewed_goods
        of_defect = plant.escape_cost * self.escapes + plant.review_cost * self.reviewed_defects
        share = plant.good_share
        return PER_THOUSAND * (share * of_good / self.goods + (1 - share) * of_defect / self.defects)

    def to_json(self, plant: Plant) -> dict[str, Any]:
        """As in the contract exported-model."""
        cost = self.cost_per_thousand(plant)
        return {
            "goods": self.goods,
            "defects": self.defects,
            "escapes": self.escapes,
            "falseRejects": self.false_rejects,
            "reviewedGoods": self.reviewed_goods,
            "reviewedDefects": self.reviewed_defects,
            "escapeRateBound": rate_bound(self.escapes, self.defects),
            "falseRejectRateBound": rate_bound(self.false_rejects, self.goods),
            "costPerThousand": None if math.isnan(cost) else cost,
        }


def outcome_of(
    probabilities: Probabilities, labels: Labels, classes: list[str], thresholds: dict[str, float], plant: Plant
) -> Outcome:
    """Decides as a device does: the likeliest class from its threshold on, else a person.

    Args:
        probabilities: [n, classes].
        labels: true classes, [n].
        classes: in the order of the columns.
        thresholds: class -> least probability.
        plant: what becomes of each class.
    """
    predicted = probabilities.argmax(axis=1)
    limits = np.asarray([thresholds[name] for name in classes])
    certain = probabilities.max(axis=1) >= limits[predicted]
    good = plant.are(PASS, classes)[labels]
    passed = certain & plant.are(PASS, classes)[predicted]
    rejected = certain & plant.are(REJECT, classes)[predicted]
    reviewed = ~passed & ~rejected
    return Outcome(
        goods=int(good.sum()),
        defects=int((~good).sum()),
        escapes=int((passed & ~good).sum()),
        false_rejects=int((rejected & good).sum()),
        reviewed_goods=int((reviewed & good).sum()),
        reviewed_defects=int((reviewed & ~good).sum()),
    )


def choose_thresholds(
    probabilities: Probabilities, labels: Labels, classes: list[str], plant: Plant
) -> dict[str, float]:
    """Chooses a threshold per class on the validation split; see the module.

    Where all classes, or none, pass there is nothing to weigh: then a certain answer is right 95 times in 100.
    Where more defective images pass than `maximum_escape_rate` allows, the thresholds of the passing classes rise until
    they do not, whatever it costs.

    Args:
        probabilities: [n, classes].
        labels: true classes, [n].
        classes: in the order of the columns.
        plant: costs, and what becomes of each class.
    """
    passing, rejecting = plant.are(PASS, classes), plant.are(REJECT, classes)
    if not plant.tells_apart(classes):
        return by_precision.choose_thresholds(probabilities, labels, classes)
    good = passing[labels]
    lowest = 1 / len(classes)
    if good.all() or not good.any():
        # Nothing can be learnt about one kind of error: whatever the class says is looked at unless it is beyond doubt.
        return dict.fromkeys(classes, 1.0)
    # Weight of an image of the split on the line.
    of_good, of_defect = plant.good_share / good.mean(), (1 - plant.good_share) / (~good).mean()
    to_pass = _threshold(
        probabilities[:, passing], good, of_defect / of_good, plant.review_cost / plant.escape_cost, lowest
    )
    to_reject = _threshold(
        probabilities[:, rejecting], ~good, of_good / of_defect, plant.review_cost / plant.false_reject_cost, lowest
    )
    thresholds = {
        name: to_pass if is_passing else to_reject if is_rejecting else lowest
        for name, is_passing, is_rejecting in zip(classes, passing, rejecting, strict=True)
    }
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    escaping = passing[predicted] & ~good
    return _with_escapes_bounded(
        thresholds,
        [(float(confidence[index]), classes[predicted[index]]) for index in np.flatnonzero(escaping)],
        math.floor(plant.maximum_escape_rate * (~good).sum() + 1e-9),
    )


def threshold_bounds(
    probabilities: Probabilities, labels: Labels, classes: list[str], thresholds: dict[str, float], plant: Plant
) -> dict[str, dict[str, float]]:
    """How far an operator may move the threshold of each passing class, the others staying where they are.

    Down to where the escapes on the validation split are still within `maximum_escape_rate`, and up to where no more
    than `movable_review_rate` of its good parts go to a person for this threshold. What was chosen is always within.

    Args:
        probabilities: [n, classes].
        labels: true classes, [n].
        classes: in the order of the columns.
        thresholds: class -> threshold, as chosen.
        plant: what becomes of each class, and how far thresholds may be moved.

    Returns:
        class -> {"lowest", "highest"}, 0..1; empty where nothing may be moved, or where the split has no good or no
        defective image and so says nothing about it.
    """
    passing = plant.are(PASS, classes)
    good = passing[labels]
    if plant.movable_review_rate is None or not plant.tells_apart(classes) or good.all() or not good.any():
        return {}
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    escapes_allowed = math.floor(plant.maximum_escape_rate * (~good).sum() + 1e-9)
    reviews_allowed = math.floor(plant.movable_review_rate * good.sum() + 1e-9)
    limits = np.asarray([thresholds[name] for name in classes])
    escaping = passing[predicted] & ~good & (confidence >= limits[predicted])
    bounds = {}
    for index in np.flatnonzero(passing):
        chosen, of_class = thresholds[classes[index]], predicted == index
        others = int((escaping & ~of_class).sum())
        lowest = _lowest(np.sort(confidence[of_class & ~good])[::-1], escapes_allowed - others, 1 / len(classes))
        highest = _highest(np.sort(confidence[of_class & good]), reviews_allowed)
        bounds[classes[index]] = {"lowest": min(lowest, chosen), "highest": max(highest, chosen)}
    return bounds


def _lowest(defects: Probabilities, allowed: int, least: float) -> float:
    """Least threshold that lets at most `allowed` of the defective images pass, whose confidences fall."""
    if allowed < 0:
        return 1.0
    if len(defects) <= allowed:
        return least
    scale = 10**DIGITS
    return min(1.0, max(least, (math.floor(float(defects[allowed]) * scale) + 1) / scale))


def _highest(goods: Probabilities, allowed: int) -> float:
    """Greatest threshold that sends at most `allowed` of the good images to a person, whose confidences rise."""
    if len(goods) <= allowed:
        return 1.0
    scale = 10**DIGITS
    return math.floor(float(goods[allowed]) * scale) / scale


def _threshold(
    probabilities: Probabilities, right: NDArray[np.bool_], odds_ratio: float, tolerance: float, lowest: float
) -> float:
    """The least probability at which answers of some classes are believed, and from which on all are.

    Args:
        probabilities: of these classes, [n, k]; also of images that are said to be of another, since they tell as much
            of what a small probability is worth.
        right: which of the images are of these classes, or may be taken for them, [n].
        odds_ratio: of a wrong and a right answer, line / split.
        tolerance: the largest probability of being wrong at which believing costs no more than looking.
        lowest: the least probability that the likeliest class can have.
    """
    if tolerance >= 1 or probabilities.shape[1] == 0:
        return lowest
    needed = math.log(odds_ratio) - math.log(tolerance / (1 - tolerance))
    scale = 10**DIGITS
    candidates = np.arange(math.ceil(lowest * scale), scale + 1) / scale
    curve = fit_beta_curve(probabilities.max(axis=1), right)
    doubtful = np.flatnonzero(curve.log_odds(candidates) < needed)
    if len(doubtful) == 0:
        return lowest
    return float(candidates[min(doubtful[-1] + 1, len(candidates) - 1)])


def _with_escapes_bounded(
    thresholds: dict[str, float], candidates: list[tuple[float, str]], allowed: int
) -> dict[str, float]:
    """Raises thresholds until at most `allowed` of the defective images (confidence, class) pass."""
    raised = dict(thresholds)
    escapes = sorted((confidence, name) for confidence, name in candidates if confidence >= thresholds[name])
    scale = 10**DIGITS
    for confidence, name in escapes[: max(0, len(escapes) - allowed)]:
        raised[name] = max(raised[name], min(1.0, (math.floor(confidence * scale) + 1) / scale))
    return raised
