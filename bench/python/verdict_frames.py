"""Frames of the line as it was trained for, and of eight changes of one cause each, through the default script's model.

`python bench/python/verdict_frames.py --output <folder>` renders and prepares the project's dataset, trains the default
script, and writes `model-fp32.onnx` and `model-int8.onnx`, `plain-<variant>.onnx` without further outputs, `images.rgb`
(32 images of the validation split, uint8), and `verdicts.json`:

    classes          in the order of the probabilities
    baseline         contract of the release
    thresholds       class -> threshold, chosen on the validation split for the plant of `config/prod.ts`
    costs            of each yield, per 1,000 parts: `oracle`, `precision` and, of each draw of a validation split from
                     the steady line, `chosen` and `searched`, judged on the other frames
    novelty          contract of the release
    embedding        contract of the release
    frames           condition -> [label, probabilities, novelty, brightness, contrast, sharpness] of each frame, by
                     the fp32 graph
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from kaizen_training import thresholds as by_precision  # noqa: E402
from kaizen_training.baseline import baseline_of, image_statistics  # noqa: E402
from kaizen_training.forward import write_graph  # noqa: E402
from kaizen_training.further_outputs import NOVELTY_NAME, add_further_outputs  # noqa: E402
from kaizen_training.onnx_model import (  # noqa: E402
    CALIBRATION_IMAGES,
    INPUT_NAME,
    OUTPUT_NAME,
    open_session,
    write_int8,
)
from kaizen_training.operating_point import Plant, choose_thresholds, outcome_of  # noqa: E402
from kaizen_training.prepared import load_description, load_split  # noqa: E402
from kaizen_training.serving import ServedModel, load_script  # noqa: E402
from kaizen_training.surfaces import CONDITIONS, encode_jpeg, make_part, render_view  # noqa: E402
from kaizen_training.surfaces.camera import View, draw_view  # noqa: E402
from rendered_dataset import prepared_dataset  # noqa: E402

SEED = 20261127
ITEMS = 2400
EPOCHS = 12
# The best threshold is looked for among these: so many that its own luck is small.
NORMAL_FRAMES = 4000
SHIFTED_FRAMES = 800
CLASSES = ("good", "scratch", "dent", "stain")
VARIANT = "fp32"
TIMED_IMAGES = 32
SHARES = (0.4, 0.2, 0.2, 0.2)
YIELDS = (0.90, 0.98, 0.997)
# As config/prod.ts has them.
PLANT_YIELD, PLANT_ESCAPE_RATE = 0.98, 0.02
DRAWS = 40
DRAWN_FRAMES = 400
GRID = np.concatenate([np.linspace(0.25, 1, 76), [0.995, 0.997, 0.999]])
COSTS = {"escape_cost": 100.0, "false_reject_cost": 1.0, "review_cost": 0.5}
_DRIFTED = CONDITIONS["drifted"]
# Each changes one thing of a photograph, beyond what the training set has shown of it.
SHIFTS: dict[str, dict[str, tuple[float, float]]] = {
    "dark": {"gain": _DRIFTED.gain},
    "flat tones": {"gamma": (1.4, 1.7)},
    "gradient": {"gradient": _DRIFTED.gradient},
    "warm light": {"warmth": _DRIFTED.warmth},
    "blur": {"blur": (1.4, 2.0)},
    "noise": {"noise": (0.04, 0.06)},
    "JPEG quality": {"jpeg_quality": (20, 35)},
    "zoom": {"scale": (1.45, 1.65)},
}


def _view(shift: str, rng: np.random.Generator) -> View:
    view = draw_view(CONDITIONS["normal"], rng)
    for name, (low, high) in SHIFTS.get(shift, {}).items():
        drawn = float(rng.uniform(low, high))
        change: dict[str, Any] = {name: int(drawn) if name == "jpeg_quality" else drawn}
        view = replace(view, **change)
    return view


def _frames(shift: str, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """As a camera sends them: through JPEG. uint8 [n, height, width, 3], and their labels."""
    rng = np.random.default_rng([SEED, len(shift), sum(shift.encode())])
    labels, images = [], []
    for _ in range(count):
        label = str(rng.choice(CLASSES, p=SHARES))
        view = _view(shift, rng)
        jpeg = encode_jpeg(render_view(make_part(label, rng), view, rng), view.jpeg_quality)
        labels.append(label)
        images.append(np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")))
    return np.stack(images), labels


def _plant(good_share: float, escape_rate: float = 1) -> Plant:
    return Plant(
        {"good": "pass"},
        "reject",
        **COSTS,
        good_share=good_share,
        maximum_escape_rate=escape_rate,
        maximum_false_reject_rate=1,
    )


class _Costs:
    """What thresholds cost on answered frames; classes in the order of the columns."""

    def __init__(self, classes: list[str], rows: list[list[Any]]) -> None:
        self.classes = classes
        self.labels = np.asarray([classes.index(row[0]) for row in rows])
        self.probabilities = np.asarray([row[1] for row in rows])

    def cost(self, thresholds: dict[str, float], plant: Plant, frames: NDArray[np.int64]) -> float:
        outcome = outcome_of(self.probabilities[frames], self.labels[frames], self.classes, thresholds, plant)
        return outcome.cost_per_thousand(plant)

    def searched(self, plant: Plant, frames: NDArray[np.int64]) -> dict[str, float]:
        """The thresholds that cost least on these very frames: of each class by itself, which decides alone."""
        best = dict.fromkeys(self.classes, float(GRID[0]))
        for name in self.classes:
            costs = [self.cost({**best, name: float(one)}, plant, frames) for one in GRID]
            best[name] = float(GRID[int(np.argmin(costs))])
        return best

    def at(self, good_share: float, precise: dict[str, float]) -> dict[str, Any]:
        plant, everything = _plant(good_share), np.arange(len(self.labels))
        random = np.random.default_rng(SEED)
        chosen, searched = [], []
        for _ in range(DRAWS):
            order = random.permutation(len(self.labels))
            drawn, others = order[:DRAWN_FRAMES], order[DRAWN_FRAMES:]
            split = self.probabilities[drawn], self.labels[drawn]
            chosen.append(self.cost(choose_thresholds(*split, self.classes, plant), plant, others))
            searched.append(self.cost(self.searched(plant, drawn), plant, others))
        return {
            "goodShare": good_share,
            "oracle": self.cost(self.searched(plant, everything), plant, everything),
            "precision": self.cost(precise, plant, everything),
            "chosen": chosen,
            "searched": searched,
        }


class _Graph:
    """The exported graph: probabilities [n, classes] and scores of novelty [n]."""

    def __init__(self, path: Path) -> None:
        self.session = open_session(path)

    def answers(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        outputs = [self.session.run([OUTPUT_NAME, NOVELTY_NAME], {INPUT_NAME: image}) for image in images]
        probabilities, scores = zip(*outputs, strict=True)
        return np.asarray(probabilities, dtype=np.float64), np.asarray(scores, dtype=np.float64)[:, 0]


def _rows(graph: _Graph, shift: str, count: int) -> Iterator[list[Any]]:
    images, labels = _frames(shift, count)
    probabilities, scores = graph.answers(images)
    statistics = image_statistics(images)
    numbers = zip(scores, statistics.brightness, statistics.contrast, statistics.sharpness, strict=True)
    for label, row, seen in zip(labels, probabilities, numbers, strict=True):
        yield [label, [round(float(one), 6) for one in row], *(float(one) for one in seen)]


def main(arguments: list[str] | None = None) -> int:
    """Trains and writes; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as folder:
        prepared = prepared_dataset(Path(folder), ITEMS, SEED)
        network = script.train(
            {"epochs": EPOCHS, "learning_rate": 0.1, "width_multiplier": 0.35, "seed": SEED},
            channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
            output_data_dir=str(Path(folder) / "checkpoints"),
            num_cpus=os.cpu_count() or 1,
        )
        description, validation = load_description(prepared), load_split(prepared, "validation")
        classes, training = description.classes, load_split(prepared, "train").images
        plain = {variant: unfinished / f"plain-{variant}.onnx" for variant in (VARIANT, "int8")}
        graphs = {variant: unfinished / f"model-{variant}.onnx" for variant in plain}
        write_graph(ServedModel(script, network), description.policy, plain[VARIANT])
        step = max(1, len(training) // CALIBRATION_IMAGES)
        write_int8(plain[VARIANT], training[::step][:CALIBRATION_IMAGES], plain["int8"])
        for variant, path in plain.items():
            shutil.copyfile(path, graphs[variant])
        further = add_further_outputs(graphs, training, validation.images)
        if further is None:
            raise RuntimeError("the graph of the default script has no score of novelty")
        (unfinished / "images.rgb").write_bytes(np.ascontiguousarray(validation.images[:TIMED_IMAGES]).tobytes())
        graph = _Graph(graphs[VARIANT])
        on_validation, _ = graph.answers(validation.images)
        accuracy = float((on_validation.argmax(axis=1) == validation.labels).mean())
        steady = list(_rows(graph, "normal", NORMAL_FRAMES))
        precise = by_precision.choose_thresholds(on_validation, validation.labels, classes)
        costs = _Costs(classes, steady)
        plant = _plant(PLANT_YIELD, PLANT_ESCAPE_RATE)
        verdicts = {
            "classes": classes,
            "baseline": baseline_of(validation.images, on_validation, classes, accuracy),
            "thresholds": choose_thresholds(on_validation, validation.labels, classes, plant),
            **further.to_json(list(graphs), classes),
            "costs": [costs.at(share, precise) for share in YIELDS],
            "frames": {"normal": steady, **{shift: list(_rows(graph, shift, SHIFTED_FRAMES)) for shift in SHIFTS}},
        }
        (unfinished / "verdicts.json").write_text(json.dumps(verdicts) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
