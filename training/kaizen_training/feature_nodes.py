"""Nodes that gather a network's features, written into its graph."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.feature_taps import FeatureSources, Tap
from kaizen_training.novelty import Features
from kaizen_training.onnx_model import ExportError

_MAP_FEATURES = "kaizen.map_features"
# Axes of reductions are an input since then, an attribute before.
_AXES_AS_INPUT = 18
_SCALE_AND_ZERO = 2


@dataclass(frozen=True)
class FeatureRow:
    """A row of a graph, float [1, n], that holds features in numbers of its own: feature = scale x number + offset.

    Attributes:
        name: of the tensor.
        scale: [n].
        offset: [n].
    """

    name: str
    scale: Features
    offset: Features

    def features(self, numbers: Features) -> Features:
        """The features in rows of numbers, [m, n]."""
        return np.asarray(numbers * self.scale + self.offset)


@dataclass(frozen=True)
class Part:
    """What is read along an axis of a tensor: the inputs of Slice, in their order."""

    start: int
    end: int
    axis: int
    step: int


def parts_of(tap: Tap) -> list[Part]:
    """The channels and the rows of a map that are looked at; none where that is all of it."""
    channels = [Part(0, tap.taken, 1, 1)] if tap.taken < tap.channels else []
    # Of each band of rows the middle one.
    rows = [Part(tap.step // 2, tap.height, 2, tap.step)] if tap.step > 1 else []
    return [*channels, *rows]


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

    def read(self, name: str, number: int, size: int, parts: list[Part]) -> FeatureRow:
        """Parts of a tensor along its axes; of a quantized one its codes, so that its kernel stays 8-bit.

        Codes are cast, not dequantized: ONNX Runtime repeats a DequantizeLinear for each of its readers.

        Args:
            name: of the tensor, float.
            number: no two tensors have the same.
            size: of the second axis of what is read.
            parts: of the tensor; all of it where there is none.
        """
        from onnx import TensorProto

        codes = self._codes_of(name)
        source, scale, zero = codes or (name, 1.0, 0.0)
        if parts:
            places = {
                f"{field.name}s{number}": np.asarray([getattr(part, field.name) for part in parts], dtype=np.int64)
                for field in fields(Part)
            }
            names = [self.constant(place, values) for place, values in places.items()]
            source = self.node("Slice", [source, *names], f"kaizen.slice{number}")
        if codes:
            source = self.node("Cast", [source], f"kaizen.tap{number}", to=TensorProto.FLOAT)
        return FeatureRow(source, np.full(size, scale), np.full(size, -scale * zero))

    def _codes_of(self, name: str) -> tuple[str, float, float] | None:
        """The codes of a tensor, their scale and their zero, where it is quantized by one constant each."""
        from onnx import numpy_helper

        known = {one.name: numpy_helper.to_array(one) for one in self.graph.initializer}
        for node in self.graph.node:
            constants = [known.get(one) for one in node.input[1:]]
            is_read = node.op_type == "QuantizeLinear" and node.input[0] == name and len(constants) == _SCALE_AND_ZERO
            if is_read and all(one is not None and one.size == 1 for one in constants):
                scale, zero = (float(one.item()) for one in constants if one is not None)
                return node.output[0], scale, zero
        return None


def append_features(model: Any, sources: FeatureSources) -> tuple[FeatureRow, FeatureRow | None]:
    """Adds the row of the maps' features, [1, S]: means of the taps, and deviations.

    Returns:
        That row, and the one of the penultimate features, [1, D], where there are any.

    Raises:
        ExportError: the graph has not the tensors, because a quantizer has renamed them.
    """
    appender = Appender(model)
    wanted = {tap.name for tap in sources.taps} | ({sources.penultimate[0]} if sources.penultimate else set())
    missing = sorted(wanted - {name for node in model.graph.node for name in node.output})
    if missing:
        raise ExportError(f"features: the graph has no tensor {', '.join(missing)}")
    maps = [appender.read(tap.name, number, tap.taken, parts_of(tap)) for number, tap in enumerate(sources.taps)]
    means = [
        appender.reduced("ReduceMean", one.name, [2, 3], f"kaizen.mean{number}") for number, one in enumerate(maps)
    ]
    deviations = _deviations(appender, [one.name for one in maps], means)
    appender.node("Concat", [*means, *deviations], _MAP_FEATURES, axis=1)
    # A deviation knows no offset.
    spread = maps[1:]
    row = FeatureRow(
        _MAP_FEATURES,
        np.concatenate([one.scale for one in (*maps, *spread)]),
        np.concatenate([*(one.offset for one in maps), *(np.zeros_like(one.offset) for one in spread)]),
    )
    if not sources.penultimate:
        return row, None
    name, size = sources.penultimate
    return row, appender.read(name, len(maps), size, [])


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
