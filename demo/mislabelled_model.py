"""Makes the demo's wrong model: it loads, answers fast and surely, passes its own golden samples, and is wrong.

`python demo/mislabelled_model.py --input <export folder> --output <folder>`

As if somebody had sorted the label file: every graph gives class i the probability of class i + 1. Golden samples
and digests are computed again and the claimed metrics are kept, so nothing before the field can notice. This is the
model that only monitoring and automatic rollback catch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any, TypeVar

import onnx
from onnx import TensorProto, helper

Value = TypeVar("Value")

INNER_OUTPUT = "probabilities_in_true_order"


def rotated(values: list[Value]) -> list[Value]:
    """Gives place i the value of place i + 1."""
    return values[1:] + values[:1]


def rotate_output(source: Path, target: Path, output_name: str, classes: int) -> None:
    """Copies a graph, with its output [classes] rotated by one.

    Raises:
        ValueError: the graph does not compute the output in a node of its own.
    """
    model = onnx.load(source)
    graph = model.graph
    producers = [node for node in graph.node if output_name in node.output]
    if len(producers) != 1:
        raise ValueError(f"{source.name}: must have one node that computes '{output_name}', has {len(producers)}")
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == output_name:
                    names[index] = INNER_OUTPUT
    order = rotated(list(range(classes)))
    graph.initializer.append(helper.make_tensor("class_order", TensorProto.INT64, [classes], order))
    graph.node.append(helper.make_node("Gather", [INNER_OUTPUT, "class_order"], [output_name], axis=0))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def described(path: Path) -> dict[str, Any]:
    """The contract releaseFile of a file."""
    content = path.read_bytes()
    return {
        "name": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def mislabel(source: Path, target: Path) -> None:
    """Writes the wrong export beside the right one.

    Raises:
        ValueError: `target` is `source`, or a graph is not as the Export step writes it.
        FileNotFoundError: `source` is not an export folder.
    """
    if source.resolve() == target.resolve():
        raise ValueError(f"--output: must be another folder than --input, got {target}")
    exported = json.loads((source / "export.json").read_text(encoding="utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    graphs = {variant["file"] for variant in exported["variants"]}
    for name in (file["name"] for file in exported["files"]):
        if name in graphs:
            rotate_output(
                source / name,
                target / name,
                exported["input"]["outputName"],
                len(exported["classes"]),
            )
        else:
            shutil.copyfile(source / name, target / name)
    exported["files"] = [described(target / file["name"]) for file in exported["files"]]
    # The wrong model is a device's; nobody asks the cloud about it.
    exported.pop("cloudVariant", None)
    for sample in exported["goldenSamples"]:
        sample["probabilities"] = {name: rotated(row) for name, row in sample["probabilities"].items()}
    (target / "export.json").write_text(json.dumps(exported, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        mislabel(options.input, options.output)
    except (ValueError, FileNotFoundError) as error:
        print(f"mislabelled_model: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
