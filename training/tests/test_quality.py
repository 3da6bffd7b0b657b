"""Evaluation numbers, champion comparison, thresholds and the choice of golden samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_training.calibration import (
    calibration_of,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
    with_temperature,
)
from kaizen_training.comparison import PairedCounts, compare_with_champion, difference_interval
from kaizen_training.contracts import problems_of
from kaizen_training.evaluate import build_report
from kaizen_training.export import choose_golden_samples
from kaizen_training.prepared import Split
from kaizen_training.quality import Answers, confusion_of, per_class, wilson_interval
from kaizen_training.thresholds import HIGHEST_THRESHOLD, WANTED_PRECISION, threshold_of

GOOD_BAD = ["bad", "good"]


def answers(classes: list[str], said: list[str]) -> Answers:
    return Answers(classes, np.asarray([classes.index(name) for name in said]))


def test_recall_and_precision_by_hand() -> None:
    confusion = confusion_of(np.asarray([0, 0, 0, 1]), np.asarray([0, 0, 1, 1]), 2)
    assert confusion.tolist() == [[2, 1], [0, 1]]
    result = per_class(confusion, GOOD_BAD)
    values = {name: (one["recall"], one["precision"], one["support"]) for name, one in result.items()}
    assert values == {"bad": (pytest.approx(2 / 3), 1.0, 3), "good": (1.0, 0.5, 1)}
    assert result["bad"]["recallInterval"] == wilson_interval(2, 3)
    assert result["good"]["precisionInterval"] == wilson_interval(1, 2)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: Wilson's score interval.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 0, 0.0, 1.0),
    ],
)
def test_intervals_are_those_of_the_literature(successes: int, trials: int, lower: float, upper: float) -> None:
    interval = wilson_interval(successes, trials)
    assert [interval["lower"], interval["upper"]] == pytest.approx([lower, upper], abs=5e-5)


def test_s13_a_new_class_is_left_out_of_the_comparison_with_the_champion() -> None:
    """[S13] The champion cannot know cracks: they cost it nothing; the old class that got worse is named."""
    truth = ["bad", "bad", "good", "good", "crack"]
    challenger = answers(["bad", "crack", "good"], ["bad", "crack", "good", "good", "crack"])
    champion = answers(GOOD_BAD, ["bad", "bad", "bad", "good", "good"])
    compared = compare_with_champion(truth, challenger, champion)
    assert (compared["items"], compared["lost"], compared["gained"], compared["accuracy"]) == (4, 1, 1, 0.75)
    assert (compared["worstRecallDrop"], compared["worstRecallDropClass"]) == (0.5, "bad")
    assert set(compared["perClass"]) == {"bad", "good"}
    assert compared["missingClasses"] == []


def test_a_class_that_only_the_champion_knows_is_lost_item_by_item() -> None:
    """A dataset whose labels still name the class, and a model that has forgotten it."""
    champion = answers(["bad", "crack", "good", "stain"], ["bad", "crack", "crack", "good"])
    challenger = answers(GOOD_BAD, ["bad", "bad", "good", "good"])
    compared = compare_with_champion(["bad", "crack", "crack", "good"], challenger, champion)
    assert compared["perClass"]["crack"]["recallDrop"] == 1.0
    assert compared["missingClasses"] == ["stain"]


def test_mcnemars_exact_test_counts_the_discordant_items_only() -> None:
    """5 to 0 of fair coins: one side 2^-5, two sides 2^-4; how many items agree plays no part."""
    for items in (5, 5000):
        counts = PairedCounts(items, 5, 0)
        assert [counts.worse_p_value, counts.different_p_value] == pytest.approx([2**-5, 2**-4])
        assert counts.drop == 5 / items
    assert (PairedCounts(9, 0, 0).worse_p_value, PairedCounts(9, 0, 0).different_p_value) == (1.0, 1.0)


def test_the_interval_of_the_difference_is_repeatable_and_near_the_normal_one() -> None:
    champion, challenger = np.ones(400, dtype=bool), np.ones(400, dtype=bool)
    champion[:20], challenger[10:50] = False, False
    interval = difference_interval(champion, challenger)
    assert interval == difference_interval(champion, challenger)
    # Discordant: 30 lost, 10 gained. Normal approximation: -0.05 +- 1.96 sqrt(40 - 20^2 / 400) / 400.
    assert [interval["lower"], interval["upper"]] == pytest.approx([-0.0806, -0.0194], abs=5e-3)
    assert difference_interval(champion, champion) == {"lower": 0.0, "upper": 0.0}


def test_a_champion_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="knows none"):
        compare_with_champion(["good"], answers(GOOD_BAD, ["good"]), answers(["x", "y"], ["x"]))


PROBABILITIES = np.asarray([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])


def report(challenger: Answers, champion: Answers | None = None) -> dict[str, object]:
    test = Split(np.zeros((3, 128, 128, 3), dtype=np.uint8), np.asarray([0, 1, 1]), np.asarray(["a", "b", "c"]))
    return build_report(
        use_case="surface-inspection",
        classes=GOOD_BAD,
        test=test,
        challenger=challenger,
        champion=champion,
        calibration=calibration_of(PROBABILITIES, test.labels, PROBABILITIES, test.labels),
        linear_accuracy=0.5,
        manifest_sha256="0" * 64,
    )


def test_the_first_turns_report_fits_the_contract_with_no_drop() -> None:
    value = report(answers(GOOD_BAD, ["bad", "good", "bad"]))
    assert problems_of("evaluation-report", value) == []
    champion = value["champion"]
    assert isinstance(champion, dict)
    assert (champion["comparedWith"], champion["worstRecallDrop"]) == ("itself", 0.0)
    assert (champion["lost"], champion["gained"], champion["pValue"]) == (0, 0, 1.0)
    assert value["minimumRecall"] == 0.5


def test_calibration_by_hand() -> None:
    """Three predictions of 0.9, 0.8 and 0.6, the last one wrong: each is a bin of its own."""
    labels = np.asarray([0, 1, 1])
    bins = reliability_bins(PROBABILITIES, labels)
    assert [(one["items"], one["accuracy"]) for one in bins] == [(1, 0.0), (1, 1.0), (1, 1.0)]
    assert expected_calibration_error(bins) == pytest.approx((0.6 + 0.2 + 0.1) / 3)
    expected = -np.log([0.9, 0.8, 0.4]).mean()
    assert negative_log_likelihood(PROBABILITIES, labels) == pytest.approx(expected)
    assert np.isfinite(negative_log_likelihood(np.asarray([[0.0, 1.0]]), np.asarray([0])))


def test_an_overconfident_model_is_found_on_validation_and_put_right_on_test() -> None:
    """Labels drawn from the probabilities themselves; the model doubles every logit, so the temperature is 2."""
    rng = np.random.default_rng(3)

    def split(items: int) -> tuple[np.ndarray, np.ndarray]:
        honest = rng.dirichlet(np.ones(4), size=items)
        labels = np.asarray([rng.choice(4, p=row) for row in honest])
        return with_temperature(honest, 0.5), labels

    (test, test_labels), (validation, validation_labels) = split(2000), split(2000)
    found = calibration_of(test, test_labels, validation, validation_labels)
    assert found["validationTemperature"] == pytest.approx(2, rel=0.1)
    assert found["rescaledExpectedCalibrationError"] < 0.5 * found["expectedCalibrationError"]
    assert found["rescaledNegativeLogLikelihood"] < found["negativeLogLikelihood"]


@given(st.floats(0.5, 5), st.integers(0, 2**32 - 1))
def test_a_temperature_changes_no_decision_and_can_be_taken_back(temperature: float, seed: int) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.full(3, 5), size=20)
    changed = with_temperature(probabilities, temperature)
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    np.testing.assert_array_equal(changed.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(with_temperature(changed, 1 / temperature), probabilities, atol=1e-6)


def test_a_calibrated_model_needs_no_temperature() -> None:
    rng = np.random.default_rng(4)
    honest = rng.dirichlet(np.ones(3), size=4000)
    assert fit_temperature(honest, np.asarray([rng.choice(3, p=row) for row in honest])) == pytest.approx(1, rel=0.1)


@given(st.lists(st.tuples(st.floats(0.25, 1), st.booleans()), max_size=60))
def test_a_threshold_reaches_the_wanted_precision_or_is_the_highest(pairs: list[tuple[float, bool]]) -> None:
    probabilities = np.asarray([value for value, _ in pairs])
    right = np.asarray([ok for _, ok in pairs], dtype=bool)
    threshold = threshold_of(probabilities, right, 0.25)
    assert 0.25 <= threshold <= HIGHEST_THRESHOLD
    if threshold < HIGHEST_THRESHOLD:
        assert right[probabilities >= threshold].mean() >= WANTED_PRECISION


def test_a_threshold_is_the_least_that_does() -> None:
    probabilities = np.asarray([0.40, 0.60, 0.70, 0.95])
    assert threshold_of(probabilities, np.asarray([False, True, True, True]), 0.25) == pytest.approx(0.41)
    assert threshold_of(probabilities, np.asarray([True] * 4), 0.25) == pytest.approx(0.25)


@pytest.mark.parametrize(("classes", "wanted", "near"), [(2, 8, 6), (4, 8, 4), (12, 16, 4), (40, 20, 4)])
def test_golden_samples_cover_every_class_and_both_near_and_far_margins(classes: int, wanted: int, near: int) -> None:
    """A model component has room for 20; up to 16 classes each has its surest image."""
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(classes, 0.3), size=40 * classes)
    labels = rng.integers(0, classes, len(probabilities))
    chosen = choose_golden_samples(probabilities, labels)
    assert len(chosen) == len(set(chosen)) == wanted
    surest = {
        max(np.flatnonzero(labels == one), key=lambda index: probabilities[index, labels[index]])
        for one in range(classes)
    }
    assert len(surest & set(chosen)) >= min(classes, 16)
    margins = np.diff(np.sort(probabilities, axis=1)[:, -2:], axis=1)[:, 0]
    assert set(margins.argsort(kind="stable")[:near].tolist()) <= set(chosen)
