"""What the field is compared with: image statistics and histograms with the bins that the cloud uses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.contracts import contracts_folder

# Luma of ITU-R BT.601; the device computes the same (edge-components/inference/src/models/image-statistics.ts), and
# contracts/examples/image-statistics.json holds both to it.
LUMA = np.asarray([0.299, 0.587, 0.114])
# Of an image of 128 x 128 pixels 64 at a time; each pixel takes 32 bytes meanwhile.
_PIXELS_AT_ONCE = 64 * 128 * 128


@dataclass(frozen=True)
class ImageStatistics:
    """One number per image, float64 [n].

    Attributes:
        brightness: mean luma, 0..255.
        contrast: population standard deviation of luma, 0..127.5.
        sharpness: mean absolute difference of horizontal neighbours, 0..255; 0 for an image of one column.
    """

    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]

    def of(self, chosen: NDArray[np.bool_]) -> ImageStatistics:
        """Those of the images for which `chosen`, bool [n], is true."""
        return ImageStatistics(self.brightness[chosen], self.contrast[chosen], self.sharpness[chosen])


def _statistics(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    luma = images.astype(np.float64) @ LUMA
    differences = np.abs(np.diff(luma, axis=2))
    sharpness = differences.mean(axis=(1, 2)) if luma.shape[2] > 1 else np.zeros(len(luma))
    return np.stack([luma.mean(axis=(1, 2)), luma.std(axis=(1, 2)), sharpness])


def image_statistics(images: NDArray[np.uint8]) -> ImageStatistics:
    """Computes the statistics of images, uint8 [n, height, width, 3]."""
    at_once = max(1, _PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
    starts = range(0, len(images), at_once)
    brightness, contrast, sharpness = np.concatenate(
        [_statistics(images[start : start + at_once]) for start in starts], axis=1
    )
    return ImageStatistics(brightness, contrast, sharpness)


def histogram(values: NDArray[np.float64], name: str) -> dict[str, Any]:
    """Counts values into the equal-width bins of `contracts/histogram-bins.json`.

    Args:
        values: float [n].
        name: a histogram of that file, such as `confidence`.

    Returns:
        The contract histogram; values outside the range are in the first or the last bin.
    """
    bins = json.loads((contracts_folder() / "histogram-bins.json").read_text(encoding="utf-8"))[name]
    minimum, maximum, count = bins["minimum"], bins["maximum"], bins["bins"]
    positions = np.floor((values - minimum) / (maximum - minimum) * count).astype(np.int64)
    counts = np.bincount(np.clip(positions, 0, count - 1), minlength=count)
    return {"minimum": minimum, "maximum": maximum, "counts": counts.tolist()}


def _distributions(confidence: NDArray[np.float64], images: ImageStatistics) -> dict[str, Any]:
    return {
        "confidence": histogram(confidence, "confidence"),
        "brightness": histogram(images.brightness, "brightness"),
        "contrast": histogram(images.contrast, "contrast"),
        "sharpness": histogram(images.sharpness, "sharpness"),
    }


def baseline_of(
    images: NDArray[np.uint8], probabilities: NDArray[np.float64], classes: list[str], test_accuracy: float
) -> dict[str, Any]:
    """The release's baseline: distributions over validation images and what the model says about them.

    Args:
        images: validation images after JPEG decoding, uint8 [n, height, width, 3].
        probabilities: the model's answers to them, [n, classes].
        classes: in the order of the model's output.
        test_accuracy: accuracy on the untouched test split.
    """
    statistics = image_statistics(images)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    of_class = {name: predicted == index for index, name in enumerate(classes)}
    return {
        **_distributions(confidence, statistics),
        "classCounts": {name: int(chosen.sum()) for name, chosen in of_class.items()},
        "byClass": {
            name: _distributions(confidence[chosen], statistics.of(chosen))
            for name, chosen in of_class.items()
            if chosen.any()
        },
        "accuracy": test_accuracy,
    }
