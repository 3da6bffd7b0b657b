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
from kaizen_training.prepared import Split, load_description, load_split
from kaizen_training.quality import Answers, compare_with_champion, confusion_of, per_class
from kaizen_training.serving import ServedModel, ServingError, fetch_model, load_model, unpack_model

LINEAR_SIZE = 32
# About 4 s for 1,700 images. The baseline must be honest, not perfect.
LINEAR_ITERATIONS = 100


def _gray_thumbnails(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean gray of each cell of a 32 x 32 grid, 0..1, float32 [n, 1024]."""
    factor = images.shape[1] // LINEAR_SIZE
    cells = images.reshape(len(images), LINEAR_SIZE, factor, LINEAR_SIZE, factor, 3)
    gray = cells.mean(axis=(2, 4), dtype=np.float32) @ LUMA.astype(np.float32)
    thumbnails: NDArray[np.float32] = gray.reshape(len(images), -1) / np.float32(255)
    return thumbnails


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
        model.fit(_gray_thumbnails(training.images), training.labels)
    return float(model.score(_gray_thumbnails(test.images), test.labels))


def answers_of(model: ServedModel, test: Split) -> Answers:
    """Asks a model about every test image."""
    classes, probabilities = model.probabilities(test.images)
    return Answers(classes, probabilities.argmax(axis=1))


def build_report(
    *,
    use_case: str,
    classes: list[str],
    test: Split,
    challenger: Answers,
    champion: Answers | None,
    linear_accuracy: float,
    manifest_sha256: str,
) -> dict[str, Any]:
    """Builds the contract evaluation-report.

    Without a champion (the first turn) the challenger is compared with itself: worstRecallDrop is 0, so that one gate
    condition serves every turn.

    Raises:
        ValueError: the model's classes are not the dataset's.
    """
    if challenger.classes != classes:
        raise ValueError(f"classes: the model answers {challenger.classes}, the dataset has {classes}")
    confusion = confusion_of(test.labels, challenger.predicted, len(classes))
    by_class = per_class(confusion, classes)
    truth = [classes[label] for label in test.labels]
    return {
        "schemaVersion": 1,
        "useCase": use_case,
        "classes": classes,
        "testItems": len(test.labels),
        "accuracy": float((challenger.predicted == test.labels).mean()),
        "linearBaselineAccuracy": linear_accuracy,
        "minimumRecall": min(float(values["recall"]) for values in by_class.values()),
        "perClass": by_class,
        "confusion": confusion.tolist(),
        "champion": compare_with_champion(truth, challenger, champion or challenger),
        "datasetManifestSha256": manifest_sha256,
    }


def evaluate(model_dir: Path, prepared: Path, champion_uri: str, use_case: str) -> dict[str, Any]:
    """Evaluates the model of `model_dir/model.tar.gz`.

    Raises:
        ServingError: a model does not keep the serving contract.
        ValueError: model and dataset do not belong together.
    """
    description = load_description(prepared)
    test = load_split(prepared, "test")
    with tempfile.TemporaryDirectory() as folder:
        challenger = load_model(unpack_model(model_dir / "model.tar.gz", Path(folder) / "challenger"))
        challenger_answers = answers_of(challenger, test)
        champion_answers = None
        if champion_uri != "none":
            champion = load_model(fetch_model(champion_uri, Path(folder) / "champion"))
            champion_answers = answers_of(champion, test)
    return build_report(
        use_case=use_case,
        classes=description.classes,
        test=test,
        challenger=challenger_answers,
        champion=champion_answers,
        linear_accuracy=linear_baseline_accuracy(load_split(prepared, "train"), test),
        manifest_sha256=description.manifest_sha256,
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/input/model"))
    parser.add_argument("--prepared", type=Path, default=Path("/opt/ml/processing/input/prepared"))
    parser.add_argument("--champion-uri", default="none")
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/evaluation"))
    parser.add_argument("--use-case", required=True)
    parser.add_argument("--dataset-manifest-uri", required=True)
    options = parser.parse_args(arguments)
    ensure_requirements()
    from kaizen_training.contracts import write_contract

    try:
        report = evaluate(options.model, options.prepared, options.champion_uri, options.use_case)
        options.output.mkdir(parents=True, exist_ok=True)
        write_contract("evaluation-report", report, options.output / "evaluation.json")
    except (ServingError, ValueError, FileNotFoundError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    print(json.dumps({**report, "datasetManifestUri": options.dataset_manifest_uri}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
