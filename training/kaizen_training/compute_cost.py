"""What a graph costs: multiply-accumulates by counting, and time relative to a reference network.

Milliseconds of a machine in the cloud say nothing about a device. The ratio of two networks' times, measured side by
side, says more: most of what makes a machine slow makes both slow. It is an estimate all the same; the device times
every variant itself before it serves one, and the rollout compares latencies in the field.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.onnx_model import INPUT_NAME, OUTPUT_NAME, open_session

# Depthwise-separable blocks as in MobileNet (arXiv:1704.04861, section 3.1): 8 x (64 x 9 + 64 x 64) x 32 x 32 = 38 M
# multiply-accumulates.
REFERENCE_BLOCKS = 8
REFERENCE_CHANNELS = 64
REFERENCE_SIZE = 32
ROUNDS = 25


def multiply_accumulates(path: Path, height: int, width: int) -> int:
    """Counts the products that convolutions and matrix products add up for one image.

    Output elements times the inputs of each: arXiv:1704.04861, equations 2 to 5. Everything else is left out, as
    usual.

    Raises:
        ValueError: a convolution's or a product's size cannot be inferred.
    """
    import onnx

    model = onnx.load(path)
    for value in model.graph.input:
        if value.name == INPUT_NAME and len(value.type.tensor_type.shape.dim) == len((height, width, 3)):
            for dimension, size in zip(value.type.tensor_type.shape.dim, (height, width, 3), strict=True):
                dimension.dim_value = size
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        dimensions = value.type.tensor_type.shape.dim
        if all(dimension.HasField("dim_value") for dimension in dimensions):
            shapes[value.name] = [dimension.dim_value for dimension in dimensions]
    return sum(_node_cost(node, shapes) for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul"))


def _node_cost(node: Any, shapes: dict[str, list[int]]) -> int:
    try:
        if node.op_type == "Conv":
            # Weights are [output channels, input channels / groups, height, width].
            return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if transposed else -1]
    except KeyError as error:
        raise ValueError(f"{node.op_type} {node.name}: the size of {error} cannot be inferred") from error


def reference_network() -> bytes:
    """An ONNX graph of eight depthwise-separable blocks, the same on every machine; weights from a fixed seed."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    nodes, weights = [], []
    name = INPUT_NAME
    shape = (1, REFERENCE_CHANNELS, REFERENCE_SIZE, REFERENCE_SIZE)
    for block in range(REFERENCE_BLOCKS):
        for kind, size, groups in (("depthwise", 3, REFERENCE_CHANNELS), ("pointwise", 1, 1)):
            stem = f"{kind}{block}"
            dimensions = (REFERENCE_CHANNELS, REFERENCE_CHANNELS // groups, size, size)
            # Variance 2 / inputs (He et al., arXiv:1502.01852) keeps the values in range through all blocks.
            values = rng.normal(0, math.sqrt(2 / math.prod(dimensions[1:])), dimensions).astype(np.float32)
            weights.append(numpy_helper.from_array(values, f"{stem}.weight"))
            padding = [size // 2] * 4
            nodes.append(
                helper.make_node("Conv", [name, f"{stem}.weight"], [stem], name=stem, group=groups, pads=padding)
            )
            name = OUTPUT_NAME if stem == f"pointwise{REFERENCE_BLOCKS - 1}" else f"{stem}.relu"
            nodes.append(helper.make_node("Relu", [stem], [name]))
    graph = helper.make_graph(
        nodes,
        "reference",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, shape)],
        weights,
    )
    # As old as the libraries of an MXNet image, which read nothing newer than IR 8.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def latency_ratios(paths: dict[str, Path], image: NDArray[Any]) -> dict[str, float]:
    """Time of one image / time of the reference network, one thread, by name.

    The networks take turns, so that a busy machine slows all of them, and the least of 25 times counts: whatever
    disturbs a measurement makes it longer (docs.python.org, timeit, note on `repeat`).
    """
    import onnxruntime

    sessions: dict[str, onnxruntime.InferenceSession] = {name: open_session(path) for name, path in paths.items()}
    feeds: dict[str, NDArray[Any]] = dict.fromkeys(paths, image)
    shape = (1, REFERENCE_CHANNELS, REFERENCE_SIZE, REFERENCE_SIZE)
    sessions[""], feeds[""] = open_session(reference_network()), np.ones(shape, np.float32)
    best = dict.fromkeys(sessions, math.inf)
    # The first round allocates and is not counted.
    for turn in range(ROUNDS + 1):
        for name, session in sessions.items():
            started = time.perf_counter()
            session.run([OUTPUT_NAME], {INPUT_NAME: feeds[name]})
            if turn > 0:
                best[name] = min(best[name], time.perf_counter() - started)
    return {name: best[name] / best[""] for name in paths}
