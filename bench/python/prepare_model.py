"""Makes what the edge benchmarks run: a MobileNetV2 of width 1.0 at 224 x 224, and camera frames.

`python bench/python/prepare_model.py --output <folder>` renders the project's dataset, prepares it, trains with the
project's default script, first at that script's own 96 x 96 (cheap) and then from there at 224 x 224, and exports
with the project's own functions. Writes

    model-fp32.onnx, model-int8.onnx    the two variants of a release
    model-next.onnx                     int8 from other calibration images: the release that a swap goes to
    test-images.npy                     uint8 [n, 224, 224, 3], a few images of the test split
    frame-<width>x<height>-<n>.jpg      what a camera would send
    model.json                          classes, thresholds, accuracy on the test split, how it was made
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
import time
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from kaizen_training.onnx_model import (  # noqa: E402
    CALIBRATION_IMAGES,
    INPUT_NAME,
    OUTPUT_NAME,
    run_images,
    write_fp32,
    write_int8,
)
from kaizen_training.prepare import prepare  # noqa: E402
from kaizen_training.prepared import Split, load_description, load_split  # noqa: E402
from kaizen_training.serving import load_script  # noqa: E402
from kaizen_training.surfaces.__main__ import (  # noqa: E402
    DEFAULT_CLASSES,
    VIEWS_PER_PART,
    parse_classes,
    photographs,
    write_dataset,
)
from kaizen_training.surfaces.part import TINTS  # noqa: E402
from kaizen_training.surfaces.textures import load_texture  # noqa: E402
from kaizen_training.thresholds import choose_thresholds  # noqa: E402

SIZE = 224
WIDTH_MULTIPLIER = 1.0
SEED = 20261123
# 15 % of them are the test split: one image more or less is a ninth of the percentage point that int8 may cost.
ITEMS = 6000
# About 25 s each on two cores. Then one pass at the real size, which costs ten times as much.
SMALL_EPOCHS = 8
# The script takes 60 % of the epochs when it starts from a champion: one.
FULL_SIZE_EPOCHS = 2
LEARNING_RATE = 0.1
KEPT_TEST_IMAGES = 32
# VGA, and the sizes of common machine-vision sensors: 1.2, 2 and 5 megapixels.
FRAME_SIZES = ((640, 480), (1280, 960), (1920, 1080), (2592, 1944))
FRAMES_PER_SIZE = 8
FRAME_QUALITY = 90
# Of the sensor, as in the renderer's normal condition.
FRAME_NOISE = 0.012


def _prepared_dataset(folder: Path) -> Path:
    images, prepared = folder / "dataset", folder / "prepared"
    rendered = photographs(
        ITEMS,
        seed=SEED,
        condition="normal",
        classes=parse_classes(DEFAULT_CLASSES),
        views=VIEWS_PER_PART,
        workers=os.cpu_count() or 1,
    )
    write_dataset(images, rendered, seed=SEED, condition="normal")
    prepare((images / "manifest.jsonl").read_bytes(), images, prepared)
    return prepared


def _packed(script: ModuleType, model: Any, folder: Path) -> Path:
    files = folder / "champion"
    files.mkdir()
    script.save(model, str(files))
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in files.iterdir():
            tar.add(path, path.name)
    return archive


def _train(prepared: Path, folder: Path) -> Any:
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    train = partial(
        script.train,
        channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
        output_data_dir=str(folder / "checkpoints"),
        num_cpus=os.cpu_count() or 1,
    )
    common = {"learning_rate": LEARNING_RATE, "width_multiplier": WIDTH_MULTIPLIER, "seed": SEED}
    small = train({**common, "epochs": SMALL_EPOCHS})
    champion = _packed(script, small, folder)
    # The size to which the network resizes its input, inside the graph.
    script.NETWORK_SIZE = SIZE  # type: ignore[attr-defined]
    return train({**common, "epochs": FULL_SIZE_EPOCHS, "champion_uri": str(champion)})


def _stretched(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brings images to 224 x 224, as the network would do inside."""
    resized = [Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for image in images]
    return np.stack([np.asarray(image) for image in resized])


def _camera_frame(width: int, height: int, rng: np.random.Generator) -> bytes:
    """A JPEG of a photographed surface: mirrored tiles of a texture at twice its size, tinted, with sensor noise."""
    name = str(rng.choice(list(TINTS)))
    texture = load_texture(name)
    large = np.asarray(Image.fromarray(texture).resize((1024, 1024), Image.Resampling.BICUBIC))
    tile = np.block([[large, large[:, ::-1]], [large[::-1], large[::-1, ::-1]]])
    row, column = (int(value) for value in rng.integers(0, 1024, 2))
    rows = (np.arange(height) + row) % len(tile)
    columns = (np.arange(width) + column) % len(tile)
    relative = 1 + 0.09 * tile[rows][:, columns]
    image = relative[:, :, None] * np.asarray(TINTS[name], dtype=np.float32)
    image += FRAME_NOISE * rng.standard_normal(image.shape, dtype=np.float32)
    buffer = io.BytesIO()
    Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, format="JPEG", quality=FRAME_QUALITY)
    return buffer.getvalue()


def _write_frames(output: Path) -> None:
    for width, height in FRAME_SIZES:
        for number in range(FRAMES_PER_SIZE):
            rng = np.random.default_rng([SEED, width, number])
            (output / f"frame-{width}x{height}-{number}.jpg").write_bytes(_camera_frame(width, height, rng))


def _write_graphs(model: Any, training: Split, output: Path) -> None:
    write_fp32(model, SIZE, SIZE, output / "model-fp32.onnx")
    step = len(training.images) // CALIBRATION_IMAGES
    for name, offset in (("model-int8.onnx", 0), ("model-next.onnx", step // 2)):
        write_int8(
            output / "model-fp32.onnx",
            _stretched(training.images[offset::step][:CALIBRATION_IMAGES]),
            output / name,
        )


def main(arguments: list[str] | None = None) -> int:
    """Makes everything; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    started = time.monotonic()
    partial_output = options.output.with_name(f"{options.output.name}.partial")
    shutil.rmtree(partial_output, ignore_errors=True)
    partial_output.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        prepared = _prepared_dataset(Path(folder))
        classes = load_description(prepared).classes
        model = _train(prepared, Path(folder))
        training, validation, test = (load_split(prepared, name) for name in ("train", "validation", "test"))
    _write_graphs(model, training, partial_output)
    _write_frames(partial_output)

    test_images = _stretched(test.images)
    np.save(partial_output / "test-images.npy", test_images[:KEPT_TEST_IMAGES])
    on_validation, _ = run_images(partial_output / "model-fp32.onnx", _stretched(validation.images))
    correct = {}
    for name in ("model-fp32.onnx", "model-int8.onnx", "model-next.onnx"):
        probabilities, _ = run_images(partial_output / name, test_images)
        correct[name] = int((probabilities.argmax(axis=1) == test.labels).sum())
    description = {
        "classes": classes,
        "input": {"name": INPUT_NAME, "height": SIZE, "width": SIZE, "outputName": OUTPUT_NAME},
        "thresholds": choose_thresholds(on_validation, validation.labels, classes),
        "trainingItems": len(training.labels),
        "testItems": len(test.labels),
        "correct": correct,
        "frameSizes": [f"{width}x{height}" for width, height in FRAME_SIZES],
        "framesPerSize": FRAMES_PER_SIZE,
        "seconds": round(time.monotonic() - started),
    }
    (partial_output / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    partial_output.rename(options.output)
    print(json.dumps(description))
    return 0


if __name__ == "__main__":
    sys.exit(main())
