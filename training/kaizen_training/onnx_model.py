"""ONNX: writing the model's graph, quantizing it, running it."""

from __future__ import annotations

import json
import logging
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.contracts import contracts_folder

if TYPE_CHECKING:
    import onnxruntime

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
OPSET = 18
# Where a graph is allowed to be 8-bit. Resizing, normalisation and softmax stay in fp32: they cost nothing, and their
# error would be the largest of all. Clip and Relu are among them because the quantizer then folds them into the range
# of the convolution before: apart, each costs a requantization, together a third of the time of a MobileNetV2
# (npm run bench -- edge G1).
QUANTIZED_OPERATORS = ["Conv", "Gemm", "MatMul", "Add", "Clip", "Relu"]
# Every class, several dozen times; calibration stays about a second.
CALIBRATION_IMAGES = 160


class ExportError(RuntimeError):
    """The model cannot be exported, or what was exported does not agree with it."""


def write_fp32(model: Any, height: int, width: int, path: Path) -> None:
    """Writes a PyTorch module, uint8 [n, h, w, 3] -> probabilities [n, classes], as a graph for one image.

    The graph's input `image` is uint8 [height, width, 3] with height and width free: resizing is inside. Its output
    `probabilities` is float [classes].

    Raises:
        ExportError: the model is not a PyTorch module.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise ExportError(
            f"model_fn returned a {type(model).__qualname__}; the export needs a torch.nn.Module, "
            "or export_onnx(model, path) in the script"
        )

    class OneImage(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            probabilities: torch.Tensor = self.model(image.unsqueeze(0))[0]
            return probabilities

    shape = {0: torch.export.Dim("height", min=8, max=4096), 1: torch.export.Dim("width", min=8, max=4096)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            OneImage().eval(),
            (torch.zeros(height, width, 3, dtype=torch.uint8),),
            str(path),
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            opset_version=OPSET,
            dynamic_shapes=(shape,),
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    _strip_metadata(path)


def _strip_metadata(path: Path) -> None:
    """Removes the exporter's notes: stack traces with paths of this machine, a fifth of the file."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def write_int8(fp32: Path, calibration: NDArray[np.uint8], path: Path) -> None:
    """Quantizes statically (QDQ, weights per channel) with ranges from `calibration`, uint8 [n, h, w, 3].

    Weights have 7 bits (`reduce_range`): on an x86 processor without VNNI, 8-bit products are added in 16 bits and
    saturate, so the same file would answer differently on two devices
    (onnxruntime.ai, "Quantize ONNX models", on U8S8 and reduce_range).
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(calibration)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            image = next(self.left, None)
            return None if image is None else {INPUT_NAME: image}

    with tempfile.TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        # Folds batch normalisation into convolutions: quantized apart, every one of them would cost a rounding.
        quant_pre_process(str(fp32), str(folded), skip_symbolic_shape=True)
        quantize_static(
            str(folded),
            str(path),
            Images(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTIZED_OPERATORS,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


def _operators(graph: Any) -> set[str]:
    """Operators of a graph and of the graphs inside of it; those of other domains with their domain."""
    found = set()
    for node in graph.node:
        found.add(node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}")
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                found |= _operators(inner)
    return found


def check_policy(path: Path) -> None:
    """Refuses a graph that every device would refuse: operators and versions of `contracts/onnx-policy.json`.

    The edge component checks them again, and sizes too (edge-components/inference/src/models/onnx/graph-policy.ts).

    Raises:
        ExportError: names everything that is not allowed.
    """
    import onnx
    from onnx.external_data_helper import uses_external_data

    rules = json.loads((contracts_folder() / "onnx-policy.json").read_text(encoding="utf-8"))
    model = onnx.load(path, load_external_data=False)
    opsets = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    versions = {"ir_version": ([model.ir_version], rules["irVersion"]), "opset": (opsets, rules["opset"])}
    problems = [
        f"{name}: must be between {limits['minimum']} and {limits['maximum']}, got {version}"
        for name, (found, limits) in versions.items()
        for version in found
        if not limits["minimum"] <= version <= limits["maximum"]
    ]
    forbidden = sorted(_operators(model.graph) - set(rules["operators"]))
    problems += [f"operator {name} is not allowed" for name in forbidden]
    problems += [f"function {function.domain}.{function.name} is not allowed" for function in model.functions]
    outside = [tensor.name for tensor in model.graph.initializer if uses_external_data(tensor)]
    problems += [f"tensor {name}: its data must be in the file" for name in outside]
    if problems:
        raise ExportError(f"{path.name}: no device would load it: {'; '.join(problems)}")


def open_session(graph: Path | bytes) -> onnxruntime.InferenceSession:
    """Opens a graph, a file or its bytes, with one thread, as the device does."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run_images(path: Path, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Runs a graph on images, uint8 [n, height, width, 3], one by one.

    Returns:
        Probabilities [n, classes], and the median time of one run in milliseconds.
    """
    session = open_session(path)
    rows, times = [], []
    for image in images:
        started = time.perf_counter()
        rows.append(session.run([OUTPUT_NAME], {INPUT_NAME: image})[0])
        times.append(time.perf_counter() - started)
    return np.asarray(rows, dtype=np.float64), float(np.median(times)) * 1000
