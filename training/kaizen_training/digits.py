"""Real images that ship with scikit-learn: 1,797 handwritten digits, as a prepared dataset.

`python -m kaizen_training.digits --output FOLDER` writes what the Prepare step writes. The digits are the test part of
the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998), 8 x 8 pixels of 17 levels.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaizen_training.image_policy import DEFAULT_POLICY
from kaizen_training.prepared import DatasetDescription, Split, save_split
from kaizen_training.split import split_of

SPLITS = ("train", "validation", "test")
_LEVELS = 16


def _as_image(digit: NDArray[np.float64]) -> NDArray[np.uint8]:
    """8 x 8 of 0 to 16 -> uint8 [128, 128, 3]."""
    grey = Image.fromarray((digit * (255 / _LEVELS)).round().astype(np.uint8))
    larger = grey.resize(DEFAULT_POLICY.size, Image.Resampling.BILINEAR)
    return np.asarray(larger.convert("RGB"))


def write_digits(folder: Path, per_class: int | None = None) -> DatasetDescription:
    """Writes the digits as the Prepare step writes a dataset.

    Args:
        folder: created when missing.
        per_class: how many of each digit at most; all when None.
    """
    from sklearn.datasets import load_digits

    pixels, targets = load_digits(return_X_y=True)
    members: dict[str, list[int]] = {name: [] for name in SPLITS}
    taken = np.zeros(10, dtype=int)
    for index, target in enumerate(targets):
        if per_class is None or taken[target] < per_class:
            taken[target] += 1
            members[split_of(f"digit-{index}")].append(index)
    folder.mkdir(parents=True, exist_ok=True)
    for name, indices in members.items():
        images = np.stack([_as_image(pixels[index].reshape(8, 8)) for index in indices])
        ids = np.array([f"digit-{index}" for index in indices])
        save_split(folder, name, Split(images, targets[indices].astype(np.int64), ids))
    classes = [str(digit) for digit in range(10)]
    description = DatasetDescription(
        classes=classes,
        counts={
            name: {label: int((targets[indices] == int(label)).sum()) for label in classes}
            for name, indices in members.items()
        },
        manifest_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        corrupt=[],
    )
    (folder / "dataset.json").write_text(json.dumps(description.to_json()) + "\n", encoding="utf-8")
    return description


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--per-class", type=int, help="how many of each digit at most (default: all)")
    options = parser.parse_args(arguments)
    print(json.dumps(write_digits(options.output, options.per_class).counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
