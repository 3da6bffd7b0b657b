"""Where a network's features are in its graph: one rule for every framework that wrote it.

A tap is a map of the network, float [1, channels, height, width]: of each spatial size the narrowest, and of several
the last. Of a MobileNetV2 the largest are the normalised pixels and what its first bottleneck passes on. Early maps
tell light, colour and texture; late ones, which are usually taken, hardly anything but the class (Defard et al.,
"PaDiM", arXiv:2011.08785, takes maps of several depths; measured in docs/adr/0047).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kaizen_training.onnx_model import INPUT_NAME, OUTPUT_NAME

# A mean over fewer pixels says where something is, not what the picture is like.
FEWEST_PIXELS = 64
# The picture and the first map see the changes that were tried as well as four depths do, for a third of the time.
MOST_TAPS = 2
# Of a wide map the first ones are as good as any: PaDiM (section 4.3) draws them at random.
MOST_CHANNELS = 32
# Rows beside each other say the same of light, colour and texture, and each number that is read takes its time.
MOST_ROWS = 12
# The last of these on the way to the probabilities is the classifier; what it reads are the penultimate features.
_CLASSIFIERS = frozenset({"Gemm", "MatMul"})
_IMAGE_RANK, _ROW_RANK = 4, 2


@dataclass(frozen=True)
class Tap:
    """A map of the graph: float [1, channels, height, width]."""

    name: str
    channels: int
    height: int
    width: int

    @property
    def taken(self) -> int:
        """How many of the channels are looked at."""
        return min(self.channels, MOST_CHANNELS)

    @property
    def step(self) -> int:
        """Every how many-th row is looked at."""
        return math.ceil(self.height / MOST_ROWS)


@dataclass(frozen=True)
class FeatureSources:
    """Where the features of a graph are.

    Attributes:
        taps: the largest first, `MOST_TAPS` at most; none where the graph has no maps whose size can be told.
        penultimate: name and size of the classifier's input, float [1, size]; None where there is none such.
    """

    taps: tuple[Tap, ...]
    penultimate: tuple[str, int] | None


def _with_shapes(model: Any, height: int, width: int) -> Any:
    """The graph for images of one size, with the shapes of its tensors."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in fixed.graph.input:
        if value.name == INPUT_NAME:
            for dimension, size in zip(value.type.tensor_type.shape.dim, (height, width, 3), strict=True):
                dimension.dim_value = size
    # What the exporter knew was for any size.
    del fixed.graph.value_info[:]
    return onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph


def find_sources(model: Any, height: int, width: int) -> FeatureSources:
    """Finds the features of a graph.

    Args:
        model: an ONNX model with the input `image` and the output `probabilities`, not quantized.
        height: of the images.
        width: of the images.
    """
    graph = _with_shapes(model, height, width)
    shapes = {
        value.name: tuple(size.dim_value for size in value.type.tensor_type.shape.dim)
        for value in (*graph.input, *graph.value_info)
        if value.type.tensor_type.elem_type == 1
    }
    needed = {OUTPUT_NAME}
    penultimate = None
    for node in reversed(graph.node):
        if not needed & set(node.output):
            continue
        needed |= set(node.input)
        shape = shapes.get(node.input[0], ()) if node.input else ()
        if penultimate is None and node.op_type in _CLASSIFIERS and len(shape) == _ROW_RANK and shape[0] == 1:
            penultimate = (node.input[0], shape[1]) if shape[1] > 0 else None
    taps: dict[tuple[int, int], Tap] = {}
    convolved = False
    for node in graph.node:
        if node.op_type == "Conv" and not convolved:
            # Before the first convolution all are the same picture: only what the network is given counts.
            convolved, taps = True, dict(list(taps.items())[-1:])
        for name in node.output:
            shape = shapes.get(name, ())
            if name not in needed or len(shape) != _IMAGE_RANK or shape[0] != 1 or 0 in shape:
                continue
            tap = Tap(name, *shape[1:])
            known = taps.get((tap.height, tap.width))
            if tap.height * tap.width >= FEWEST_PIXELS and (known is None or tap.channels <= known.channels):
                taps[tap.height, tap.width] = tap
    largest_first = sorted(taps.values(), key=lambda tap: -math.prod((tap.height, tap.width)))
    return FeatureSources(tuple(largest_first[:MOST_TAPS]), penultimate)
