"""Answers of a larger network to the frames of `verdict_frames.py`, for second opinions.

`python bench/python/opinion_frames.py --output <folder>` trains the default script at width 1.0 on the data set of
`verdict_frames.py`, and writes `model-cloud.onnx` and `opinions.json`:

    classes          in the order of the probabilities
    thresholds       class -> threshold, chosen on the validation split as the devices' are
    frames           condition -> [probabilities, bytes of the JPEG] of each frame, in the order of verdicts.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from finished_folder import finished_folder
from inspected_line import EPOCHS, ITEMS, ROOT, SEED, Images, decoded, shifted
from kaizen_training.forward import write_graph
from kaizen_training.onnx_model import run_images
from kaizen_training.operating_point import choose_thresholds
from kaizen_training.prepared import load_description, load_split
from kaizen_training.serving import ServedModel, load_script
from numpy.typing import NDArray
from rendered_dataset import prepared_dataset
from verdict_frames import PLANT_ESCAPE_RATE, PLANT_YIELD, by_condition, plant_of

CLOUD_WIDTH = 1.0
GRAPH = "model-cloud.onnx"


def _answers(graph: Path, images: Images) -> NDArray[np.float64]:
    probabilities, _ = run_images(graph, images)
    return probabilities


def _rows(graph: Path, condition: str, count: int) -> list[list[Any]]:
    jpegs, _ = shifted(condition, count)
    probabilities = _answers(graph, decoded(jpegs))
    return [[[round(float(one), 6) for one in row], len(jpeg)] for row, jpeg in zip(probabilities, jpegs, strict=True)]


def main(arguments: list[str] | None = None) -> int:
    """Trains and writes; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as folder:
        prepared = prepared_dataset(Path(folder), ITEMS, SEED)
        network = script.train(
            {"epochs": EPOCHS, "learning_rate": 0.1, "width_multiplier": CLOUD_WIDTH, "seed": SEED},
            channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
            output_data_dir=str(Path(folder) / "checkpoints"),
            num_cpus=os.cpu_count() or 1,
        )
        description, validation = load_description(prepared), load_split(prepared, "validation")
        graph = unfinished / GRAPH
        write_graph(ServedModel(script, network), description.policy, graph)
        on_validation = _answers(graph, validation.images)
        plant = plant_of(PLANT_YIELD, PLANT_ESCAPE_RATE)
        opinions = {
            "classes": description.classes,
            "thresholds": choose_thresholds(on_validation, validation.labels, description.classes, plant),
            "frames": by_condition(_rows, graph),
        }
        (unfinished / "opinions.json").write_text(json.dumps(opinions) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
