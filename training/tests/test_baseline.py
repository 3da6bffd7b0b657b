"""Image statistics and histograms that the device and the cloud must agree on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_training.baseline import baseline_of, histogram, image_statistics
from kaizen_training.contracts import contracts_folder

VECTORS = json.loads((contracts_folder() / "examples/image-statistics.json").read_text())["cases"]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_statistics_are_those_of_the_golden_vectors(case: dict[str, Any]) -> None:
    pixels = np.asarray(case["pixels"], dtype=np.uint8).reshape(1, case["height"], case["width"], 3)
    statistics = image_statistics(pixels)
    for name in ("brightness", "contrast", "sharpness"):
        assert getattr(statistics, name)[0] == pytest.approx(case[name], abs=1e-6)


def test_statistics_by_hand() -> None:
    """Two pixels, black and white: mean 127.5, deviation 127.5, one difference of 255."""
    statistics = image_statistics(np.asarray([[[[0, 0, 0], [255, 255, 255]]]], dtype=np.uint8))
    assert statistics.brightness[0] == pytest.approx(127.5)
    assert statistics.contrast[0] == pytest.approx(127.5)
    assert statistics.sharpness[0] == pytest.approx(255)


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=50))
def test_a_histogram_counts_every_value_once_and_puts_strays_at_the_ends(values: list[float]) -> None:
    result = histogram(np.asarray(values), "brightness")
    assert sum(result["counts"]) == len(values)
    assert result["counts"][0] >= sum(value < 0 for value in values)
    assert result["counts"][-1] >= sum(value > 255 for value in values)


@pytest.mark.parametrize(("value", "index"), [(0.0, 0), (0.049, 0), (0.05, 1), (0.999, 19), (1.0, 19)])
def test_bins_are_closed_below_and_open_above(value: float, index: int) -> None:
    assert histogram(np.asarray([value]), "confidence")["counts"][index] == 1


def test_the_baseline_counts_what_the_model_says() -> None:
    probabilities = np.asarray([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    result = baseline_of(np.zeros((3, 8, 8, 3), dtype=np.uint8), probabilities, ["good", "stain"], 0.91)
    assert result["classCounts"] == {"good": 2, "stain": 1}
    assert result["accuracy"] == 0.91
    assert sum(result["confidence"]["counts"]) == 3


def test_b14_the_distributions_of_the_classes_sum_up_to_those_of_all_images() -> None:
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    probabilities = random.dirichlet([1, 1, 1e-9], 40)
    result = baseline_of(images, probabilities, ["good", "stain", "dent"], 0.9)
    assert set(result["byClass"]) == {name for name, count in result["classCounts"].items() if count > 0}
    for name in ("confidence", "brightness", "contrast", "sharpness"):
        of_classes = [one[name]["counts"] for one in result["byClass"].values()]
        assert np.sum(of_classes, axis=0).tolist() == result[name]["counts"]
    assert {name: sum(one["brightness"]["counts"]) for name, one in result["byClass"].items()} == {
        name: count for name, count in result["classCounts"].items() if count > 0
    }
