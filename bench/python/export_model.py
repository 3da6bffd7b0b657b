"""Exports what train_model.py trained, with the project's own functions.

`python bench/python/export_model.py --weights <folder> --output <folder>` writes

    model-fp32.onnx, model-int8.onnx    the two variants of a release
    model-next.onnx                     int8 from other calibration images: the release that a swap goes to
    test-images.rgb                     some images of the test split, 224 x 224 x 3 bytes each
    model.json                          classes, input, thresholds, accuracy on the test split
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from kaizen_training.onnx_model import (  # noqa: E402
    CALIBRATION_IMAGES,
    INPUT_NAME,
    OUTPUT_NAME,
    run_images,
    write_fp32,
    write_int8,
)
from kaizen_training.prepared import Split, load_description, load_split  # noqa: E402
from kaizen_training.serving import load_script  # noqa: E402
from kaizen_training.thresholds import choose_thresholds  # noqa: E402

SIZE = 224
KEPT_TEST_IMAGES = 32
GRAPHS = ("model-fp32.onnx", "model-int8.onnx", "model-next.onnx")


def _load(weights: Path) -> Any:
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    return script.model_fn(str(weights))


def _stretched(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brings images to 224 x 224, as the network would do inside."""
    resized = [Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for image in images]
    return np.stack([np.asarray(image) for image in resized])


def _write_graphs(model: Any, training: Split, output: Path) -> None:
    fp32, *quantized = (output / name for name in GRAPHS)
    write_fp32(model, SIZE, SIZE, fp32)
    for offset, path in enumerate(quantized):
        write_int8(fp32, _stretched(training.images[offset :: len(quantized)][:CALIBRATION_IMAGES]), path)


def _correct(graph: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> int:
    probabilities, _ = run_images(graph, images)
    return int((probabilities.argmax(axis=1) == labels).sum())


def _describe(weights: Path, output: Path) -> dict[str, Any]:
    classes = load_description(weights).classes
    validation, test = (load_split(weights, name) for name in ("validation", "test"))
    test_images = _stretched(test.images)
    test_images[:KEPT_TEST_IMAGES].tofile(output / "test-images.rgb")
    on_validation, _ = run_images(output / GRAPHS[0], _stretched(validation.images))
    return {
        "classes": classes,
        "input": {"name": INPUT_NAME, "height": SIZE, "width": SIZE, "outputName": OUTPUT_NAME},
        "thresholds": choose_thresholds(on_validation, validation.labels, classes),
        "testItems": len(test.labels),
        "correct": {name: _correct(output / name, test_images, test.labels) for name in GRAPHS},
    }


def main(arguments: list[str] | None = None) -> int:
    """Exports; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    with finished_folder(options.output) as unfinished:
        _write_graphs(_load(options.weights), load_split(options.weights, "train"), unfinished)
        description = _describe(options.weights, unfinished)
        (unfinished / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
