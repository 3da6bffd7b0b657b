"""Command line of the renderer.

`dataset` writes images and `manifest.jsonl` as the dataset bucket holds them; `stock` writes frames and
`truth.jsonl` for the inspection-line simulator.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import numpy as np

from kaizen_training.surfaces.camera import CONDITIONS, draw_view
from kaizen_training.surfaces.part import CLASSES, make_part
from kaizen_training.surfaces.render import encode_jpeg, render_view

VIEWS_PER_PART = 2
DEFAULT_CLASSES = "good:0.4,scratch:0.2,dent:0.2,stain:0.2"
# Day zero of rendered time. The seed picks the hour, so that two datasets do not claim the same photographs.
FIRST_PHOTOGRAPH = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECONDS_BETWEEN_PHOTOGRAPHS = 5


@dataclass(frozen=True)
class Photograph:
    """One rendered view, encoded."""

    label: str
    part: int
    view: int
    jpeg: bytes


def parse_classes(text: str) -> dict[str, float]:
    """Parses `good:0.55,scratch:0.15` into shares that sum to 1.

    Raises:
        argparse.ArgumentTypeError: an unknown class, a share that is not a positive number, or a class given twice.
    """
    shares: dict[str, float] = {}
    problems = []
    for entry in text.split(","):
        name, _, share = entry.partition(":")
        try:
            value = float(share)
        except ValueError:
            value = float("nan")
        if name not in CLASSES:
            problems.append(f"class '{name}' is not one of {', '.join(CLASSES)}")
        elif name in shares:
            problems.append(f"class '{name}' is given twice")
        elif not 0 < value < float("inf"):
            problems.append(f"share of '{name}' must be a positive number, got '{share}'")
        shares[name] = value
    if problems:
        raise argparse.ArgumentTypeError("; ".join(problems))
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def photograph_part(part: int, *, seed: int, condition: str, classes: dict[str, float], views: int) -> list[Photograph]:
    """Renders every view of one part. Depends on its arguments only, so parts can be rendered in any order."""
    rng = np.random.default_rng([seed, part])
    label = str(rng.choice(list(classes), p=list(classes.values())))
    piece = make_part(label, rng)
    photographs = []
    for view in range(views):
        settings = draw_view(CONDITIONS[condition], rng)
        pixels = render_view(piece, settings, rng)
        photographs.append(Photograph(label, part, view, encode_jpeg(pixels, settings.jpeg_quality)))
    return photographs


def photographs(
    items: int, *, seed: int, condition: str, classes: dict[str, float], views: int, workers: int
) -> Iterator[Photograph]:
    """Renders `items` photographs, in the order of their parts."""
    parts = range(-(-items // views))
    render = partial(photograph_part, seed=seed, condition=condition, classes=classes, views=views)
    left = items
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for group in pool.map(render, parts, chunksize=16):
            yield from group[:left]
            left -= len(group[:left])


def dataset_item(photograph: Photograph, index: int, *, seed: int, condition: str) -> dict[str, str]:
    """The manifest line (contract dataset-item, without split) of a photograph."""
    digest = hashlib.sha256(photograph.jpeg).hexdigest()
    part_id = f"part-{seed}-{condition}-{photograph.part:06d}"
    taken = FIRST_PHOTOGRAPH + timedelta(hours=seed % 8760, seconds=SECONDS_BETWEEN_PHOTOGRAPHS * index)
    return {
        "id": f"{part_id}-{photograph.view}",
        "groupId": part_id,
        "key": f"images/sha256/{digest[:2]}/{digest}.jpg",
        "sha256": digest,
        "label": photograph.label,
        "origin": "rendered",
        "capturedAt": taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write_dataset(output: Path, rendered: Iterator[Photograph], *, seed: int, condition: str) -> int:
    """Writes `images/sha256/<aa>/<sha256>.jpg` and `manifest.jsonl`; returns the number of items."""
    output.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, photograph in enumerate(rendered):
        item = dataset_item(photograph, index, seed=seed, condition=condition)
        path = output / item["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph.jpeg)
        lines.append(json.dumps(item))
    (output / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def write_stock(output: Path, rendered: Iterator[Photograph]) -> int:
    """Writes `frame-<n>.jpg` and `truth.jsonl` with {file, label}; returns the number of frames."""
    output.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, photograph in enumerate(rendered):
        name = f"frame-{index:06d}.jpg"
        (output / name).write_bytes(photograph.jpeg)
        lines.append(json.dumps({"file": name, "label": photograph.label}))
    (output / "truth.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative, got {value}")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m kaizen_training.surfaces", description=__doc__)
    parser.add_argument("product", choices=("dataset", "stock"))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--items", type=_positive, required=True)
    parser.add_argument("--seed", type=_seed, required=True)
    parser.add_argument("--condition", choices=sorted(CONDITIONS), default="normal")
    parser.add_argument("--classes", type=parse_classes, default=parse_classes(DEFAULT_CLASSES))
    parser.add_argument("--workers", type=_positive, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    is_dataset = options.product == "dataset"
    rendered = photographs(
        options.items,
        seed=options.seed,
        condition=options.condition,
        classes=options.classes,
        # A line shows every part once; a dataset has several photographs of a part.
        views=VIEWS_PER_PART if is_dataset else 1,
        workers=options.workers,
    )
    if is_dataset:
        count = write_dataset(options.output, rendered, seed=options.seed, condition=options.condition)
    else:
        count = write_stock(options.output, rendered)
    print(json.dumps({"output": str(options.output), "items": count}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
