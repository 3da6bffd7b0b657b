"""[B4] Framework, ONNX Runtime in Python and the device's own decoder and runtime: the same pictures, the same answers.

`test/edge-components/ask-edge-runtime.ts` is the component's code without the component around it.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image

from kaizen_training.image_policy import DEFAULT_POLICY
from kaizen_training.onnx_model import run_images, write_int8
from kaizen_training.prepare import decode_image
from kaizen_training.prepared import load_split
from kaizen_training.serving import load_model
from tests.conftest import rendered_jpeg
from tests.finished_job import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS

REPOSITORY = SOURCE_DIR.parent
SAME_SIZE = DEFAULT_POLICY.size
ENCODINGS: dict[str, dict[str, Any]] = {
    "baseline 4:2:0": {"subsampling": 2},
    "baseline 4:2:2": {"subsampling": 1},
    "baseline 4:4:4": {"subsampling": 0},
    "progressive 4:2:0": {"subsampling": 2, "progressive": True},
    "progressive 4:4:4": {"subsampling": 0, "progressive": True},
    "gray": {},
}
# Taken as it is; shrunk by 2 to 8; with one side enlarged.
SIZES = (SAME_SIZE, (256, 256), (640, 480), (1000, 750), (160, 120))


# One epoch on a few dozen images leaves a network that says 0.25 to everything, which would agree with anything. With
# its last layer so many times as strong, its answers differ from picture to picture.
STRENGTH = 30


@dataclass(frozen=True)
class EdgeAnswers:
    """What the device's code sees and says: pixels by image; probabilities [n, classes] by variant."""

    names: list[str]
    golden: int
    graphs: dict[str, Path]
    python_pixels: list[NDArray[np.uint8]]
    edge_pixels: list[NDArray[np.uint8]]
    edge_probabilities: dict[str, NDArray[np.float64]]


def jpegs(folder: Path) -> dict[str, Path]:
    """Two rendered parts in every encoding and size."""
    found: dict[str, Path] = {}
    for seed, label in enumerate(("good", "scratch")):
        part = Image.fromarray(decode_image(rendered_jpeg(label, seed)))
        for encoding, options in ENCODINGS.items():
            for size in SIZES:
                name = f"{label}, {encoding}, {size[0]}x{size[1]}"
                path = folder / f"{len(found)}.jpg"
                picture = part.convert("L") if encoding == "gray" else part
                picture.resize(size, Image.Resampling.BICUBIC).save(path, "JPEG", quality=85, **options)
                found[name] = path
    return found


def strengthened_graphs(job: Path, prepared: Path, folder: Path) -> dict[str, Path]:
    """The exported fp32 graph with a stronger last layer, and int8 made from that."""
    graphs = {"fp32": folder / "fp32.onnx", "int8": folder / "int8.onnx"}
    model = onnx.load(job / "export/model-fp32.onnx")
    weight = next(node.input[1] for node in model.graph.node if node.op_type == "Gemm")
    for tensor in model.graph.initializer:
        if tensor.name == weight:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * STRENGTH, weight))
    onnx.save(model, graphs["fp32"])
    write_int8(graphs["fp32"], load_split(prepared, "train").images[:16], graphs["int8"])
    return graphs


@pytest.fixture(scope="module")
def edge(job: Path, tiny_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> EdgeAnswers:
    """One start of Node for all comparisons."""
    folder = tmp_path_factory.mktemp("edge")
    exported = json.loads((job / "export/export.json").read_text())
    golden = {sample["file"]: job / "export" / sample["file"] for sample in exported["goldenSamples"]}
    images = {**golden, **jpegs(folder)}
    graphs = strengthened_graphs(job, tiny_prepared, folder)
    request = {
        "graphs": [str(path) for path in graphs.values()],
        "images": [str(path) for path in images.values()],
        "input": exported["input"],
        "classes": len(exported["classes"]),
    }
    (folder / "request.json").write_text(json.dumps(request))
    node = shutil.which("node")
    assert node is not None
    script = REPOSITORY / "test/edge-components/ask-edge-runtime.ts"
    program = [node, "--import", "tsx", str(script), str(folder / "request.json")]
    done = subprocess.run(program, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    shape = (*SAME_SIZE, 3)
    return EdgeAnswers(
        list(images),
        len(golden),
        graphs,
        [decode_image(path.read_bytes()) for path in images.values()],
        [np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape) for text in answer["pixels"]],
        {name: np.asarray(rows) for name, rows in zip(graphs, answer["probabilities"], strict=True)},
    )


def test_b4_golden_samples_answer_alike_in_framework_python_and_on_the_edge(job: Path, edge: EdgeAnswers) -> None:
    """[B4] PNG is lossless: equal pixels. fp32 within 1e-4 all the way; int8 alike in both runtimes."""
    golden = np.stack(edge.python_pixels[: edge.golden])
    np.testing.assert_array_equal(np.stack(edge.edge_pixels[: edge.golden]), golden)
    model = load_model(job / "model")
    model.model.network.classifier.weight.data *= STRENGTH
    _, framework = model.probabilities(golden)
    assert framework.std(axis=0).max() > 0.05, "the network says the same to everything"
    for variant, on_edge in edge.edge_probabilities.items():
        in_python, _ = run_images(edge.graphs[variant], golden)
        np.testing.assert_allclose(on_edge[: edge.golden], in_python, atol=1e-5)
        if variant == "fp32":
            np.testing.assert_allclose(on_edge[: edge.golden], framework, atol=1e-4)


@pytest.mark.parametrize("size", SIZES, ids=lambda value: str(value))
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_b4_b27_both_see_the_same_picture(edge: EdgeAnswers, encoding: str, size: tuple[int, int]) -> None:
    """[B4] [B27] sharp and our own arithmetic there, Pillow in the cloud: every pixel, of frames of every size."""
    chosen = [n for n, name in enumerate(edge.names) if f"{encoding}, {size[0]}x{size[1]}" in name]
    assert len(chosen) == 2
    for index in chosen:
        np.testing.assert_array_equal(edge.edge_pixels[index], edge.python_pixels[index])


def test_b4_b27_from_the_bytes_of_a_frame_to_the_probabilities(edge: EdgeAnswers) -> None:
    """[B4] [B27] What is the same to the bit is answered alike."""
    for variant, on_edge in edge.edge_probabilities.items():
        in_python, _ = run_images(edge.graphs[variant], np.stack(edge.python_pixels))
        np.testing.assert_allclose(on_edge, in_python, atol=1e-5)
