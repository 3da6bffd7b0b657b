"""Tiny ONNX graphs for the tests of the edge component: make_models.py <folder>.

Each takes an image (uint8 [height, width, 3]) and answers probabilities of ("bright", "dark"):
softmax([gain * (mean - 0.5), -gain * (mean - 0.5)]), mean of all channels in 0..1. The gain tells releases apart.
Those in hostile/ do the same and, beside it, something that no release may do.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEIGHT, WIDTH = 16, 24

Nodes = list[onnx.NodeProto]
Constants = list[onnx.TensorProto]
Shape = list[int]


def constant(name: str, values: object, dtype: type[np.generic] = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def make(
    nodes: Nodes, initializers: Constants, output_shape: Shape, input_shape: Shape | None = None
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, input_shape or [HEIGHT, WIDTH, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, output_shape)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


def save(
    path: Path, nodes: Nodes, initializers: Constants, output_shape: Shape, input_shape: Shape | None = None
) -> None:
    model = make(nodes, initializers, output_shape, input_shape)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def scores(gain: float) -> tuple[Nodes, Constants]:
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "middle"], ["offset"]),
        helper.make_node("Mul", ["offset", "gains"], ["scores"]),
    ]
    return nodes, [constant("middle", 127.5), constant("gains", [gain / 255, -gain / 255])]


SOFTMAX = helper.make_node("Softmax", ["scores"], ["probabilities"])


def honest(folder: Path) -> None:
    """Graphs that may be loaded; those without a number in their name fail a release's self-test."""
    for gain in (4, 5, 6, 7):
        nodes, initializers = scores(gain)
        save(folder / f"gain-{gain}.onnx", [*nodes, SOFTMAX], initializers, [2])
    nodes, initializers = scores(4)
    save(folder / "three-classes.onnx", [*nodes, SOFTMAX], [initializers[0], constant("gains", [1.0, 2.0, 3.0])], [3])
    save(folder / "other-input.onnx", [*nodes, SOFTMAX], initializers, [2], [8, 8, 3])
    not_a_number = helper.make_node("Log", ["scores"], ["probabilities"])  # one of the two scores is negative
    save(folder / "nan.onnx", [*nodes, not_a_number], initializers, [2])
    save(
        folder / "not-a-distribution.onnx",
        [*nodes, helper.make_node("Identity", ["scores"], ["probabilities"])],
        initializers,
        [2],
    )
    # The marker of ONNX Runtime's own file format at byte 4, in a file that is ONNX.
    model = make([*nodes, SOFTMAX], initializers, [2])
    model.producer_name = "ORTM"
    onnx.save(model, folder / "marked-as-ort.onnx")


def with_extra(nodes: Nodes, initializers: Constants) -> onnx.ModelProto:
    """The graph of gain 4 with nodes that make "extra", a float [], added to both scores: softmax ignores it."""
    base, constants = scores(4)
    added = helper.make_node("Add", ["scores", "extra"], ["shifted"])
    softmax = helper.make_node("Softmax", ["shifted"], ["probabilities"])
    return make([*base, *nodes, added, softmax], [*constants, *initializers], [2])


def endless() -> onnx.ModelProto:
    nodes, initializers = scores(4)
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
    loop = helper.make_node("Loop", ["trips", "yes", "first"], ["last"], "loop", body=body)
    first = helper.make_node("Softmax", ["scores"], ["first"])
    last = helper.make_node("Identity", ["last"], ["probabilities"])
    constants = [constant("trips", 2**60, np.int64), constant("yes", True, np.bool_)]
    return make([*nodes, first, loop, last], [*initializers, *constants], [2])


def choosing() -> onnx.ModelProto:
    def branch(name: str) -> onnx.GraphProto:
        made = helper.make_node("Constant", [], [name], value=constant(name, 1.0))
        return helper.make_graph([made], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, [])])

    chosen = helper.make_node("If", ["yes"], ["extra"], "if", then_branch=branch("then"), else_branch=branch("else"))
    return with_extra([chosen], [constant("yes", True, np.bool_)])


def with_function() -> onnx.ModelProto:
    model = with_extra([helper.make_node("Twice", ["mean"], ["extra"], domain="com.example")], [])
    twice = helper.make_node("Add", ["x", "x"], ["y"])
    opset = helper.make_opsetid("", 17)
    model.functions.append(helper.make_function("com.example", "Twice", ["x"], ["y"], [twice], [opset]))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    return model


def external(location: str) -> onnx.ModelProto:
    weights = constant("weights", 1.0)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    return with_extra([helper.make_node("Identity", ["weights"], ["extra"])], [weights])


def large_constant() -> onnx.ModelProto:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"], "zeros"),
        helper.make_node("ReduceMean", ["zeros"], ["extra"], keepdims=0),
    ]
    return with_extra(nodes, [constant("shape", [2**40], np.int64)])


def large_by_image() -> onnx.ModelProto:
    """Makes 2^21 floats (8 MiB) for a black image, 256 times as many for a white one: nothing in the file says so.

    It then holds them for 64 passes, a minute at the larger size: who looks at its memory need not be quick.
    """
    passes = 64
    nodes = [
        helper.make_node("Cast", ["mean"], ["level"], to=TensorProto.INT64),
        helper.make_node("Add", ["level", "one"], ["steps"]),
        helper.make_node("Mul", ["steps", "step"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["pass-0"]),
    ]
    nodes += [helper.make_node("Sigmoid", [f"pass-{index}"], [f"pass-{index + 1}"]) for index in range(passes)]
    nodes.append(helper.make_node("ReduceMean", [f"pass-{passes}"], ["extra"], keepdims=0))
    return with_extra(nodes, [constant("one", 1, np.int64), constant("step", [2**21], np.int64)])


def slow() -> onnx.ModelProto:
    """Multiplies 2048 x 2048 matrices 2000 times, 34 teraflop: a quarter of an hour on a fast core."""
    multiplications = 2000
    nodes = [helper.make_node("Expand", ["mean", "square"], ["product-0"])]
    nodes += [
        helper.make_node("MatMul", [f"product-{index}", "product-0"], [f"product-{index + 1}"])
        for index in range(multiplications)
    ]
    nodes.append(helper.make_node("ReduceMean", [f"product-{multiplications}"], ["extra"], keepdims=0))
    return with_extra(nodes, [constant("square", [2048, 2048], np.int64)])


def large_claim() -> onnx.ModelProto:
    weights = constant("weights", [1.0])
    del weights.dims[:]
    weights.dims.extend([2**31, 2**31])
    return with_extra([helper.make_node("ReduceMean", ["weights"], ["extra"], keepdims=0)], [weights])


def sparse() -> onnx.ModelProto:
    model = with_extra([helper.make_node("ReduceMean", ["weights"], ["extra"], keepdims=0)], [])
    values, indices = constant("weights", [1.0]), constant("indices", [0], np.int64)
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [2**40]))
    return model


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size, length = len(content), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def nested(levels: int) -> bytes:
    """Graphs inside of each other's attributes. Written by hand: protobuf itself does not nest that deep."""
    graph, node, attribute, attribute_graph, model_graph = b"", 1, 5, 6, 7
    for _ in range(levels):
        graph = field(node, field(attribute, field(attribute_graph, graph)))
    model = make(*scores(4), [2])
    model.ClearField("graph")
    return model.SerializeToString() + field(model_graph, graph)


def newer() -> onnx.ModelProto:
    """Answers as gain 7 does, with an operator that contracts/onnx-policy.json does not have."""
    nodes, initializers = scores(7)
    nodes[-1].output[0] = "raw"
    return make([*nodes, helper.make_node("Mean", ["raw"], ["scores"]), SOFTMAX], initializers, [2])


def hostile(folder: Path) -> None:
    identity = helper.make_node("Identity", ["mean"], ["extra"])
    newer_opset = with_extra([identity], [])
    newer_opset.opset_import[0].version = 99
    models = {
        "endless": endless(),
        "if": choosing(),
        "function": with_function(),
        "unknown-domain": with_extra([helper.make_node("Magic", ["mean"], ["extra"], domain="com.example")], []),
        "newer-opset": newer_opset,
        "external-above": external("../../etc/passwd"),
        "external-absolute": external("/etc/passwd"),
        "external-below": external("sub/../../../etc/passwd"),
        "large-constant": large_constant(),
        "large-by-image": large_by_image(),
        "large-claim": large_claim(),
        "slow": slow(),
        "sparse": sparse(),
    }
    for name, model in models.items():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    (folder / "nested.onnx").write_bytes(nested(1000))


def main(folder: Path) -> None:
    (folder / "hostile").mkdir(parents=True, exist_ok=True)
    honest(folder)
    hostile(folder / "hostile")
    (folder / "newer.onnx").write_bytes(newer().SerializeToString())


main(Path(sys.argv[1]))
