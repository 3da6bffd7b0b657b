"""Trains the model that the edge benchmarks run: a MobileNetV2 of width 1.0 at 224 x 224.

`python bench/python/train_model.py --output <folder>` renders the project's dataset, prepares it, and trains with the
project's default script, first at that script's own 96 x 96 (cheap) and then from there at 224 x 224. Writes

    model.pt, model.json            as the script saves them
    train-*.npy                     images to calibrate with
    validation-*.npy, test-*.npy    as prepared
    dataset.json                    as prepared
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from kaizen_training.prepared import Split, load_split, save_split  # noqa: E402
from kaizen_training.serving import load_script  # noqa: E402
from packed_model import packed_model  # noqa: E402
from rendered_dataset import prepared_dataset  # noqa: E402

SIZE = 224
WIDTH_MULTIPLIER = 1.0
SEED = 20261123
# 15 % of them are the test split: one image more or less is a ninth of the percentage point that int8 may cost.
ITEMS = 6000
# About 25 s each on two cores. An epoch at the real size costs ten times as much ...
SMALL_EPOCHS = 6
# ... and the script takes 60 % of them when it starts from a champion: two.
FULL_SIZE_EPOCHS = 3
LEARNING_RATE = 0.1
# For two calibrations of 160 images.
KEPT_TRAINING_IMAGES = 320


def _train(prepared: Path, folder: Path, output: Path) -> None:
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    train = partial(
        script.train,
        channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
        output_data_dir=str(folder / "checkpoints"),
        num_cpus=os.cpu_count() or 1,
    )
    common = {"learning_rate": LEARNING_RATE, "width_multiplier": WIDTH_MULTIPLIER, "seed": SEED}
    full_size = {**common, "resolution": SIZE, "epochs": FULL_SIZE_EPOCHS}
    small = train({**common, "epochs": SMALL_EPOCHS})
    champion = packed_model(script, small, folder)
    script.save(train({**full_size, "champion_uri": str(champion)}), str(output))


def _keep_data(prepared: Path, output: Path) -> None:
    split = load_split(prepared, "train")
    step = len(split.labels) // KEPT_TRAINING_IMAGES
    kept = slice(0, step * KEPT_TRAINING_IMAGES, step)
    save_split(output, "train", Split(split.images[kept], split.labels[kept], split.ids[kept]))
    for name in ("validation", "test"):
        save_split(output, name, load_split(prepared, name))
    shutil.copy(prepared / "dataset.json", output)


def main(arguments: list[str] | None = None) -> int:
    """Trains; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as folder:
        prepared = prepared_dataset(Path(folder), ITEMS, SEED)
        _keep_data(prepared, unfinished)
        _train(prepared, Path(folder), unfinished)
    return 0


if __name__ == "__main__":
    sys.exit(main())
