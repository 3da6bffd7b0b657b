"""Frames of everything that may happen to a line, through the default script's model; and what rivals say of them.

`python bench/python/drift_frames.py --output <folder>` renders and prepares the project's dataset, trains the default
script, and writes `drift.json`. With `--seed <number>` it is another line, by which limits are chosen, so that the
benchmark's is one that they have not seen:

    classes      in the order of the probabilities
    baseline     contract of the release
    embedding    contract of the release, with its reference
    frames       pool -> [label, predicted class, confidence, embedding, brightness, contrast, sharpness] of each frame,
                 by the fp32 graph
    rivals       stream -> rival -> share of the draws that alarm
    spread       degrees of freedom of each class's residuals, and how those of two views of a part correlate

A stream is what a line shows (`_STREAMS`): from which pools, with which shares. bench/drift/streams.ts has the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from finished_folder import finished_folder
from inspected_line import (
    FP32,
    SEED,
    SHIFTS,
    Images,
    answers,
    decoded,
    photograph,
    shifted,
    train_line,
    view_with,
)
from kaizen_training.baseline import baseline_of, image_statistics
from kaizen_training.embedding import reference_of, residuals_of
from kaizen_training.further_outputs import EMBEDDING_NAME
from kaizen_training.onnx_model import OUTPUT_NAME
from kaizen_training.surfaces import CONDITIONS, Part, make_part
from kaizen_training.surfaces.camera import View, draw_view
from residual_spread import correlation_of_views, degrees_by_class
from shift_tests import Rivals

NORMAL_FRAMES = 4000
SHIFTED_FRAMES = 800
UNKNOWN_FRAMES = 400
# A photograph that no part of the dataset is made of, and about the tint of the others.
_OTHER_MATERIAL, _OTHER_TINT = "moon", (0.56, 0.55, 0.53)
# Halfway to the lamp of the drifted condition.
_DIMMED = {"gain": (0.62, 0.80)}


def _of_other_material(label: str, rng: np.random.Generator) -> Part:
    return replace(make_part(label, rng), texture=_OTHER_MATERIAL, tint=_OTHER_TINT)


def _pools(line: int) -> Iterator[tuple[str, list[bytes], list[str]]]:
    def photographed(
        count: int, seed: str, view: Callable[[np.random.Generator], View], **others: Any
    ) -> tuple[list[bytes], list[str]]:
        return photograph(count, seed, view, line=line, **others)

    def steady(rng: np.random.Generator) -> View:
        return view_with({}, rng)

    yield "normal", *shifted("normal", NORMAL_FRAMES, line)
    for shift in SHIFTS:
        yield shift, *shifted(shift, SHIFTED_FRAMES, line)
    yield "dimmed", *photographed(SHIFTED_FRAMES, "dimmed", lambda rng: view_with(_DIMMED, rng))
    yield "drifted", *photographed(SHIFTED_FRAMES, "drifted", lambda rng: draw_view(CONDITIONS["drifted"], rng))
    yield "new material", *photographed(SHIFTED_FRAMES, "new material", steady, part=_of_other_material)
    yield "unknown class", *photographed(UNKNOWN_FRAMES, "crack", steady, shares={"crack": 1.0})


def _rows(graph: Path, classes: list[str], images: Images, labels: list[str]) -> Iterator[list[Any]]:
    probabilities, embeddings = answers(graph, images, [OUTPUT_NAME, EMBEDDING_NAME])
    statistics = image_statistics(images)
    seen = zip(statistics.brightness, statistics.contrast, statistics.sharpness, strict=True)
    for label, row, embedding, numbers in zip(labels, probabilities, embeddings, seen, strict=True):
        best = int(row.argmax())
        vector = [round(float(one), 4) for one in embedding]
        yield [label, classes[best], round(float(row[best]), 6), vector, *(round(float(one), 3) for one in numbers)]


def main(arguments: list[str] | None = None) -> int:
    """Trains and writes; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED, help="of another line, without rivals")
    given = parser.parse_args(arguments)
    output: Path = given.output
    seed: int = given.seed
    with finished_folder(output) as unfinished, tempfile.TemporaryDirectory() as folder:
        line = train_line(Path(folder), unfinished, seed=seed)
        graph, validation = line.graphs[FP32], line.validation
        probabilities, on_validation = answers(graph, validation.images, [OUTPUT_NAME, EMBEDDING_NAME])
        of_test, on_test = answers(graph, line.test.images, [OUTPUT_NAME, EMBEDDING_NAME])
        predicted = probabilities.argmax(axis=1)
        residuals = residuals_of(on_validation, predicted, reference_of(on_validation, predicted))
        accuracy = float((of_test.argmax(axis=1) == line.test.labels).mean())
        frames = {
            name: list(_rows(graph, line.classes, decoded(jpegs), labels)) for name, jpegs, labels in _pools(seed)
        }
        drift = {
            "classes": line.classes,
            "baseline": baseline_of(validation.images, probabilities, line.classes, accuracy),
            **line.further.to_json(list(line.graphs), line.classes),
            "frames": frames,
            "spread": {
                "degrees": degrees_by_class(frames["normal"], line.classes),
                "views": round(correlation_of_views(residuals, validation.ids), 2),
            },
            "rivals": Rivals(np.concatenate([on_validation, on_test]), SEED).alarms(frames) if seed == SEED else {},
        }
        (unfinished / "drift.json").write_text(json.dumps(drift) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
