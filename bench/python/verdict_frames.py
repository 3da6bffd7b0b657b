"""Frames of the line as it was trained for, and of eight changes of one cause each, through the default script's model.

`python bench/python/verdict_frames.py --epochs <n> --width <multiplier> --output <folder>` renders and prepares the
project's dataset, trains the default script, and writes `model-fp32.onnx` and `model-int8.onnx`,
`plain-<variant>.onnx` without further outputs, `images.rgb` (32 images of the validation split, uint8), and
`verdicts.json`:

    classes          in the order of the probabilities
    baseline         contract of the release
    thresholds       class -> threshold, chosen on the validation split for the plant of `config/prod.ts`
    costs            of each yield, per 1,000 parts: `oracle`, `precision` and, of each draw of a validation split from
                     the steady line, `chosen` and `searched`, judged on the other frames; and a ratio, `luck`: what
                     the best thresholds of one half of the frames cost on the other, over that one's own best
    novelty          contract of the release
    embedding        contract of the release
    frames           condition -> [label, probabilities, novelty, brightness, contrast, sharpness] of each frame, by
                     the fp32 graph
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from finished_folder import finished_folder
from inspected_line import FP32, SEED, SHIFTS, answers, decoded, shifted, train_line
from kaizen_training import thresholds as by_precision
from kaizen_training.baseline import baseline_of, image_statistics
from kaizen_training.further_outputs import NOVELTY_NAME
from kaizen_training.onnx_model import OUTPUT_NAME
from kaizen_training.operating_point import Plant, choose_thresholds, outcome_of
from numpy.typing import NDArray

# Frames of each condition. The best thresholds are looked for among those of the steady line: so many that the luck of
# these very frames is small, which `luck` says. A shift has 1,900 defective parts: 2 % of them are known to 0.3 points.
FRAMES = {"normal": 16_000, **dict.fromkeys(SHIFTS, 3_200)}
TIMED_IMAGES = 32
YIELDS = (0.90, 0.98, 0.997)
# As config/prod.ts has them.
PLANT_YIELD, PLANT_ESCAPE_RATE = 0.98, 0.02
DRAWS = 40
DRAWN_FRAMES = 400
GRID = np.concatenate([np.linspace(0.25, 1, 76), [0.995, 0.997, 0.999]])
COSTS = {"escape_cost": 100.0, "false_reject_cost": 1.0, "review_cost": 0.5}


def plant_of(good_share: float, escape_rate: float = 1) -> Plant:
    """A plant with the costs of `config/prod.ts`."""
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

    def luck(self, plant: Plant, order: NDArray[np.int64]) -> float:
        """What the best thresholds of one half cost on the other, over that one's own best: 1 where neither is luck."""
        halves = np.array_split(order, 2)
        best = [self.searched(plant, half) for half in halves]
        ratios = [
            self.cost(foreign, plant, half) / self.cost(own, plant, half)
            for half, own, foreign in zip(halves, best, reversed(best), strict=True)
        ]
        return float(np.mean(ratios))

    def at(self, good_share: float, precise: dict[str, float]) -> dict[str, Any]:
        plant, everything = plant_of(good_share), np.arange(len(self.labels))
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
            "luck": self.luck(plant, random.permutation(everything)),
            "precision": self.cost(precise, plant, everything),
            "chosen": chosen,
            "searched": searched,
        }


def by_condition(rows: Callable[[Path, str, int], list[list[Any]]], graph: Path) -> dict[str, list[list[Any]]]:
    """Rows of the frames of each condition, by as many processes as there are processors.

    Args:
        rows: of a graph, a condition and a count of frames; a function of a module.
        graph: that answers them.
    """
    # Not forked: threads of PyTorch's would be missing in the child that counts on them.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return dict(zip(FRAMES, pool.map(rows, repeat(graph), FRAMES, FRAMES.values()), strict=True))


def _rows(graph: Path, condition: str, count: int) -> list[list[Any]]:
    jpegs, labels = shifted(condition, count)
    images = decoded(jpegs)
    probabilities, scores = answers(graph, images, [OUTPUT_NAME, NOVELTY_NAME])
    statistics = image_statistics(images)
    numbers = zip(scores[:, 0], statistics.brightness, statistics.contrast, statistics.sharpness, strict=True)
    return [
        [label, [round(float(one), 6) for one in row], *(float(one) for one in seen)]
        for label, row, seen in zip(labels, probabilities, numbers, strict=True)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Trains and writes; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--width", type=float, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args(arguments)
    with finished_folder(given.output) as unfinished, tempfile.TemporaryDirectory() as folder:
        line = train_line(Path(folder), unfinished, given.epochs, given.width)
        classes, validation, graph = line.classes, line.validation, line.graphs[FP32]
        (unfinished / "images.rgb").write_bytes(np.ascontiguousarray(validation.images[:TIMED_IMAGES]).tobytes())
        (on_validation,) = answers(graph, validation.images, [OUTPUT_NAME])
        accuracy = float((on_validation.argmax(axis=1) == validation.labels).mean())
        frames = by_condition(_rows, graph)
        precise = by_precision.choose_thresholds(on_validation, validation.labels, classes)
        costs = _Costs(classes, frames["normal"])
        plant = plant_of(PLANT_YIELD, PLANT_ESCAPE_RATE)
        verdicts = {
            "classes": classes,
            "baseline": baseline_of(validation.images, on_validation, classes, accuracy),
            "thresholds": choose_thresholds(on_validation, validation.labels, classes, plant),
            **line.further.to_json(list(line.graphs), classes),
            "costs": [costs.at(share, precise) for share in YIELDS],
            "frames": frames,
        }
        (unfinished / "verdicts.json").write_text(json.dumps(verdicts) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
