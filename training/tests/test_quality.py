"""Evaluation numbers, champion comparison, thresholds and the choice of golden samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaizen_training.contracts import problems_of
from kaizen_training.evaluate import build_report
from kaizen_training.export import choose_golden_samples
from kaizen_training.prepared import Split
from kaizen_training.quality import Answers, compare_with_champion, confusion_of, per_class
from kaizen_training.thresholds import HIGHEST_THRESHOLD, WANTED_PRECISION, threshold_of

GOOD_BAD = ["bad", "good"]


def answers(classes: list[str], said: list[str]) -> Answers:
    return Answers(classes, np.asarray([classes.index(name) for name in said]))


def test_recall_and_precision_by_hand() -> None:
    confusion = confusion_of(np.asarray([0, 0, 0, 1]), np.asarray([0, 0, 1, 1]), 2)
    assert confusion.tolist() == [[2, 1], [0, 1]]
    result = per_class(confusion, GOOD_BAD)
    assert result["bad"] == {"recall": pytest.approx(2 / 3), "precision": 1.0, "support": 3}
    assert result["good"] == {"recall": 1.0, "precision": 0.5, "support": 1}


def test_s13_a_new_class_is_left_out_of_the_comparison_with_the_champion() -> None:
    """[S13] The champion cannot know cracks: they cost it nothing; the old class that got worse is named."""
    truth = ["bad", "bad", "good", "good", "crack"]
    challenger = answers(["bad", "crack", "good"], ["bad", "crack", "good", "good", "crack"])
    champion = answers(GOOD_BAD, ["bad", "bad", "bad", "good", "good"])
    assert compare_with_champion(truth, challenger, champion) == {
        "accuracy": 0.75,
        "worstRecallDrop": 0.5,
        "worstRecallDropClass": "bad",
    }


def test_a_champion_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="knows none"):
        compare_with_champion(["good"], answers(GOOD_BAD, ["good"]), answers(["x", "y"], ["x"]))


def report(challenger: Answers, champion: Answers | None = None) -> dict[str, object]:
    test = Split(np.zeros((3, 128, 128, 3), dtype=np.uint8), np.asarray([0, 1, 1]), np.asarray(["a", "b", "c"]))
    return build_report(
        use_case="surface-inspection",
        classes=GOOD_BAD,
        test=test,
        challenger=challenger,
        champion=champion,
        linear_accuracy=0.5,
        manifest_sha256="0" * 64,
    )


def test_the_first_turns_report_fits_the_contract_with_no_drop() -> None:
    value = report(answers(GOOD_BAD, ["bad", "good", "bad"]))
    assert problems_of("evaluation-report", value) == []
    assert value["champion"] == {
        "accuracy": pytest.approx(2 / 3),
        "worstRecallDrop": 0.0,
        "worstRecallDropClass": "bad",
    }
    assert value["minimumRecall"] == 0.5


def test_a_model_of_another_dataset_is_refused() -> None:
    with pytest.raises(ValueError, match="the dataset has"):
        report(answers(["good", "bad"], ["bad", "good", "bad"]))


@settings(deadline=None)
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


def test_golden_samples_cover_every_class_and_the_closest_calls() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), size=50)
    labels = rng.integers(0, 4, 50)
    chosen = choose_golden_samples(probabilities, labels)
    assert len(chosen) == len(set(chosen)) == 8
    assert {int(labels[index]) for index in chosen} == {0, 1, 2, 3}
    margins = np.diff(np.sort(probabilities, axis=1)[:, -2:], axis=1)[:, 0]
    assert int(margins.argmin()) in chosen
