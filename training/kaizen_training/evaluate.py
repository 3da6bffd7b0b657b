"""Evaluate step: scores the untouched test split through the script's own `model_fn` and `transform_fn`.

`python -m kaizen_training.evaluate --use-case X --champion-uri none --dataset-manifest-uri s3://...`
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.baseline import LUMA
from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.calibration import calibration_of
from kaizen_training.champion import NO_CHAMPION, champion_in
from kaizen_training.comparison import compare_with_champion
from kaizen_training.prepared import Split, load_description, load_split
from kaizen_training.quality import Answers, confusion_of, per_class, wilson_interval
from kaizen_training.serving import ServingError, fetch_model, load_model, unpack_model

LINEAR_SIZE = 32
# Of 4 KB each in memory; a thousand parameters of a class learn little from more.
LINEAR_ITEMS = 10_000
# About 4 s for 1,700 images. The baseline must be honest, not perfect.
LINEAR_ITERATIONS = 100


def _cells(pixels: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Where each of 32 cells begins along an axis of so many pixels, and how many it has."""
    edges = np.arange(LINEAR_SIZE + 1) * pixels // LINEAR_SIZE
    return edges[:-1], np.diff(edges).astype(np.float32)


def gray_thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean gray of each cell of a 32 x 32 grid, 0..1, float32 [n, 1024], of images of at least 32 pixels a side."""
    (rows, heights), (columns, widths) = _cells(images.shape[1]), _cells(images.shape[2])
    areas = np.outer(heights, widths) * np.float32(255)
    thumbnails = np.empty((len(images), LINEAR_SIZE * LINEAR_SIZE), dtype=np.float32)
    for index, image in enumerate(images):
        gray = image.astype(np.float32) @ LUMA.astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(gray, rows, axis=0), columns, axis=1)
        thumbnails[index] = (sums / areas).reshape(-1)
    return thumbnails


def _evenly(split: Split, most: int) -> Split:
    """Every n-th item, so that there are at most so many."""
    step = max(1, -(-len(split.labels) // most))
    return Split(split.images[::step], split.labels[::step], split.ids[::step])


def linear_baseline_accuracy(training: Split, test: Split) -> float:
    """Test accuracy of a multinomial logistic regression on the pixels: what a network has to beat."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=LINEAR_ITERATIONS))
    with warnings.catch_warnings():
        # The iterations are bounded on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        learnt = _evenly(training, LINEAR_ITEMS)
        model.fit(gray_thumbnails(learnt.images), learnt.labels)
    return float(model.score(gray_thumbnails(test.images), test.labels))


def build_report(
    *,
    use_case: str,
    classes: list[str],
    test: Split,
    challenger: Answers,
    champion: Answers | None,
    calibration: dict[str, Any],
    linear_accuracy: float,
    manifest_sha256: str,
) -> dict[str, Any]:
    """Builds the contract evaluation-report.

    Without a champion (the first turn) the challenger is compared with itself: nothing is lost then, and one gate
    serves every turn.
    """
    confusion = confusion_of(test.labels, challenger.predicted, len(classes))
    by_class = per_class(confusion, classes)
    right = int((challenger.predicted == test.labels).sum())
    return {
        "schemaVersion": 1,
        "useCase": use_case,
        "classes": classes,
        "testItems": len(test.labels),
        "accuracy": right / len(test.labels),
        "accuracyInterval": wilson_interval(right, len(test.labels)),
        "linearBaselineAccuracy": linear_accuracy,
        "minimumRecall": min(float(values["recall"]) for values in by_class.values()),
        "perClass": by_class,
        "confusion": confusion.tolist(),
        "calibration": calibration,
        "champion": compare_with_champion([classes[label] for label in test.labels], challenger, champion),
        "datasetManifestSha256": manifest_sha256,
    }


def evaluate(model_dir: Path, prepared: Path, champion_uri: str, use_case: str) -> dict[str, Any]:
    """Evaluates the model of `model_dir/model.tar.gz`.

    Raises:
        ServingError: a model does not keep the serving contract.
        ValueError: model and dataset do not belong together.
    """
    description = load_description(prepared)
    test, validation = load_split(prepared, "test"), load_split(prepared, "validation")
    for name, split in (("test", test), ("validation", validation)):
        if len(split.labels) == 0:
            raise ValueError(f"the {name} split has no images: nothing can be measured on it")
    with tempfile.TemporaryDirectory() as folder:
        challenger = load_model(unpack_model(model_dir / "model.tar.gz", Path(folder) / "challenger"))
        classes, on_test = challenger.probabilities(test.images)
        if classes != description.classes:
            raise ValueError(f"classes: the model answers {classes}, the dataset has {description.classes}")
        _, on_validation = challenger.probabilities(validation.images)
        champion_answers = None
        if champion_uri != NO_CHAMPION:
            champion = load_model(fetch_model(champion_uri, Path(folder) / "champion"))
            champion_classes, champion_probabilities = champion.probabilities(test.images)
            champion_answers = Answers(champion_classes, champion_probabilities.argmax(axis=1))
    return build_report(
        use_case=use_case,
        classes=description.classes,
        test=test,
        challenger=Answers(classes, on_test.argmax(axis=1)),
        champion=champion_answers,
        calibration=calibration_of(on_test, test.labels, on_validation, validation.labels),
        linear_accuracy=linear_baseline_accuracy(load_split(prepared, "train"), test),
        manifest_sha256=description.manifest_sha256,
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/input/model"))
    parser.add_argument("--prepared", type=Path, default=Path("/opt/ml/processing/input/prepared"))
    champion = parser.add_mutually_exclusive_group()
    champion.add_argument("--champion-uri", default=NO_CHAMPION)
    champion.add_argument("--champion", type=Path, help="folder of a job without a network, in the place of an address")
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/evaluation"))
    parser.add_argument("--use-case", required=True)
    parser.add_argument("--dataset-manifest-uri", required=True)
    options = parser.parse_args(arguments)
    ensure_requirements()
    from kaizen_training.contracts import write_contract

    try:
        champion_uri = options.champion_uri if options.champion is None else champion_in(options.champion)
        report = evaluate(options.model, options.prepared, champion_uri, options.use_case)
        options.output.mkdir(parents=True, exist_ok=True)
        write_contract("evaluation-report", report, options.output / "evaluation.json")
    except (ServingError, ValueError, FileNotFoundError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    print(json.dumps({**report, "datasetManifestUri": options.dataset_manifest_uri}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
