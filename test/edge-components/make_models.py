"""Tiny ONNX graphs for the tests of the edge component: make_models.py <folder>.

Each takes an image (uint8 [height, width, 3]) and answers probabilities of ("bright", "dark"):
softmax([gain * (mean - 0.5), -gain * (mean - 0.5)]), mean of all channels in 0..1. The gain tells releases apart.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEIGHT, WIDTH = 16, 24


def constant(name: str, values: object, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def save(path: Path, nodes: list, initializers: list, output_shape: list, input_shape: list | None = None) -> None:
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, input_shape or [HEIGHT, WIDTH, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, output_shape)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, path)


def scores(gain: float) -> tuple[list, list]:
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "middle"], ["offset"]),
        helper.make_node("Mul", ["offset", "gains"], ["scores"]),
    ]
    return nodes, [constant("middle", 127.5), constant("gains", [gain / 255, -gain / 255])]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    softmax = helper.make_node("Softmax", ["scores"], ["probabilities"])
    for gain in (4, 5, 6, 7):
        nodes, initializers = scores(gain)
        save(folder / f"gain-{gain}.onnx", [*nodes, softmax], initializers, [2])
    nodes, initializers = scores(4)
    save(folder / "three-classes.onnx", [*nodes, softmax], [initializers[0], constant("gains", [1.0, 2.0, 3.0])], [3])
    save(folder / "other-input.onnx", [*nodes, softmax], initializers, [2], [8, 8, 3])
    not_a_number = helper.make_node("Log", ["scores"], ["probabilities"])  # one of the two scores is negative
    save(folder / "nan.onnx", [*nodes, not_a_number], initializers, [2])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go"]), helper.make_node("Identity", ["state_in"], ["state"])],
        "body",
        [
            helper.make_tensor_value_info("trip", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_in", TensorProto.FLOAT, [2]),
        ],
        [
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [2]),
        ],
    )
    loop = helper.make_node("Loop", ["trips", "yes", "first"], ["last"], body=body)
    save(
        folder / "endless.onnx",
        [
            *nodes,
            helper.make_node("Softmax", ["scores"], ["first"]),
            loop,
            helper.make_node("Identity", ["last"], ["probabilities"]),
        ],
        [*initializers, constant("trips", 2**60, np.int64), constant("yes", True, np.bool_)],
        [2],
    )


main(Path(sys.argv[1]))
