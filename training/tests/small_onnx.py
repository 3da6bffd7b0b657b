"""A small graph that fits the edge's contract, built by hand as any framework's exporter would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_small_onnx(path: Path, classes: int, change: Callable[[Any], None] | None = None) -> Path:
    """Writes a graph that tells classes by mean colour: uint8 [height, width, 3] -> probabilities [classes].

    Args:
        path: where.
        classes: how many.
        change: breaks the model before it is written.
    """
    weights = np.random.default_rng(1).normal(size=(3, classes)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["pixels", "rows"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["colour"], axes=[0], keepdims=1),
        helper.make_node("Div", ["colour", "scale"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["rows_of_probabilities"], axis=1),
        helper.make_node("Reshape", ["rows_of_probabilities", "classes"], ["probabilities"]),
    ]
    constants: dict[str, np.ndarray] = {
        "rows": np.array([-1, 3], dtype=np.int64),
        "classes": np.array([classes], dtype=np.int64),
        "scale": np.array(255, dtype=np.float32),
        "weights": weights,
    }
    graph = helper.make_graph(
        nodes,
        "colour",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["height", "width", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [classes])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    if change is not None:
        change(model)
    onnx.save(model, path)
    return path
