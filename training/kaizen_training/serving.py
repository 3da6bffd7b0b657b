"""The serving half of the contract: `model_fn`, and `transform_fn` XOR `input_fn`/`predict_fn`/`output_fn`.

As in the SageMaker inference toolkit, a script has either one `transform_fn(model, input_data, content_type, accept)`
or the three functions `input_fn(input_data, content_type)`, `predict_fn(data, model)`,
`output_fn(prediction, accept)`; never both forms. Both answer a body, or a tuple of body and content type.

The pipeline's Evaluate and Export steps ask for images as `application/x-npy`, uint8 [n, height, width, 3], and for
`application/json`: `{"classes": [...], "probabilities": [[...], ...]}` with one row per image.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import io
import json
import math
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.failure import explained

TRIPLE = ("input_fn", "predict_fn", "output_fn")
IMAGES = "application/x-npy"
JSON = "application/json"
# Bodies of these types reach the script as text, as in sagemaker-inference (content_types.py, UTF8_TYPES).
TEXT_TYPES = (JSON, "text/csv")
# Where SageMaker's PyTorch serving looks for the script inside model.tar.gz.
SCRIPT_IN_MODEL = Path("code") / "inference.py"
# 64 images of 128 x 128 pixels, as an endpoint's 6 MB would take them; at least one.
_BYTES_PER_REQUEST = 64 * 128 * 128 * 3
_SCRIPT_PREFIX = "kaizen_user_script_"


class ServingError(Exception):
    """The user's script or its answer does not fit the serving contract."""


def load_script(path: Path) -> ModuleType:
    """Imports a script under a name of its own, so that two versions of it can live side by side.

    Raises:
        ServingError: the file is missing or cannot be imported.
    """
    if not path.is_file():
        raise ServingError(f"the script {path} does not exist")
    name = f"{_SCRIPT_PREFIX}{abs(hash(str(path.resolve())))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ServingError(f"the script {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _modules_beside(path):
            spec.loader.exec_module(module)
    except Exception as error:
        raise ServingError(f"the script {path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


@contextlib.contextmanager
def _modules_beside(path: Path) -> Iterator[None]:
    """Lets a script import modules that lie beside it, at its top level, and forgets them afterwards.

    Forgets, because two versions of a script, each with its own `common.py`, may be loaded in one process.
    """
    folder = str(path.resolve().parent)
    known = set(sys.modules)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - known:
            file = str(getattr(sys.modules[name], "__file__", None) or "")
            if file.startswith(folder + os.sep) and not name.startswith(_SCRIPT_PREFIX):
                del sys.modules[name]


def keep_script(path: Path, folder: Path) -> None:
    """Copies a script to `folder` as `inference.py`, and the Python files of its own folder beside it.

    The model carries the code that reads it, so that a later champion comparison does not depend on this tree.

    Raises:
        OSError: the copy failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for module in path.parent.glob("*.py"):
        if module.name != path.name:
            shutil.copyfile(module, folder / module.name)
    shutil.copyfile(path, folder / SCRIPT_IN_MODEL.name)


def serving_problems(functions: Collection[str]) -> list[str]:
    """What keeps a script from being served, one sentence each; empty when it can be.

    Args:
        functions: names that the script defines.
    """
    problems = []
    if "model_fn" not in functions:
        problems.append("the script must define model_fn(model_dir)")
    present = [name for name in TRIPLE if name in functions]
    has_transform = "transform_fn" in functions
    if has_transform and present:
        problems.append(f"the script defines transform_fn and also {', '.join(present)}: only one form is allowed")
    elif not has_transform and len(present) < len(TRIPLE):
        missing = [name for name in TRIPLE if name not in present]
        problems.append(f"the script must define transform_fn, or {', '.join(missing)} as well")
    return problems


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function of the script; one that has a parameter more gets the request's context there: None here.

    So does sagemaker-inference (transformer.py, `_run_handler_function`).

    Raises:
        TypeError: it takes another number of arguments.
    """
    wanted = len(inspect.signature(function).parameters)
    if wanted == len(arguments) + 1:
        return function(*arguments, None)
    if wanted != len(arguments):
        raise TypeError(f"{function.__name__} takes {wanted} arguments, it is called with {len(arguments)}")
    return function(*arguments)


@dataclass(frozen=True)
class ServedModel:
    """A loaded model behind its script's own functions."""

    script: ModuleType
    model: Any

    def transform(self, body: bytes, content_type: str, accept: str) -> bytes:
        """Answers one request as the endpoint would.

        Raises:
            ServingError: the script raised, or answered something that is no body, or of another content type.
        """
        data = body.decode("utf-8") if content_type in TEXT_TYPES else body
        try:
            answer = self._answer(data, content_type, accept)
        except Exception as error:
            raise ServingError(f"the script failed on a request: {explained(error)}") from error
        if isinstance(answer, tuple) and len(answer) != 2:
            raise ServingError(f"the script must answer a body, or (body, content type), got a tuple of {len(answer)}")
        content, answered_type = answer if isinstance(answer, tuple) else (answer, accept)
        if accept not in (answered_type, "*/*"):
            raise ServingError(f"the script was asked for {accept}, and answered {answered_type}")
        if not isinstance(content, (str, bytes, bytearray)):
            raise ServingError(f"the body must be text or bytes, got a {type(content).__qualname__}")
        return content.encode() if isinstance(content, str) else bytes(content)

    def _answer(self, data: bytes | str, content_type: str, accept: str) -> Any:
        transform: Callable[..., Any] | None = getattr(self.script, "transform_fn", None)
        if transform is not None:
            return _call(transform, self.model, data, content_type, accept)
        read = _call(self.script.input_fn, data, content_type)
        return _call(self.script.output_fn, _call(self.script.predict_fn, read, self.model), accept)

    def probabilities(self, images: NDArray[np.uint8]) -> tuple[list[str], NDArray[np.float64]]:
        """Scores images, uint8 [n, height, width, 3].

        Returns:
            The classes, and float64 [n, classes], each row summing to 1.

        Raises:
            ServingError: the answer is not what the contract asks for.
        """
        classes: list[str] = []
        parts = []
        at_once = max(1, _BYTES_PER_REQUEST // math.prod(images.shape[1:]))
        for start in range(0, len(images), at_once):
            chunk = images[start : start + at_once]
            buffer = io.BytesIO()
            np.save(buffer, chunk)
            classes, rows = _parse_answer(self.transform(buffer.getvalue(), IMAGES, JSON), len(chunk))
            parts.append(rows)
        return classes, np.concatenate(parts)


def _parse_answer(body: bytes, expected_rows: int) -> tuple[list[str], NDArray[np.float64]]:
    try:
        value = json.loads(body)
        classes = [str(name) for name in value["classes"]]
        rows = np.asarray(value["probabilities"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise ServingError(f'the answer must be {{"classes": [...], "probabilities": [[...]]}}: {error}') from error
    if rows.shape != (expected_rows, len(classes)):
        raise ServingError(f"probabilities: must have shape ({expected_rows}, {len(classes)}), got {rows.shape}")
    if not np.isfinite(rows).all() or np.abs(rows.sum(axis=1) - 1).max() > 1e-3:
        raise ServingError("probabilities: every row must be finite and sum to 1")
    return classes, rows


def load_model(model_dir: Path, script_path: Path | None = None) -> ServedModel:
    """Loads a model through its script's `model_fn`.

    Args:
        model_dir: the unpacked model.tar.gz.
        script_path: the script; by default the copy that the adapter keeps in the model (`code/inference.py`).

    Raises:
        ServingError: the script breaks the contract, or `model_fn` raised or answered None.
    """
    script = load_script(script_path or model_dir / SCRIPT_IN_MODEL)
    problems = serving_problems([name for name, value in vars(script).items() if callable(value)])
    if problems:
        raise ServingError("; ".join(problems))
    try:
        model = _call(script.model_fn, str(model_dir))
    except Exception as error:
        raise ServingError(f"model_fn failed: {explained(error)}") from error
    if model is None:
        raise ServingError("model_fn returned None instead of the model")
    return ServedModel(script, model)


def unpack_model(archive: Path, folder: Path) -> Path:
    """Unpacks model.tar.gz; refuses members that would land outside `folder`.

    Raises:
        ServingError: the archive is missing, damaged or unsafe.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ServingError(f"{archive} cannot be unpacked: {error}") from error
    return folder


def fetch_model(uri: str, folder: Path) -> Path:
    """Downloads `s3://.../model.tar.gz` and unpacks it into `folder`; a plain path is taken from disk.

    Raises:
        ServingError: the archive is damaged or unsafe.
        botocore.exceptions.ClientError: S3 refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not uri.startswith("s3://"):
        return unpack_model(Path(uri), folder)
    import boto3

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    archive = folder.parent / f"{folder.name}.tar.gz"
    boto3.client("s3").download_file(bucket, key, str(archive))
    try:
        return unpack_model(archive, folder)
    finally:
        archive.unlink()
