"""Trains every network of the catalogue alike and exports it with the project's own functions.

`python bench/python/train_networks.py --output <folder>` renders the project's dataset once, trains each network with
the project's default script, and writes

    <network>-fp32.onnx, <network>-int8.onnx    within the policy of the edge, checked
    test-images.rgb                             some images of the test split, 128 x 128 x 3 bytes each
    networks.json                               how they were trained, and what each one costs and knows
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

# As in the Train step: threads that wait in a spin take the processor from each other. Before OpenMP is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from kaizen_training.export import model_input  # noqa: E402
from kaizen_training.image_policy import DEFAULT_POLICY  # noqa: E402
from kaizen_training.networks.catalogue import NETWORKS  # noqa: E402
from kaizen_training.networks.cost import count_cost  # noqa: E402
from kaizen_training.onnx_model import (  # noqa: E402
    CALIBRATION_IMAGES,
    check_policy,
    run_images,
    write_fp32,
    write_int8,
)
from kaizen_training.prepared import load_description, load_split  # noqa: E402
from kaizen_training.serving import load_script  # noqa: E402
from rendered_dataset import prepared_dataset  # noqa: E402

SEED = 20261125
# The control alone has as many multiply-accumulates as all the others together; with these, everything takes
# about five minutes on two cores.
ITEMS = 1600
EPOCHS = 10
LEARNING_RATE = 0.1
WIDTH_MULTIPLIER = 0.35
RESOLUTION = 96
KEPT_TEST_IMAGES = 32


def _train(script: Any, prepared: Path, network: str, folder: Path) -> Any:
    hyperparameters = {
        "network": network,
        "epochs": EPOCHS,
        "learning_rate": LEARNING_RATE,
        "width_multiplier": WIDTH_MULTIPLIER,
        "resolution": RESOLUTION,
        "seed": SEED,
    }
    channels = {"train": str(prepared), "validation": str(prepared)}
    return script.train(hyperparameters, channels, str(folder), os.cpu_count() or 1)


def _describe(model: Any, network: str, prepared: Path, output: Path) -> dict[str, Any]:
    training, test = load_split(prepared, "train"), load_split(prepared, "test")
    fp32, int8 = (output / f"{network}-{variant}.onnx" for variant in ("fp32", "int8"))
    write_fp32(model, DEFAULT_POLICY.height, DEFAULT_POLICY.width, fp32)
    step = max(1, len(training.images) // CALIBRATION_IMAGES)
    write_int8(fp32, training.images[::step][:CALIBRATION_IMAGES], int8)
    for path in (fp32, int8):
        check_policy(path)
    answers = {variant: run_images(path, test.images)[0] for variant, path in (("fp32", fp32), ("int8", int8))}
    import torch

    with torch.inference_mode():
        expected = model(torch.from_numpy(test.images)).numpy()
    cost = count_cost(model.network, RESOLUTION, RESOLUTION)
    return {
        "name": network,
        "multiplyAccumulates": cost.multiply_accumulates,
        "parameters": cost.parameters,
        "correct": {name: int((rows.argmax(axis=1) == test.labels).sum()) for name, rows in answers.items()},
        "largestDifference": float(np.abs(answers["fp32"] - expected).max()),
    }


def _all_networks(prepared: Path, output: Path) -> list[dict[str, Any]]:
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    described = []
    for network in NETWORKS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            model = _train(script, prepared, network, Path(folder))
        trained = time.monotonic()
        described.append({**_describe(model, network, prepared, output), "trainingSeconds": round(trained - started)})
        print(json.dumps(described[-1]), flush=True)
    return described


def main(arguments: list[str] | None = None) -> int:
    """Trains and exports; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as folder:
        prepared = prepared_dataset(Path(folder), ITEMS, SEED)
        test = load_split(prepared, "test")
        test.images[:KEPT_TEST_IMAGES].tofile(unfinished / "test-images.rgb")
        description = {
            "classes": load_description(prepared).classes,
            "input": model_input(DEFAULT_POLICY),
            "trainingItems": len(load_split(prepared, "train").labels),
            "testItems": len(test.labels),
            "epochs": EPOCHS,
            "widthMultiplier": WIDTH_MULTIPLIER,
            "resolution": RESOLUTION,
            "networks": _all_networks(prepared, unfinished),
        }
        (unfinished / "networks.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
