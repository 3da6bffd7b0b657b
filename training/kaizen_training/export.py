"""Export step: from the trained model to what a device needs, with proof that it is the same model.

`python -m kaizen_training.export --use-case X` writes `model-fp32.onnx`, `model-int8.onnx`, `golden-<n>.png` and
`export.json` (contract exported-model).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaizen_training.baseline import baseline_of
from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.onnx_model import (
    CALIBRATION_IMAGES,
    INPUT_NAME,
    OUTPUT_NAME,
    ExportError,
    check_policy,
    run_images,
    write_fp32,
    write_int8,
)
from kaizen_training.prepared import IMAGE_SIZE, Split, load_description, load_split
from kaizen_training.serving import ServedModel, ServingError, load_model, unpack_model
from kaizen_training.thresholds import choose_thresholds

LARGEST_DIFFERENCE = 1e-4
VARIANTS = {"fp32": "model-fp32.onnx", "int8": "model-int8.onnx"}
GOLDEN_SAMPLES = 8


def choose_golden_samples(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], count: int = GOLDEN_SAMPLES
) -> list[int]:
    """Chooses test images that would betray a wrong model: each class at its surest, then the closest calls.

    Args:
        probabilities: [n, classes].
        labels: [n].
        count: how many; more where there are more classes than that.

    Returns:
        Indices, without repetition.
    """
    chosen: list[int] = []
    for label in range(probabilities.shape[1]):
        members = np.flatnonzero(labels == label)
        if len(members):
            chosen.append(int(members[probabilities[members, label].argmax()]))
    ordered = np.sort(probabilities, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    rest = [int(index) for index in margins.argsort(kind="stable") if index not in chosen]
    return chosen + rest[: max(0, count - len(chosen))]


def _write_golden_samples(
    output: Path, test: Split, chosen: list[int], probabilities: dict[str, NDArray[np.float64]]
) -> list[dict[str, Any]]:
    samples = []
    for number, index in enumerate(chosen):
        name = f"golden-{number}.png"
        Image.fromarray(test.images[index]).save(output / name)
        rows = {variant: np.clip(values[index], 0, 1).tolist() for variant, values in probabilities.items()}
        samples.append({"file": name, "probabilities": rows})
    return samples


def describe_file(path: Path) -> dict[str, Any]:
    """The contract releaseFile of a file."""
    content = path.read_bytes()
    return {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _write_graphs(model: ServedModel, training: Split, output: Path) -> None:
    fp32, int8 = output / VARIANTS["fp32"], output / VARIANTS["int8"]
    export_onnx = getattr(model.script, "export_onnx", None)
    if callable(export_onnx):
        export_onnx(model.model, str(fp32))
    else:
        write_fp32(model.model, IMAGE_SIZE, IMAGE_SIZE, fp32)
    check_policy(fp32)
    # Spread over the split, whatever its order; training images only: validation and test stay untouched.
    step = max(1, len(training.images) // CALIBRATION_IMAGES)
    write_int8(fp32, training.images[::step][:CALIBRATION_IMAGES], int8)
    check_policy(int8)


def _check_parity(model: ServedModel, classes: list[str], fp32: Path, validation: Split) -> tuple[float, Any]:
    framework_classes, expected = model.probabilities(validation.images)
    if framework_classes != classes:
        raise ExportError(f"classes: the model answers {framework_classes}, the dataset has {classes}")
    probabilities, _ = run_images(fp32, validation.images)
    if probabilities.shape != expected.shape:
        raise ExportError(f"the graph answers {probabilities.shape[1:]} values, the model {expected.shape[1:]}")
    difference = float(np.abs(probabilities - expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"the fp32 graph differs from the framework by {difference:.2e}, allowed are {LARGEST_DIFFERENCE}"
        )
    return difference, probabilities


def export(model: ServedModel, prepared: Path, output: Path, use_case: str) -> dict[str, Any]:
    """Writes the files of the release and returns export.json's content.

    Raises:
        ExportError: the graph cannot be written or does not agree with the framework.
    """
    classes = load_description(prepared).classes
    training, validation, test = (load_split(prepared, name) for name in ("train", "validation", "test"))
    output.mkdir(parents=True, exist_ok=True)
    _write_graphs(model, training, output)
    difference, on_validation = _check_parity(model, classes, output / VARIANTS["fp32"], validation)
    on_test, milliseconds, accuracy = {}, {}, {}
    for variant, name in VARIANTS.items():
        on_test[variant], milliseconds[variant] = run_images(output / name, test.images)
        accuracy[variant] = float((on_test[variant].argmax(axis=1) == test.labels).mean())
    samples = _write_golden_samples(output, test, choose_golden_samples(on_test["fp32"], test.labels), on_test)
    names = [*VARIANTS.values(), *(sample["file"] for sample in samples)]
    return {
        "schemaVersion": 1,
        "useCase": use_case,
        "classes": classes,
        "input": {"name": INPUT_NAME, "height": IMAGE_SIZE, "width": IMAGE_SIZE, "outputName": OUTPUT_NAME},
        "files": [describe_file(output / name) for name in names],
        "variants": [{"name": key, "file": name, "precision": key} for key, name in VARIANTS.items()],
        "goldenSamples": samples,
        "thresholds": choose_thresholds(on_validation, validation.labels, classes),
        "baseline": baseline_of(validation.images, on_validation, classes, accuracy["fp32"]),
        "parity": {
            "maximumDifference": difference,
            "fp32Accuracy": accuracy["fp32"],
            "int8Accuracy": accuracy["int8"],
            "int8AccuracyDrop": accuracy["fp32"] - accuracy["int8"],
            "fp32Milliseconds": milliseconds["fp32"],
            "int8Milliseconds": milliseconds["int8"],
        },
    }


def _check_evaluation(folder: Path, prepared: Path) -> None:
    """The evaluation must be of this dataset: otherwise two executions' files were mixed."""
    report = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    digest = load_description(prepared).manifest_sha256
    if report["datasetManifestSha256"] != digest:
        raise ExportError(
            f"evaluation.json is of dataset {report['datasetManifestSha256']}, the prepared one is {digest}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/input/model"))
    parser.add_argument("--prepared", type=Path, default=Path("/opt/ml/processing/input/prepared"))
    parser.add_argument("--evaluation", type=Path, default=Path("/opt/ml/processing/input/evaluation"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/export"))
    parser.add_argument("--use-case", required=True)
    options = parser.parse_args(arguments)
    ensure_requirements()
    from kaizen_training.contracts import write_contract

    try:
        _check_evaluation(options.evaluation, options.prepared)
        with tempfile.TemporaryDirectory() as folder:
            model = load_model(unpack_model(options.model / "model.tar.gz", Path(folder)))
            exported = export(model, options.prepared, options.output, options.use_case)
        write_contract("exported-model", exported, options.output / "export.json")
    except (ExportError, ServingError, ValueError, FileNotFoundError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"parity": exported["parity"], "thresholds": exported["thresholds"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
