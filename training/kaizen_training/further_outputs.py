"""The outputs that the export adds to a graph: a score of novelty, and an embedding for sketches of the line.

They are written into the graph after it was quantized, in float32, so that a device computes them in the same run;
they read what the network computes anyway. One model of the features serves every variant, so that embeddings of
devices with different variants can be compared; it is fitted on the features of all of them, so that steps of
quantization are no novelty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.failure import explained
from kaizen_training.feature_taps import FeatureSources, find_sources
from kaizen_training.novelty import DEFAULT_BUDGET, FEWEST_IMAGES, FeatureModel, Features, fit, limit_of
from kaizen_training.onnx_model import INPUT_NAME, ExportError, open_session

NOVELTY_NAME = "novelty"
EMBEDDING_NAME = "embedding"
# Name in the script: FURTHER_OUTPUTS = False leaves its graphs as they are.
FURTHER_OUTPUTS = "FURTHER_OUTPUTS"
_MAP_FEATURES, _FEATURES = "kaizen.map_features", "kaizen.features"
# Axes of reductions are an input since then, an attribute before.
_AXES_AS_INPUT = 18
# A thousand settle covariances of some dozen features each.
_MOST_IMAGES = 1000
_LARGEST_ERROR = 1e-2


@dataclass(frozen=True)
class FurtherOutputs:
    """What was added to the graphs.

    Attributes:
        limits: variant -> largest score that is not novel.
        embedding_size: numbers of an embedding.
    """

    limits: dict[str, float]
    embedding_size: int

    def to_json(self, variants: list[str]) -> dict[str, Any]:
        """As in the contracts exported-model and release, of the variants that are offered."""
        return {
            "novelty": {"outputName": NOVELTY_NAME, "limits": {name: self.limits[name] for name in variants}},
            "embedding": {"outputName": EMBEDDING_NAME, "size": self.embedding_size},
        }


def further_outputs_wanted(script: ModuleType) -> bool:
    """Whether the script leaves the export its way.

    Raises:
        ValueError: `FURTHER_OUTPUTS` is neither True nor False.
    """
    wanted = getattr(script, FURTHER_OUTPUTS, True)
    if wanted not in (True, False):
        raise ValueError(f"{FURTHER_OUTPUTS}: must be True or False, got {wanted!r}")
    return bool(wanted)


class _Appender:
    """Adds nodes to a graph, with names that no exporter gives."""

    def __init__(self, model: Any) -> None:
        self.graph = model.graph
        self.opset = max(opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx"))

    def constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(values, f"kaizen.{name}"))
        return f"kaizen.{name}"

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.graph.node.append(helper.make_node(operator, inputs, [output], name=f"kaizen.{output}", **attributes))
        return output

    def reduced(self, operator: str, source: str, axes: list[int], output: str) -> str:
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


def _tensors(graph: Any) -> set[str]:
    return {name for node in graph.node for name in node.output}


def append_features(model: Any, sources: FeatureSources) -> int:
    """Adds the tensor of all features, [1, D], to a graph: means of the taps, deviations, and the penultimate ones.

    Returns:
        D.

    Raises:
        ExportError: the graph has not the tensors, because a quantizer has renamed them.
    """
    appender = _Appender(model)
    wanted = {tap.name for tap in sources.taps} | ({sources.penultimate[0]} if sources.penultimate else set())
    missing = sorted(wanted - _tensors(model.graph))
    if missing:
        raise ExportError(f"features: the graph has no tensor {', '.join(missing)}")
    maps = [appender.dequantized(tap.name, number, tap.taken, tap.channels) for number, tap in enumerate(sources.taps)]
    means = [appender.reduced("ReduceMean", one, [2, 3], f"kaizen.mean{number}") for number, one in enumerate(maps)]
    parts = [*means, *_deviations(appender, maps, means)]
    every = [appender.node("Concat", parts, _MAP_FEATURES, axis=1)]
    if sources.penultimate:
        name, size = sources.penultimate
        every.append(appender.dequantized(name, len(maps), size, size))
    appender.node("Concat", every, _FEATURES, axis=1)
    return sum(len(group) for group in groups_of(sources))


def _deviations(appender: _Appender, maps: list[str], means: list[str]) -> list[str]:
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
    """Places among the features, of each tap its own, and then of the penultimate layer where there is one."""
    taken = [tap.taken for tap in sources.taps]
    means = np.split(np.arange(sum(taken)), np.cumsum(taken)[:-1])
    places = sum(taken) + np.arange(sum(taken[1:]))
    deviations = [places[:0], *np.split(places, np.cumsum(taken[1:])[:-1])][: len(taken)]
    groups = [np.concatenate(pair) for pair in zip(means, deviations, strict=True)]
    if sources.penultimate:
        groups.append(sum(taken) + len(places) + np.arange(sources.penultimate[1]))
    return groups


def _features_of(path: Path, sources: FeatureSources, images: NDArray[np.uint8]) -> Features:
    """The features of images, [n, D], as the graph of the file computes them."""
    import onnx

    model = onnx.load(path)
    size = append_features(model, sources)
    _Appender(model).output(_FEATURES, [1, size])
    session = open_session(model.SerializeToString())
    rows = [session.run([_FEATURES], {INPUT_NAME: image})[0][0] for image in images]
    return np.asarray(rows, dtype=np.float64)


def _append_outputs(path: Path, sources: FeatureSources, features: FeatureModel) -> None:
    """Writes the graph of the file anew, with both outputs."""
    import onnx

    model = onnx.load(path)
    append_features(model, sources)
    appender = _Appender(model)
    scored, size = features.whitening.shape[0], features.projection.shape[1]

    def product(source: str, matrix: Features, mean: Features, name: str) -> str:
        weights = appender.constant(f"{name}.matrix", matrix.astype(np.float32))
        offset = appender.constant(f"{name}.offset", (-mean @ matrix).astype(np.float32))
        return appender.node("Gemm", [source, weights, offset], f"kaizen.{name}")

    distances = product(_MAP_FEATURES, features.whitening, features.mean[:scored], "distances")
    squares = appender.node("Mul", [distances, distances], "kaizen.squares")
    groups = appender.constant("groups", features.groups.astype(np.float32))
    sums = appender.node("MatMul", [squares, groups], "kaizen.sums")
    appender.node("Sqrt", [appender.reduced("ReduceMax", sums, [1], "kaizen.largest")], NOVELTY_NAME)
    row = product(_FEATURES, features.projection, features.mean, "row")
    appender.node("Reshape", [row, appender.constant("size", np.asarray([size], dtype=np.int64))], EMBEDDING_NAME)
    appender.output(NOVELTY_NAME, [1])
    appender.output(EMBEDDING_NAME, [size])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def run_further(path: Path, images: NDArray[np.uint8]) -> tuple[Features, Features]:
    """Scores [n] and embeddings [n, E] of images, by a graph that has both outputs."""
    session = open_session(path)
    answers = [session.run([NOVELTY_NAME, EMBEDDING_NAME], {INPUT_NAME: image}) for image in images]
    scores = np.asarray([score[0] for score, _ in answers], dtype=np.float64)
    return scores, np.asarray([row for _, row in answers], dtype=np.float64)


def _evenly(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images[:: max(1, -(-len(images) // _MOST_IMAGES))]


def add_further_outputs(
    graphs: dict[str, Path],
    training: NDArray[np.uint8],
    validation: NDArray[np.uint8],
    budget: float = DEFAULT_BUDGET,
) -> FurtherOutputs | None:
    """Adds both outputs to the graphs of a release.

    Args:
        graphs: variant -> file, `fp32` among them, by whose names the features are found.
        training: images, uint8 [n, height, width, 3].
        validation: the same, of others.
        budget: share of the unchanged line's frames that the score may call novel.

    Returns:
        None, and the files as they were, where there are too few images, or the graph has no maps.

    Raises:
        ExportError: a graph cannot take them, or answers otherwise than the features that they were made from.
    """
    try:
        return _added(graphs, training, validation, budget)
    except ExportError:
        raise
    except Exception as error:
        # Of whatever a graph of a user's own may hold: the way out belongs to the reason.
        way_out = f"{FURTHER_OUTPUTS} = False in the script leaves it out"
        raise ExportError(f"no score of novelty can be added to the graph: {explained(error)}; {way_out}") from error


def _added(
    graphs: dict[str, Path], training: NDArray[np.uint8], validation: NDArray[np.uint8], budget: float
) -> FurtherOutputs | None:
    import onnx

    sources = find_sources(onnx.load(graphs["fp32"]), *validation.shape[1:3])
    if not sources.taps or min(len(training), len(validation)) < FEWEST_IMAGES:
        return None
    try:
        learnt = {name: _features_of(path, sources, _evenly(training)) for name, path in graphs.items()}
    except ExportError as error:
        print(f"export: without a score of novelty: {error}", flush=True)
        return None
    held_out = {name: _features_of(path, sources, validation) for name, path in graphs.items()}
    features = fit(
        np.concatenate(list(learnt.values())),
        np.concatenate(list(held_out.values())),
        groups_of(sources)[: len(sources.taps)],
        budget,
    )
    limits = {}
    for name, path in graphs.items():
        expected = features.scores(held_out[name])
        # Photographs of a few hundred parts leave much to luck, of which training images have had another share.
        limits[name] = max(limit_of(expected, budget), limit_of(features.scores(learnt[name]), budget))
        _append_outputs(path, sources, features)
        _check(path, validation, expected)
    return FurtherOutputs(limits, features.projection.shape[1])


def _check(path: Path, images: NDArray[np.uint8], expected: Features) -> None:
    """Holds the written graph to the scores that its limit was chosen by, on every tenth image."""
    scores, _ = run_further(path, images[::10])
    error = float((np.abs(scores - expected[::10]) / np.maximum(1, expected[::10])).max())
    if not error <= _LARGEST_ERROR or not math.isfinite(error):
        raise ExportError(f"{path.name}: scores of novelty differ by {error:.2e} from those of its features")
