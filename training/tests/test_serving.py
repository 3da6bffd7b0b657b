"""The serving half of the contract."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from kaizen_training.serving import ServingError, load_model, unpack_model

TRANSFORM = """
import io, json, numpy as np
def model_fn(model_dir): return 3
def transform_fn(model, input_data, content_type, accept):
    n = len(np.load(io.BytesIO(input_data)))
    return json.dumps({'classes': ['a', 'b'], 'probabilities': [[0.25, 0.75]] * n}), accept
"""
TRIPLE = """
import io, json, numpy as np
def model_fn(model_dir): return 3
def input_fn(input_data, content_type): return np.load(io.BytesIO(input_data))
def predict_fn(data, model): return [[0.25, 0.75]] * len(data)
def output_fn(prediction, accept): return json.dumps({'classes': ['a', 'b'], 'probabilities': prediction})
"""


def model_of(tmp_path: Path, script: str) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/inference.py").write_text(script)
    return tmp_path


@pytest.mark.parametrize("script", [TRANSFORM, TRIPLE])
def test_s3_both_forms_answer_more_images_than_one_request_takes(tmp_path: Path, script: str) -> None:
    """[S3] transform_fn, or input_fn + predict_fn + output_fn."""
    model = load_model(model_of(tmp_path, script))
    classes, probabilities = model.probabilities(np.zeros((130, 8, 8, 3), dtype=np.uint8))
    assert classes == ["a", "b"]
    assert probabilities.shape == (130, 2)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("return 3", "return None", "model_fn returned None"),
        ("return 3", "raise KeyError('w')", "model_fn failed: KeyError"),
    ],
)
def test_s3_a_model_that_cannot_be_loaded_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """[S3]"""
    with pytest.raises(ServingError, match=reason):
        load_model(model_of(tmp_path, TRANSFORM.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("0.75", "0.8", "sum to 1"),
        ("0.75", "float('nan')", "finite"),
        ("] * n", "] * 1", "must have shape"),
        ("'classes'", "'labels'", "the answer must be"),
        ("    n =", "    raise IndexError('i'); n =", "IndexError: i"),
    ],
)
def test_s3_an_answer_outside_the_contract_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """[S3]"""
    model = load_model(model_of(tmp_path, TRANSFORM.replace(old, new)))
    with pytest.raises(ServingError, match=reason):
        model.probabilities(np.zeros((2, 8, 8, 3), dtype=np.uint8))


def test_an_archive_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("../escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(ServingError, match="cannot be unpacked"):
        unpack_model(archive, tmp_path / "model")
    assert not (tmp_path / "escaped").exists()


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"not gzip")
    with pytest.raises(ServingError, match="cannot be unpacked"):
        unpack_model(tmp_path / "model.tar.gz", tmp_path / "model")
