"""Nodes that gather a network's features, written into its graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.feature_taps import FeatureSources
from kaizen_training.onnx_model import ExportError

# The row that the score of novelty is computed of.
MAP_FEATURES = "kaizen.map_features"
# Axes of reductions are an input since then, an attribute before.
_AXES_AS_INPUT = 18


class Appender:
    """Adds nodes to a graph, with names that no exporter gives."""

    def __init__(self, model: Any) -> None:
        self.graph = model.graph
        self.opset = max(opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx"))

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Adds a tensor; returns its name."""
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(values, f"kaizen.{name}"))
        return f"kaizen.{name}"

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Adds a node; returns the name of its output."""
        from onnx import helper

        self.graph.node.append(helper.make_node(operator, inputs, [output], name=f"kaizen.{output}", **attributes))
        return output

    def reduced(self, operator: str, source: str, axes: list[int], output: str) -> str:
        """Adds a reduction over `axes`, which are gone then; returns the name of its output."""
        if self.opset < _AXES_AS_INPUT:
            return self.node(operator, [source], output, axes=axes, keepdims=0)
        name = f"axes{len(axes)}"
        if all(one.name != f"kaizen.{name}" for one in self.graph.initializer):
            self.constant(name, np.asarray(axes, dtype=np.int64))
        return self.node(operator, [source, f"kaizen.{name}"], output, keepdims=0)

    def joined(self, rows: list[str], output: str) -> str:
        """Rows [1, n] one after the other."""
        return rows[0] if len(rows) == 1 else self.node("Concat", rows, output, axis=1)

    def output(self, name: str, shape: list[int]) -> None:
        """Makes a float tensor one that the graph gives out."""
        from onnx import TensorProto, helper

        self.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def dequantized(self, name: str, number: int, taken: int, channels: int) -> str:
        """The first channels of a tensor; of a quantized one by a node of our own, so that its kernel stays 8-bit."""
        quantizer = next(
            (node for node in self.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == name), None
        )
        source = quantizer.output[0] if quantizer is not None else name
        if taken < channels:
            starts, ends, axes = (np.asarray([value], dtype=np.int64) for value in (0, taken, 1))
            names = [self.constant(f"{what}{number}", value) for what, value in (("starts", starts), ("ends", ends))]
            source = self.node("Slice", [source, *names, self.constant(f"axis{number}", axes)], f"kaizen.slice{number}")
        if quantizer is None:
            return source
        return self.node("DequantizeLinear", [source, *quantizer.input[1:]], f"kaizen.tap{number}")


def append_features(model: Any, sources: FeatureSources) -> str | None:
    """Adds the row of the maps' features, `MAP_FEATURES` [1, S]: means of the taps, and deviations.

    Returns:
        The name of the penultimate features, float [1, D], where there are any.

    Raises:
        ExportError: the graph has not the tensors, because a quantizer has renamed them.
    """
    appender = Appender(model)
    wanted = {tap.name for tap in sources.taps} | ({sources.penultimate[0]} if sources.penultimate else set())
    missing = sorted(wanted - {name for node in model.graph.node for name in node.output})
    if missing:
        raise ExportError(f"features: the graph has no tensor {', '.join(missing)}")
    maps = [appender.dequantized(tap.name, number, tap.taken, tap.channels) for number, tap in enumerate(sources.taps)]
    means = [appender.reduced("ReduceMean", one, [2, 3], f"kaizen.mean{number}") for number, one in enumerate(maps)]
    appender.node("Concat", [*means, *_deviations(appender, maps, means)], MAP_FEATURES, axis=1)
    if not sources.penultimate:
        return None
    name, size = sources.penultimate
    return appender.dequantized(name, len(maps), size, size)


def _deviations(appender: Appender, maps: list[str], means: list[str]) -> list[str]:
    """Standard deviations over each map but the picture: the root of the mean square less the square of the mean.

    A product and a mean, not ReduceL2: that has no fast path in ONNX Runtime, and takes three times as long.
    """
    if len(maps) == 1:
        return []
    squares = [
        appender.reduced("ReduceMean", appender.node("Mul", [one, one], f"{one}.squares"), [2, 3], f"{one}.mean_square")
        for one in maps[1:]
    ]
    mean_square, mean = (
        appender.joined(squares, "kaizen.mean_squares"),
        appender.joined(means[1:], "kaizen.inner_means"),
    )
    squared_mean = appender.node("Mul", [mean, mean], "kaizen.squared_means")
    # Rounding may leave a little below zero.
    variance = appender.node(
        "Relu", [appender.node("Sub", [mean_square, squared_mean], "kaizen.differences")], "kaizen.variances"
    )
    return [appender.node("Sqrt", [variance], "kaizen.deviations")]


def groups_of(sources: FeatureSources) -> list[NDArray[np.int64]]:
    """Places among the maps' features, of each tap its own."""
    taken = [tap.taken for tap in sources.taps]
    means = np.split(np.arange(sum(taken)), np.cumsum(taken)[:-1])
    places = sum(taken) + np.arange(sum(taken[1:]))
    deviations = [places[:0], *np.split(places, np.cumsum(taken[1:])[:-1])][: len(taken)]
    return [np.concatenate(pair) for pair in zip(means, deviations, strict=True)]
