"""The rendered line that benchmarks look at: the default script's model of it, and frames of what may change there.

Each change is one of one cause: it moves one thing of a photograph, beyond what the training set has shown of it.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from kaizen_training.forward import write_graph  # noqa: E402
from kaizen_training.further_outputs import FurtherOutputs, add_further_outputs  # noqa: E402
from kaizen_training.onnx_model import CALIBRATION_IMAGES, INPUT_NAME, open_session, write_int8  # noqa: E402
from kaizen_training.prepared import Split, load_description, load_split  # noqa: E402
from kaizen_training.serving import ServedModel, load_script  # noqa: E402
from kaizen_training.surfaces import CONDITIONS, Part, encode_jpeg, make_part, render_view  # noqa: E402
from kaizen_training.surfaces.camera import View, draw_view  # noqa: E402
from rendered_dataset import prepared_dataset  # noqa: E402

SEED = 20261127
ITEMS = 2400
EPOCHS = 12
WIDTH = 0.35
CLASSES = ("good", "scratch", "dent", "stain")
SHARES = (0.4, 0.2, 0.2, 0.2)
FP32, INT8 = "fp32", "int8"
VARIANTS = (FP32, INT8)
Images = NDArray[np.uint8]
_DRIFTED = CONDITIONS["drifted"]
_Ranges = dict[str, tuple[float, float]]
SHIFTS: dict[str, _Ranges] = {
    "dark": {"gain": _DRIFTED.gain},
    "flat tones": {"gamma": (1.4, 1.7)},
    "gradient": {"gradient": _DRIFTED.gradient},
    "warm light": {"warmth": _DRIFTED.warmth},
    "blur": {"blur": (1.4, 2.0)},
    "noise": {"noise": (0.04, 0.06)},
    "JPEG quality": {"jpeg_quality": (20, 35)},
    "zoom": {"scale": (1.45, 1.65)},
}


def view_with(ranges: _Ranges, rng: np.random.Generator) -> View:
    """A view of the steady line, with these settings drawn anew."""
    view = draw_view(CONDITIONS["normal"], rng)
    for name, (low, high) in ranges.items():
        drawn = float(rng.uniform(low, high))
        change: dict[str, Any] = {name: int(drawn) if name == "jpeg_quality" else drawn}
        view = replace(view, **change)
    return view


def photograph(
    count: int,
    seed: str,
    view: Callable[[np.random.Generator], View],
    part: Callable[[str, np.random.Generator], Part] = make_part,
    shares: dict[str, float] | None = None,
    line: int = SEED,
) -> tuple[list[bytes], list[str]]:
    """Frames as a camera sends them.

    Args:
        count: how many.
        seed: the same gives the same frames.
        view: draws the settings of a photograph.
        part: makes a part of a class.
        shares: class -> share of the parts. Of the dataset where it is left out.
        line: seed of the line. Another one has other frames of the same kinds.

    Returns:
        JPEG images, and their labels.
    """
    rng = np.random.default_rng([line, len(seed), sum(seed.encode())])
    drawn = shares or dict(zip(CLASSES, SHARES, strict=True))
    labels, frames = [], []
    for _ in range(count):
        label = str(rng.choice(list(drawn), p=list(drawn.values())))
        settings = view(rng)
        frames.append(encode_jpeg(render_view(part(label, rng), settings, rng), settings.jpeg_quality))
        labels.append(label)
    return frames, labels


def decoded(frames: list[bytes]) -> Images:
    """uint8 [n, height, width, 3]."""
    return np.stack([np.asarray(Image.open(io.BytesIO(frame)).convert("RGB")) for frame in frames])


def shifted(shift: str, count: int, line: int = SEED) -> tuple[list[bytes], list[str]]:
    """Frames of one of `SHIFTS`, or of the steady line under any other name."""
    return photograph(count, shift, lambda rng: view_with(SHIFTS.get(shift, {}), rng), line=line)


@dataclass(frozen=True)
class TrainedLine:
    """The default script's model of the line, exported.

    Attributes:
        classes: in the order of the probabilities.
        training: images of the train split.
        validation: the validation split.
        test: the test split.
        further: what was added to the graphs.
        graphs: variant -> file with the further outputs.
    """

    classes: list[str]
    training: Images
    validation: Split
    test: Split
    further: FurtherOutputs
    graphs: dict[str, Path]


def train_line(work: Path, output: Path, epochs: int = EPOCHS, width: float = WIDTH, seed: int = SEED) -> TrainedLine:
    """Renders and prepares the dataset in `work`, trains, and writes `model-<variant>.onnx` into `output`.

    Beside them lie `plain-<variant>.onnx`, without further outputs. Epochs and width multiplier are the demo's where
    they are left out; the dataset and the network are of `seed`.

    Raises:
        RuntimeError: the graph has no further outputs.
    """
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    prepared = prepared_dataset(work, ITEMS, seed)
    network = script.train(
        {"epochs": epochs, "learning_rate": 0.1, "width_multiplier": width, "seed": seed},
        channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
        output_data_dir=str(work / "checkpoints"),
        num_cpus=os.cpu_count() or 1,
    )
    description = load_description(prepared)
    train, validation, test = (load_split(prepared, name) for name in ("train", "validation", "test"))
    training = train.images
    plain = {variant: output / f"plain-{variant}.onnx" for variant in VARIANTS}
    graphs = {variant: output / f"model-{variant}.onnx" for variant in VARIANTS}
    write_graph(ServedModel(script, network), description.policy, plain[FP32])
    step = max(1, len(training) // CALIBRATION_IMAGES)
    write_int8(plain[FP32], training[::step][:CALIBRATION_IMAGES], plain[INT8])
    for variant, path in plain.items():
        shutil.copyfile(path, graphs[variant])
    further = add_further_outputs(graphs, training, validation.images, test=test.images)
    if further is None:
        raise RuntimeError("the graph of the default script has no further outputs")
    return TrainedLine(description.classes, training, validation, test, further, graphs)


def answers(graph: Path, images: Images, outputs: list[str]) -> list[NDArray[np.float64]]:
    """What the graph says of images, [n, ...] of each output."""
    session = open_session(graph)
    rows = [session.run(outputs, {INPUT_NAME: image}) for image in images]
    return [np.asarray(column, dtype=np.float64) for column in zip(*rows, strict=True)]
