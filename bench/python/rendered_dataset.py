"""The rendered inspection set, prepared: what every benchmark that trains begins with."""

from __future__ import annotations

import os
from pathlib import Path

from kaizen_training.prepare import prepare
from kaizen_training.surfaces.__main__ import (
    DEFAULT_CLASSES,
    VIEWS_PER_PART,
    parse_classes,
    photographs,
    write_dataset,
)


def photographed_dataset(folder: Path, items: int, seed: int, condition: str, classes: str) -> Path:
    """Renders `items` photographs of a line under a condition of `CONDITIONS`, and their manifest, into `folder`.

    Args:
        folder: made when missing; it may have others, whose manifest is replaced.
        items: how many.
        seed: the same gives the same photographs.
        condition: of the camera and the light.
        classes: shares, such as `good:0.97,dent:0.03`.

    Returns:
        The manifest.
    """
    rendered = photographs(
        items,
        seed=seed,
        condition=condition,
        classes=parse_classes(classes),
        views=VIEWS_PER_PART,
        workers=os.cpu_count() or 1,
    )
    write_dataset(folder, rendered, seed=seed, condition=condition)
    return folder / "manifest.jsonl"


def prepared_dataset(folder: Path, items: int, seed: int) -> Path:
    """Renders `items` photographs of a steady line and prepares them as the pipeline does.

    Returns:
        The folder that the Prepare step would have written, below `folder`.
    """
    images, prepared = folder / "dataset", folder / "prepared"
    manifest = photographed_dataset(images, items, seed, "normal", DEFAULT_CLASSES)
    prepare(manifest.read_bytes(), images, prepared)
    return prepared
