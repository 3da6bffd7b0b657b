"""Brings a ready ONNX file, of whatever framework wrote it, into the registry.

Channel `model`: one `.onnx` file. Channels `train` and `validation` hold the folder that the Prepare step wrote, as
for every script. Nothing is trained: the graph is checked against `contracts/onnx-policy.json` and against the input
and output contract, and from there on it is held to the same gates as a trained network.

The graph: input `image`, uint8 [height, width, 3], both sizes free; output `probabilities`, float [classes], in the
order of the dataset's classes; pre- and post-processing inside.

Hyperparameter: `file_name` (default: the only `.onnx` file of the channel).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from kaizen_training.answers import answer_images, read_images
from kaizen_training.onnx_model import INPUT_NAME, OUTPUT_NAME, check_policy, open_session
from kaizen_training.prepared import load_description, load_split

# Two sizes, neither of which the network has inside: a graph with one of them built in answers only one.
_PROBE_SIZES = ((64, 96), (130, 70))
_LARGEST_ERROR_OF_SUM = 1e-3


@dataclass(frozen=True)
class ReadyModel:
    """The file, its classes in the order of its answers, and a session on it."""

    path: Path
    classes: list[str]
    session: onnxruntime.InferenceSession


def _find_file(folder: Path, file_name: str | None) -> Path:
    files = sorted(folder.glob("*.onnx"))
    if file_name is not None:
        files = [path for path in files if path.name == file_name]
    if len(files) != 1:
        there = ", ".join(path.name for path in sorted(folder.glob("*"))) or "nothing"
        wanted = file_name or "exactly one .onnx file, or the hyperparameter file_name"
        raise ValueError(f"channel model: must hold {wanted}; there is {there}")
    return files[0]


def _declaration_problems(session: onnxruntime.InferenceSession) -> list[str]:
    inputs = {value.name: (value.type, len(value.shape)) for value in session.get_inputs()}
    outputs = {value.name: value.type for value in session.get_outputs()}
    problems = []
    if inputs != {INPUT_NAME: ("tensor(uint8)", 3)}:
        problems.append(f"input: must be '{INPUT_NAME}', tensor(uint8) of rank 3, alone; got {inputs}")
    if outputs != {OUTPUT_NAME: "tensor(float)"}:
        problems.append(f"output: must be '{OUTPUT_NAME}', tensor(float), alone; got {outputs}")
    return problems


def _answer_problems(session: onnxruntime.InferenceSession, images: list[np.ndarray], classes: int) -> list[str]:
    problems = []
    for image in images:
        size = f"{image.shape[0]} x {image.shape[1]}"
        try:
            answer = np.asarray(session.run([OUTPUT_NAME], {INPUT_NAME: image})[0])
        except Exception as error:
            problems.append(f"an image of {size}: {str(error).splitlines()[0][:200]}")
            continue
        if answer.shape != (classes,):
            problems.append(f"{OUTPUT_NAME}: must have shape ({classes},), one for each class, got {answer.shape}")
        elif not np.isfinite(answer).all() or abs(float(answer.sum()) - 1) > _LARGEST_ERROR_OF_SUM:
            problems.append(f"{OUTPUT_NAME}: must be finite and sum to 1, got {answer.tolist()} for an image of {size}")
    return list(dict.fromkeys(problems))


def open_ready_model(path: Path, classes: list[str]) -> ReadyModel:
    """Opens the file after the checks that every device makes.

    Raises:
        ExportError: it holds what no device loads.
        ValueError: with everything in which it breaks the input and output contract.
    """
    check_policy(path)
    session = open_session(path)
    problems = _declaration_problems(session)
    if not problems:
        rng = np.random.default_rng(0)
        probes = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in _PROBE_SIZES]
        problems = _answer_problems(session, probes, len(classes))
    if problems:
        raise ValueError(f"{path.name}: " + "; ".join(problems))
    return ReadyModel(path, classes, session)


def train(hyperparameters: dict[str, Any], channel_input_dirs: dict[str, str]) -> ReadyModel:
    """Checks the file of the channel `model`, and tells its accuracy on `validation`.

    Raises:
        ValueError: the channel is missing or holds no usable file.
    """
    if "model" not in channel_input_dirs:
        raise ValueError(f"channels: must include 'model' with the ONNX file, got {sorted(channel_input_dirs)}")
    path = _find_file(Path(channel_input_dirs["model"]), hyperparameters.get("file_name"))
    model = open_ready_model(path, load_description(Path(channel_input_dirs["train"])).classes)
    validation = load_split(Path(channel_input_dirs["validation"]), "validation")
    accuracy = float((_probabilities(model, validation.images).argmax(axis=1) == validation.labels).mean())
    print(f"{path.name}: accuracy on validation {accuracy:.4f}", flush=True)
    return model


def _probabilities(model: ReadyModel, images: np.ndarray) -> np.ndarray:
    return np.stack([model.session.run([OUTPUT_NAME], {INPUT_NAME: image})[0] for image in images])


def save(model: ReadyModel, model_dir: str) -> None:
    """Writes `model.onnx` and `model.json`."""
    shutil.copyfile(model.path, Path(model_dir, "model.onnx"))
    Path(model_dir, "model.json").write_text(json.dumps({"classes": model.classes}) + "\n", encoding="utf-8")


def model_fn(model_dir: str) -> ReadyModel:
    """Loads what `save` wrote."""
    classes = json.loads(Path(model_dir, "model.json").read_text(encoding="utf-8"))["classes"]
    return open_ready_model(Path(model_dir, "model.onnx"), classes)


def transform_fn(model: ReadyModel, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    """Answers images with JSON probabilities."""
    images = read_images(input_data, content_type)
    return answer_images(model.classes, _probabilities(model, images), accept)


def export_onnx(model: ReadyModel, path: str) -> None:
    """The file is the export."""
    shutil.copyfile(model.path, path)
