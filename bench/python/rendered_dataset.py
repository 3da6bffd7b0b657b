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


def prepared_dataset(folder: Path, items: int, seed: int) -> Path:
    """Renders `items` photographs of a steady line and prepares them as the pipeline does.

    Returns:
        The folder that the Prepare step would have written, below `folder`.
    """
    images, prepared = folder / "dataset", folder / "prepared"
    rendered = photographs(
        items,
        seed=seed,
        condition="normal",
        classes=parse_classes(DEFAULT_CLASSES),
        views=VIEWS_PER_PART,
        workers=os.cpu_count() or 1,
    )
    write_dataset(images, rendered, seed=seed, condition="normal")
    prepare((images / "manifest.jsonl").read_bytes(), images, prepared)
    return prepared
