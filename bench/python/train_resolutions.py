"""Small defects on large frames: what a network knows by the size at which it sees them.

`python bench/python/train_resolutions.py --output <folder>` photographs trays of 4 x 4 parts at 512 x 512 pixels, every
second one with a crack in one of its parts, prepares them at each size as the pipeline does, trains the default
script alike on each, and writes `resolutions.json`: how many test trays each model names right, and what it costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# As in the Train step: threads that wait in a spin take the processor from each other. Before OpenMP is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from kaizen_training.image_policy import ImagePolicy  # noqa: E402
from kaizen_training.networks.cost import count_cost  # noqa: E402
from kaizen_training.prepare import prepare  # noqa: E402
from kaizen_training.prepared import load_split  # noqa: E402
from kaizen_training.serving import ServedModel, load_script  # noqa: E402
from kaizen_training.split import SPLITS, split_of  # noqa: E402
from kaizen_training.surfaces import CONDITIONS, encode_jpeg, make_part, render_view  # noqa: E402
from kaizen_training.surfaces.__main__ import Photograph, dataset_item  # noqa: E402
from kaizen_training.surfaces.camera import draw_view  # noqa: E402

SIZES = (128, 512)
TRAYS = 640
# Parts of a split's trays, of each kind: a tray never shows a part of another split.
PARTS = {"train": 240, "validation": 80, "test": 80}
SIDE = 4
JPEG_QUALITY = 90
SEED = 11
EPOCHS = 10
WIDTH_MULTIPLIER = 0.25
LEARNING_RATE = 0.05


def _views(label: str, count: int, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    return [
        render_view(part, draw_view(CONDITIONS["normal"], rng), rng)
        for part in (make_part(label, rng) for _ in range(count))
    ]


def _tray(good: list[NDArray[np.uint8]], bad: list[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 [512, 512, 3]; with a cracked part where there are bad parts to take from."""
    tiles = [good[index] for index in rng.choice(len(good), SIDE * SIDE, replace=False)]
    if bad:
        tiles[int(rng.integers(len(tiles)))] = bad[int(rng.integers(len(bad)))]
    rows = [np.concatenate(tiles[start : start + SIDE], axis=1) for start in range(0, len(tiles), SIDE)]
    return np.concatenate(rows, axis=0)


def _write_dataset(folder: Path) -> bytes:
    """Writes the frames and returns their manifest."""
    rng = np.random.default_rng(SEED)
    pools = {name: {label: _views(label, count, rng) for label in ("good", "crack")} for name, count in PARTS.items()}
    lines = []
    for tray in range(TRAYS):
        label = ("good", "crack")[tray % 2]
        bare = Photograph(label, tray, 0, b"")
        pool = pools[split_of(dataset_item(bare, tray, seed=SEED, condition="normal")["groupId"])]
        pixels = _tray(pool["good"], pool["crack"] if label == "crack" else [], rng)
        photograph = Photograph(label, tray, 0, encode_jpeg(pixels, JPEG_QUALITY))
        item = dataset_item(photograph, tray, seed=SEED, condition="normal")
        path = folder / item["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph.jpeg)
        lines.append(json.dumps(item))
    return "\n".join(lines).encode()


def _trained(size: int, manifest: bytes, images: Path, folder: Path) -> dict[str, Any]:
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    prepare(manifest, images, folder, ImagePolicy(width=size, height=size))
    hyperparameters = {
        "epochs": EPOCHS,
        "learning_rate": LEARNING_RATE,
        "width_multiplier": WIDTH_MULTIPLIER,
        "seed": SEED,
    }
    channels = {"train": str(folder), "validation": str(folder)}
    started = time.monotonic()
    model = script.train(hyperparameters, channels, str(folder / "checkpoints"), os.cpu_count() or 1)
    seconds = time.monotonic() - started
    test = load_split(folder, "test")
    _, probabilities = ServedModel(script, model).probabilities(test.images)
    return {
        "size": size,
        "correct": int((probabilities.argmax(axis=1) == test.labels).sum()),
        "multiplyAccumulates": count_cost(model.network, *model.input_size).multiply_accumulates,
        "trainingSeconds": round(seconds),
    }


def main(arguments: list[str] | None = None) -> int:
    """Trains; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = _write_dataset(folder / "dataset")
        trained = [_trained(size, manifest, folder / "dataset", folder / str(size)) for size in SIZES]
        items = {split: len(load_split(folder / str(SIZES[0]), split).labels) for split in SPLITS}
        description = {"items": items, "epochs": EPOCHS, "widthMultiplier": WIDTH_MULTIPLIER, "sizes": trained}
        (unfinished / "resolutions.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
