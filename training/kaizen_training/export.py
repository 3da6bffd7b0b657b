"""Export step: from the trained model to what a device needs, with proof that it is the same model.

`python -m kaizen_training.export --use-case X ...` writes `model-fp32.onnx`, `model-int8.onnx`, `golden-<n>.png` and
`export.json` (contract exported-model); `model-cloud.onnx` where a larger network was trained too. It knows every
number then, so it also writes the gate's findings, `gate.json` (contract gate-report) and `report.html`. A model that
fails the gate is no error here: the pipeline's condition reads gate.json.
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
from kaizen_training.comparison import paired_counts
from kaizen_training.compute_cost import latency_ratios, multiply_accumulates
from kaizen_training.forward import write_graph
from kaizen_training.further_outputs import FurtherOutputs, add_further_outputs, further_outputs_wanted, run_further
from kaizen_training.gate import HardwareClass, Limits, gate_report, may_answer
from kaizen_training.image_policy import ImagePolicy
from kaizen_training.onnx_model import (
    CALIBRATION_IMAGES,
    INPUT_NAME,
    OUTPUT_NAME,
    ExportError,
    check_policy,
    run_images,
    write_int8,
)
from kaizen_training.operating_point import Plant, choose_thresholds, outcome_of, threshold_bounds
from kaizen_training.prepared import DatasetDescription, Split, load_description, load_split
from kaizen_training.serving import ServedModel, ServingError, load_model, unpack_model

LARGEST_DIFFERENCE = 1e-4
VARIANTS = {"fp32": "model-fp32.onnx", "int8": "model-int8.onnx"}
CLOUD_FILE = "model-cloud.onnx"
# Where there are few classes. Each class once, and NEAR_SAMPLES close calls, is the rule.
GOLDEN_SAMPLES = 8
NEAR_SAMPLES = 4
# Each is a file of the model component, and nucleus lite takes a recipe of 8,196 bytes: about 27 files in all.
MOST_GOLDEN_SAMPLES = 20


def choose_golden_samples(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> list[int]:
    """Chooses test images that would betray a wrong model: each class at its surest, then the closest calls.

    The sure ones show that classes are in their places, and hardly move with the machine. The close ones move with
    anything: a wrong resize, another normalisation, a damaged weight.

    Args:
        probabilities: [n, classes].
        labels: [n].

    Returns:
        Indices, without repetition: 8, or the classes and 4 more where that is more, 20 at most. Of more than 16
        classes the least sure ones are taken.
    """
    surest = []
    for label in range(probabilities.shape[1]):
        members = np.flatnonzero(labels == label)
        if len(members):
            surest.append(int(members[probabilities[members, label].argmax()]))
    far = sorted(surest, key=lambda index: float(probabilities[index, labels[index]]))
    chosen = [index for index in surest if index in far[: MOST_GOLDEN_SAMPLES - NEAR_SAMPLES]]
    ordered = np.sort(probabilities, axis=1)
    margins = ordered[:, -1] - ordered[:, -2]
    near = [int(index) for index in margins.argsort(kind="stable") if index not in chosen]
    return chosen + near[: max(NEAR_SAMPLES, GOLDEN_SAMPLES - len(chosen))]


def _write_golden_samples(
    output: Path,
    test: Split,
    chosen: list[int],
    probabilities: dict[str, NDArray[np.float64]],
    further: FurtherOutputs | None,
) -> list[dict[str, Any]]:
    samples: list[dict[str, Any]] = []
    for number, index in enumerate(chosen):
        name = f"golden-{number}.png"
        Image.fromarray(test.images[index]).save(output / name)
        rows = {variant: np.clip(values[index], 0, 1).tolist() for variant, values in probabilities.items()}
        samples.append({"file": name, "probabilities": rows})
    if further is not None:
        images = np.stack([test.images[index] for index in chosen])
        scores = {variant: run_further(output / VARIANTS[variant], images)[0].tolist() for variant in probabilities}
        for number, sample in enumerate(samples):
            sample["novelty"] = {variant: values[number] for variant, values in scores.items()}
    return samples


def describe_file(path: Path) -> dict[str, Any]:
    """The contract releaseFile of a file."""
    content = path.read_bytes()
    return {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def model_input(policy: ImagePolicy) -> dict[str, Any]:
    """The contract modelInput: the graph's own names, and the policy, which devices obey.

    A field that has its default is left out: devices of before there were policies take `stretch`, and refuse what they
    could not obey.
    """
    fields = {"name": INPUT_NAME, "height": policy.height, "width": policy.width, "outputName": OUTPUT_NAME}
    extras = {name: value for name, value in policy.to_json().items() if name == "region" or value == "gray"}
    return {**fields, "resize": policy.fit, **extras}


def _write_graph(model: ServedModel, policy: ImagePolicy, path: Path) -> None:
    write_graph(model, policy, path)
    check_policy(path)


def _write_graphs(
    model: ServedModel,
    training: Split,
    validation: Split,
    test: Split,
    policy: ImagePolicy,
    novelty_budget: float,
    output: Path,
) -> FurtherOutputs | None:
    fp32, int8 = output / VARIANTS["fp32"], output / VARIANTS["int8"]
    _write_graph(model, policy, fp32)
    # Spread over the split, whatever its order; training images only: no scale is fitted to validation and test.
    step = max(1, len(training.images) // CALIBRATION_IMAGES)
    write_int8(fp32, training.images[::step][:CALIBRATION_IMAGES], int8)
    graphs = {"fp32": fp32, "int8": int8}
    further = None
    if further_outputs_wanted(model.script):
        further = add_further_outputs(graphs, training.images, validation.images, novelty_budget, test.images)
    for path in graphs.values():
        check_policy(path)
    return further


def check_parity(
    model: ServedModel, classes: list[str], fp32: Path, validation: Split
) -> tuple[float, NDArray[np.float64]]:
    """Holds the graph to the script's own answers.

    Returns:
        The largest difference of a probability, and the graph's probabilities [n, classes].

    Raises:
        ExportError: other classes, another number of them, or a difference above `LARGEST_DIFFERENCE`.
    """
    framework_classes, expected = model.probabilities(validation.images)
    if framework_classes != classes:
        raise ExportError(f"classes: the model answers {framework_classes}, the dataset has {classes}")
    probabilities, _ = run_images(fp32, validation.images)
    if probabilities.shape != expected.shape:
        raise ExportError(f"the graph answers {probabilities.shape[1:]} values, the model {expected.shape[1:]}")
    difference = float(np.abs(probabilities - expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"the graph {fp32.name} differs from the framework by {difference:.2e}, allowed are {LARGEST_DIFFERENCE}"
        )
    return difference, probabilities


def _variants(hardware_classes: list[HardwareClass]) -> list[dict[str, Any]]:
    """The release's variants; each names the architectures that it is offered to."""
    offered = {
        precision: sorted(
            {name for one in hardware_classes if precision in one.precisions for name in one.architectures}
        )
        for precision in VARIANTS
    }
    return [
        {
            "name": precision,
            "file": VARIANTS[precision],
            "precision": precision,
            **({"architectures": names} if hardware_classes else {}),
        }
        for precision, names in offered.items()
        if names or not hardware_classes
    ]


def export(
    model: ServedModel,
    prepared: Path,
    output: Path,
    use_case: str,
    hardware_classes: list[HardwareClass],
    plant: Plant,
    cloud: ServedModel | None = None,
) -> dict[str, Any]:
    """Writes the files of the release and returns export.json's content.

    Args:
        model: what was trained for the devices.
        prepared: the folder that the Prepare step wrote.
        output: receives the files.
        use_case: the name in the contract.
        hardware_classes: who is offered which variant; none: every variant to everybody.
        plant: what becomes of each class, and what errors cost.
        cloud: a larger model for the second opinion.

    Raises:
        ExportError: a graph cannot be written or does not agree with the framework.
    """
    description = load_description(prepared)
    classes, policy = description.classes, description.policy
    training, validation, test = (load_split(prepared, name) for name in ("train", "validation", "test"))
    output.mkdir(parents=True, exist_ok=True)
    further = _write_graphs(model, training, validation, test, policy, plant.novelty_budget, output)
    fp32 = output / VARIANTS["fp32"]
    difference, on_validation = check_parity(model, classes, fp32, validation)
    on_test, milliseconds, accuracy = {}, {}, {}
    for variant, name in VARIANTS.items():
        on_test[variant], milliseconds[variant] = run_images(output / name, test.images)
        accuracy[variant] = float((on_test[variant].argmax(axis=1) == test.labels).mean())
    variants = _variants(hardware_classes)
    offered = {variant["name"]: on_test[variant["name"]] for variant in variants}
    samples = _write_golden_samples(output, test, choose_golden_samples(on_test["fp32"], test.labels), offered, further)
    names = [*(variant["file"] for variant in variants), *(sample["file"] for sample in samples)]
    thresholds = choose_thresholds(on_validation, validation.labels, classes, plant)
    exported = {
        "schemaVersion": 1,
        "useCase": use_case,
        "classes": classes,
        "input": model_input(policy),
        "files": [describe_file(output / name) for name in names],
        "variants": variants,
        "goldenSamples": samples,
        "thresholds": thresholds,
        "baseline": baseline_of(validation.images, on_validation, classes, accuracy["fp32"]),
        "parity": {
            "maximumDifference": difference,
            "fp32Accuracy": accuracy["fp32"],
            "int8Accuracy": accuracy["int8"],
            "int8AccuracyDrop": accuracy["fp32"] - accuracy["int8"],
            "fp32Milliseconds": milliseconds["fp32"],
            "int8Milliseconds": milliseconds["int8"],
        },
        "cost": {
            "multiplyAccumulates": multiply_accumulates(fp32, policy.height, policy.width),
            "latencyRatio": latency_ratios({name: output / file for name, file in VARIANTS.items()}, test.images[0]),
        },
    }
    if further is not None:
        exported |= further.to_json([variant["name"] for variant in variants], classes)
    bounds = threshold_bounds(on_validation, validation.labels, classes, thresholds, plant)
    if bounds:
        exported["thresholdBounds"] = bounds
    if plant.tells_apart(classes):
        exported["operatingPoint"] = {
            "goodShare": plant.good_share,
            "outcomes": {
                name: outcome_of(probabilities, test.labels, classes, thresholds, plant).to_json(plant)
                for name, probabilities in offered.items()
            },
        }
    if cloud is not None:
        right = on_test["fp32"].argmax(axis=1) == test.labels
        exported["cloudVariant"] = _export_cloud_variant(cloud, description, validation, test, right, plant, output)
    return exported


def _export_cloud_variant(
    model: ServedModel,
    description: DatasetDescription,
    validation: Split,
    test: Split,
    right: NDArray[np.bool_],
    plant: Plant,
    output: Path,
) -> dict[str, Any]:
    """Writes model-cloud.onnx; `right` [n] says which test images the device's fp32 variant gets right.

    The policy for graphs is that of devices, and does not hold here: what answers in the cloud may be of a generation
    that no device can run.

    Raises:
        ExportError: the graph cannot be written or does not agree with the framework.
    """
    path, policy = output / CLOUD_FILE, description.policy
    write_graph(model, policy, path)
    difference, on_validation = check_parity(model, description.classes, path, validation)
    probabilities, _ = run_images(path, test.images)
    cloud_right = probabilities.argmax(axis=1) == test.labels
    counts = paired_counts(right, cloud_right)
    return {
        "file": describe_file(path),
        "precision": "fp32",
        "multiplyAccumulates": multiply_accumulates(path, policy.height, policy.width),
        "maximumDifference": difference,
        "accuracy": float(cloud_right.mean()),
        "thresholds": choose_thresholds(on_validation, validation.labels, description.classes, plant),
        "lost": counts.lost,
        "gained": counts.gained,
        "worsePValue": counts.worse_p_value,
        "inService": may_answer(counts.worse_p_value),
    }


def _load_evaluation(folder: Path, prepared: Path) -> dict[str, Any]:
    """The evaluation must be of this dataset: otherwise two executions' files were mixed."""
    report: dict[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    digest = load_description(prepared).manifest_sha256
    if report["datasetManifestSha256"] != digest:
        raise ExportError(
            f"evaluation.json is of dataset {report['datasetManifestSha256']}, the prepared one is {digest}"
        )
    return report


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def _hardware_class(text: str) -> HardwareClass:
    try:
        return HardwareClass.of_json(json.loads(text))
    except (ValueError, AttributeError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{error}, got {text}") from error


def _plant(text: str) -> Plant:
    try:
        return Plant.of_json(json.loads(text))
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{error}, got {text}") from error


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/input/model"))
    parser.add_argument("--cloud-model", type=Path, help="folder of the larger network's model.tar.gz")
    parser.add_argument("--prepared", type=Path, default=Path("/opt/ml/processing/input/prepared"))
    parser.add_argument("--evaluation", type=Path, default=Path("/opt/ml/processing/input/evaluation"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/export"))
    parser.add_argument("--use-case", required=True)
    parser.add_argument("--minimum-accuracy", type=_share, required=True)
    parser.add_argument("--maximum-recall-drop", type=_share, required=True)
    parser.add_argument("--maximum-int8-drop", type=_share, required=True)
    parser.add_argument("--disposition-policy", type=_plant, required=True, help="JSON, as in the configuration")
    parser.add_argument(
        "--hardware-class",
        type=_hardware_class,
        action="append",
        default=[],
        help="JSON; once per class",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    options = _parse(arguments)
    ensure_requirements()
    from kaizen_training.contracts import write_contract
    from kaizen_training.report import render_report

    hardware_classes: list[HardwareClass] = options.hardware_class
    plant: Plant = options.disposition_policy
    limits = Limits(
        options.minimum_accuracy,
        options.maximum_recall_drop,
        options.maximum_int8_drop,
        hardware_classes,
        plant.maximum_escape_rate,
        plant.maximum_false_reject_rate,
    )
    try:
        evaluation = _load_evaluation(options.evaluation, options.prepared)
        with tempfile.TemporaryDirectory() as folder:
            model = load_model(unpack_model(options.model / "model.tar.gz", Path(folder) / "model"))
            cloud = None
            if options.cloud_model is not None:
                cloud = load_model(unpack_model(options.cloud_model / "model.tar.gz", Path(folder) / "cloud"))
            exported = export(model, options.prepared, options.output, options.use_case, hardware_classes, plant, cloud)
        write_contract("exported-model", exported, options.output / "export.json")
        gate = gate_report(evaluation, exported, limits, describe_file(options.output / "export.json")["sha256"])
        write_contract("gate-report", gate, options.output / "gate.json")
        (options.output / "report.html").write_text(render_report(evaluation, exported, gate), encoding="utf-8")
    except (ExportError, ServingError, ValueError, FileNotFoundError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"parity": exported["parity"], "thresholds": exported["thresholds"]}))
    print(f"gate: {gate['message']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
