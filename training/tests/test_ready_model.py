"""Any framework that writes ONNX: a ready file goes through the same training job, gates and export."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kaizen_training.adapter import main
from kaizen_training.export import export
from kaizen_training.serving import load_model
from tests.conftest import SOURCE_DIR
from tests.job_environment import job_environment
from tests.plants import PLANT
from tests.small_onnx import write_small_onnx

SCRIPT = "scripts/onnx/register_ready_model.py"


def register(
    tmp_path: Path, prepared: Path, change: Callable[[Any], None] | None = None, classes: int = 4
) -> tuple[int, str]:
    """Runs the script as a job; returns the exit status and the failure file's text."""
    channel = tmp_path / "channel"
    channel.mkdir(exist_ok=True)
    write_small_onnx(channel / "ready.onnx", classes, change)
    channels = {"train": prepared, "validation": prepared, "model": channel}
    status = main(job_environment(tmp_path, channels, {"script": SCRIPT}), SOURCE_DIR)
    failure = tmp_path / "output/failure"
    return status, failure.read_text() if failure.exists() else ""


def test_s16_a_ready_onnx_file_becomes_a_model_that_answers_and_exports(tmp_path: Path, tiny_prepared: Path) -> None:
    """[S16] [S3] train, save, model_fn, transform_fn, export with parity, as for every other script."""
    assert register(tmp_path, tiny_prepared) == (0, "")
    model = load_model(tmp_path / "model")
    exported = export(model, tiny_prepared, tmp_path / "export", "surface-inspection", [], PLANT)
    assert exported["classes"] == ["dent", "good", "scratch", "stain"]
    assert exported["parity"]["maximumDifference"] < 1e-6
    assert (tmp_path / "export/model-fp32.onnx").read_bytes() == (tmp_path / "channel/ready.onnx").read_bytes()


def test_s16_the_ready_model_answers_a_photograph_too(tmp_path: Path, tiny_prepared: Path) -> None:
    """[S16] [S3] A JPEG or PNG, as an endpoint gets it."""
    assert register(tmp_path, tiny_prepared) == (0, "")
    buffer = io.BytesIO()
    Image.fromarray(np.full((20, 30, 3), 90, dtype=np.uint8)).save(buffer, "PNG")
    answer = load_model(tmp_path / "model").transform(buffer.getvalue(), "image/png", "application/json")
    assert answer.startswith(b'{"classes": ["dent", "good", "scratch", "stain"], "probabilities": [[')


def rename_input(model: Any) -> None:
    model.graph.input[0].name = model.graph.node[0].input[0] = "x"


def forbid_operator(model: Any) -> None:
    model.graph.node[0].op_type = "NonZero"


def raise_opset(model: Any) -> None:
    model.opset_import[0].version = 22


def without_softmax(model: Any) -> None:
    model.graph.node[5].op_type = "Identity"
    del model.graph.node[5].attribute[:]


@pytest.mark.parametrize(
    ("change", "classes", "reason"),
    [
        (rename_input, 4, "input: must be 'image', tensor(uint8) of rank 3"),
        (forbid_operator, 4, "operator NonZero is not allowed"),
        (raise_opset, 4, "opset: must be between 11 and 21, got 22"),
        (without_softmax, 4, "must be finite and sum to 1"),
        (None, 3, "must have shape (4,), one for each class, got (3,)"),
    ],
    ids=["input's name", "operator", "opset", "no probabilities", "number of classes"],
)
def test_s16_a_file_that_no_device_would_load_fails_the_job(
    tmp_path: Path, tiny_prepared: Path, change: Callable[[Any], None] | None, classes: int, reason: str
) -> None:
    """[S16] Bad input: ONNX op outside the allow-list, and what else breaks the contract."""
    status, failure = register(tmp_path, tiny_prepared, change, classes)
    assert status == 1
    assert reason in failure
    assert not any((tmp_path / "model").glob("*"))


@pytest.mark.parametrize(
    ("files", "hyperparameters", "reason"),
    [
        ([], {}, "must hold exactly one .onnx file"),
        (["a.onnx", "b.onnx"], {}, "there is a.onnx, b.onnx"),
        (["a.onnx"], {"file_name": "c.onnx"}, "must hold c.onnx; there is a.onnx"),
        (None, {}, "must include 'model'"),
    ],
    ids=["empty channel", "two files", "another name", "no channel"],
)
def test_s16_a_channel_without_the_file_is_named(
    tmp_path: Path, tiny_prepared: Path, files: list[str] | None, hyperparameters: dict[str, str], reason: str
) -> None:
    """[S16] Bad input."""
    channels = {"train": tiny_prepared, "validation": tiny_prepared}
    if files is not None:
        channels["model"] = tmp_path / "channel"
        channels["model"].mkdir()
        for name in files:
            (channels["model"] / name).write_bytes(b"")
    assert main(job_environment(tmp_path, channels, {"script": SCRIPT, **hyperparameters}), SOURCE_DIR) == 1
    assert reason in (tmp_path / "output/failure").read_text()
