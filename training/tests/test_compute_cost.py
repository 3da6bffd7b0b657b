"""What a graph costs: counted in the file, and timed beside the reference network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kaizen_training.compute_cost import latency_ratios, multiply_accumulates, reference_network
from kaizen_training.networks.cost import count_cost
from kaizen_training.serving import load_model


def graph_of(path: Path, node: onnx.NodeProto, output: list[int], weights: list[int], image: list[str | int]) -> Path:
    graph = helper.make_graph(
        [helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT), node],
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, image)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, output)],
        [helper.make_tensor("w", TensorProto.FLOAT, weights, np.zeros(np.prod(weights), np.float32))],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path


def test_products_are_counted_by_hand(tmp_path: Path) -> None:
    """A product of [10, 12, 3] and [3, 5] adds up three products for each of its 600 numbers; sizes are filled in."""
    node = helper.make_node("MatMul", ["x", "w"], ["probabilities"])
    path = graph_of(tmp_path / "model.onnx", node, [10, 12, 5], [3, 5], ["height", "width", 3])
    assert multiply_accumulates(path, 10, 12) == 10 * 12 * 5 * 3


def test_a_size_that_cannot_be_inferred_is_an_error_and_not_zero(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["nowhere", "w"], ["probabilities"], name="product")
    path = graph_of(tmp_path / "model.onnx", node, [10, 5], [3, 5], [10, 12, 3])
    with pytest.raises(ValueError, match="MatMul product: the size of 'nowhere' cannot be inferred"):
        multiply_accumulates(path, 10, 12)


def test_the_reference_network_costs_what_it_says_and_is_the_same_everywhere(tmp_path: Path) -> None:
    """8 x (64 x 9 + 64 x 64) x 32 x 32."""
    (tmp_path / "reference.onnx").write_bytes(reference_network())
    assert multiply_accumulates(tmp_path / "reference.onnx", 32, 32) == 38_273_024
    assert reference_network() == reference_network()


def test_s15_the_exported_graph_costs_what_the_network_costs(job: Path) -> None:
    """[S15] Counted in the framework and in the file; the graph's resizing and softmax are no products."""
    exported = json.loads((job / "export/export.json").read_text())
    network = load_model(job / "model").model.network
    counted, own = exported["cost"]["multiplyAccumulates"], count_cost(network, 96, 96).multiply_accumulates
    # The score of novelty and the embedding are products too: a thousandth of the network's.
    assert own < counted < 1.002 * own


def test_a_network_beside_itself_takes_the_same_time(tmp_path: Path) -> None:
    """The reference network as a model: its ratio is 1 but for noise, whatever the speed of the machine."""
    path = tmp_path / "model.onnx"
    path.write_bytes(reference_network())
    ratio = latency_ratios({"model": path}, np.ones((1, 64, 32, 32), np.float32))["model"]
    assert 0.5 < ratio < 2
