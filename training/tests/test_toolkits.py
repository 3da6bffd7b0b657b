"""The contract under AWS's own packages: `train` of sagemaker-training, the handler of sagemaker-inference."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kaizen_training.plain_script import command_line
from kaizen_training.serving import load_model
from tests.conftest import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS
from tests.small_onnx import write_small_onnx
from tests.test_plain_script import PROGRAM
from tests.test_serving import TRANSFORM, TRIPLE

INSTALL = "run `npm run setup`: it installs training/requirements-toolkits.lock"


def toolkit(name: str) -> Any:
    assert importlib.util.find_spec(name.split(".")[0]), f"{name} is not installed: {INSTALL}"
    return importlib.import_module(name)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def train_under_the_toolkit(base: Path, channels: dict[str, Path], **hyperparameters: object) -> tuple[int, str]:
    """Lays out /opt/ml in `base` and runs the console entry point; returns its status and the failure file's text.

    The code folder is the real one, beside what `base / "code"` already has; without `requirements.txt`, which the
    toolkit would install from the network. What it installs goes to `base / "site"`, and not to this environment.
    """
    code = base / "code"
    shutil.copytree(SOURCE_DIR / "kaizen_training", code / "kaizen_training", ignore=shutil.ignore_patterns("__py*"))
    shutil.copytree(SOURCE_DIR / "scripts", code / "scripts", dirs_exist_ok=True)
    shutil.copytree(SOURCE_DIR.parent / "contracts", code / "contracts")
    (code / "program.py").write_text(PROGRAM)
    config = base / "input/config"
    texts = {name: json.dumps(value) for name, value in hyperparameters.items()}
    write_json(config / "hyperparameters.json", {"sagemaker_program": '"kaizen_training/entry_point.py"', **texts})
    write_json(config / "inputdataconfig.json", {name: {"TrainingInputMode": "File"} for name in channels})
    # Alone, the host is called localhost here: the toolkit waits until every host's name resolves.
    write_json(config / "resourceconfig.json", {"current_host": "localhost", "hosts": ["localhost"]})
    (base / "input/data").mkdir(parents=True)
    (base / "output").mkdir()
    for name, folder in channels.items():
        (base / "input/data" / name).symlink_to(folder)
    extra = base / "site"
    extra.mkdir(exist_ok=True)
    if importlib.util.find_spec("gethostname") is None:
        # The toolkit's C extension, which `npm run setup` leaves out: MPI jobs alone load it, but all import it.
        (extra / "gethostname.py").touch()
    entry_point = Path(sys.executable).parent / "train"
    assert entry_point.exists(), f"sagemaker-training is not installed: {INSTALL}"
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": str(extra), "PIP_TARGET": str(extra)}
    status = subprocess.run([str(entry_point)], env=environment, check=False, timeout=PATIENCE_SECONDS).returncode
    failure = base / "output/failure"
    return status, failure.read_text() if failure.exists() else ""


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that serves a model folder by the real handler service: (model folder) -> request function."""
    toolkit("sagemaker_inference.default_handler_service")

    def serve(model_dir: Path) -> Any:
        monkeypatch.syspath_prepend(str(model_dir / "code"))
        sys.modules.pop("inference", None)
        from sagemaker_inference.default_handler_service import DefaultHandlerService

        answered: dict[str, Any] = {}

        def context(content_type: str, accept: str) -> Any:
            headers = {"Content-Type": content_type, "Accept": accept}
            return SimpleNamespace(
                system_properties={"model_dir": str(model_dir)},
                request_processor=[SimpleNamespace(get_request_properties=lambda: headers)],
                set_response_content_type=lambda _index, value: answered.update(type=value),
                set_response_status=lambda code, phrase: answered.update(code=code, phrase=phrase),
            )

        service = DefaultHandlerService()
        service.initialize(context("", ""))

        def request(body: bytes, content_type: str, accept: str) -> tuple[Any, dict[str, Any]]:
            answered.clear()
            return service.handle([{"body": body}], context(content_type, accept))[0], dict(answered)

        return request

    yield serve
    sys.modules.pop("inference", None)


def images_body(count: int) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8))
    return buffer.getvalue()


def test_s1_s3_a_module_trains_under_sagemaker_training_and_serves_under_sagemaker_inference(
    tmp_path: Path, tiny_prepared: Path, handler: Any
) -> None:
    """[S1] [S2] [S3] [S16] Unmodified: the toolkit starts our entry point, the handler loads what it has left."""
    (tmp_path / "ready").mkdir()
    write_small_onnx(tmp_path / "ready/ready.onnx", 4)
    channels = {"train": tiny_prepared, "validation": tiny_prepared, "model": tmp_path / "ready"}
    base = tmp_path / "opt-ml"
    outcome = train_under_the_toolkit(base, channels, script="scripts/onnx/register_ready_model.py")
    assert outcome == (0, "")
    assert (base / "output/success").exists()

    body = images_body(3)
    answer, answered = handler(base / "model")(body, "application/x-npy", "application/json")
    assert answered == {"type": "application/json"}
    assert load_model(base / "model").transform(body, "application/x-npy", "application/json") == answer.encode()


def test_s1_a_plain_script_runs_under_sagemaker_training(tmp_path: Path, tiny_prepared: Path, handler: Any) -> None:
    """[S1] [S3] argparse and SM_*."""
    base = tmp_path / "opt-ml"
    outcome = train_under_the_toolkit(base, {"train": tiny_prepared}, script="program.py", epochs=2, optimizer="adam")
    assert outcome == (0, "")
    answer, answered = handler(base / "model")(b"", "application/x-npy", "application/json")
    expected = {"epochs": 2, "optimizer": "adam", "channel": str(base / "input/data/train")}
    assert (json.loads(answer), answered) == (expected, {"type": "application/json"})


def write_wheel(folder: Path, text: str) -> Path:
    """A wheel of `kaizen_probe` 1.0, a module that consists of `text`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "kaizen_probe-1.0-py3-none-any.whl"
    files = {
        "kaizen_probe.py": text,
        "kaizen_probe-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: kaizen-probe\nVersion: 1.0\n",
        "kaizen_probe-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "kaizen_probe-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("changed", [False, True], ids=["as locked", "changed"])
def test_c14_sagemaker_training_installs_hashed_requirements_and_refuses_other_bytes(
    tmp_path: Path, tiny_prepared: Path, changed: bool
) -> None:
    """[C14] requirements.txt of our form, with the wheels beside it: no index is asked."""
    code = tmp_path / "opt-ml/code"
    wheel = write_wheel(code / "wheels", "VALUE = 1")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (code / "requirements.txt").write_text(
        f"--require-hashes\n--no-index\n--find-links wheels\nkaizen-probe==1.0 \\\n    --hash=sha256:{digest}\n"
    )
    if changed:
        write_wheel(code / "wheels", "VALUE = 2")
    (code / "probing.py").write_text(f"import kaizen_probe\n\n{PROGRAM}")
    status, failure = train_under_the_toolkit(
        tmp_path / "opt-ml", {"train": tiny_prepared}, script="probing.py", epochs=1, optimizer="adam"
    )
    assert (tmp_path / "opt-ml/site/kaizen_probe.py").exists() != changed
    assert (status, failure) == (0, "") if not changed else status == 1 and "InstallRequirementsError" in failure


def test_s1_our_reason_is_the_jobs_failure_reason_under_sagemaker_training(tmp_path: Path, tiny_prepared: Path) -> None:
    """[S1] The toolkit leaves a failure file that is there already."""
    base = tmp_path / "opt-ml"
    status, failure = train_under_the_toolkit(base, {"train": tiny_prepared}, script="program.py", epochs="many")
    assert status == 1
    assert "argument --epochs: invalid int value: 'many'" in failure
    assert not (base / "output/success").exists()


@pytest.mark.parametrize("script", [TRANSFORM, TRIPLE], ids=["transform_fn", "three functions"])
def test_s3_both_forms_answer_alike_under_sagemaker_inference(tmp_path: Path, script: str, handler: Any) -> None:
    """[S3] transform_fn, or input_fn + predict_fn + output_fn; (body, content type), or body."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/inference.py").write_text(script)
    body = images_body(2)
    answer, answered = handler(tmp_path)(body, "application/x-npy", "application/json")
    assert answered == {"type": "application/json"}
    assert load_model(tmp_path).transform(body, "application/x-npy", "application/json") == answer.encode()


def test_s3_both_forms_at_once_are_refused_by_sagemaker_inference_too(tmp_path: Path, handler: Any) -> None:
    """[S3]"""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/inference.py").write_text(TRANSFORM + "def input_fn(a, b): pass\n")
    with pytest.raises(ValueError, match="Cannot use transform_fn implementation in conjunction"):
        handler(tmp_path)


def test_arguments_of_programs_are_those_of_the_toolkit() -> None:
    """[S1] mapping.py, `to_cmd_args`."""
    values = {"rate": 0.1, "b": 2, "flag": True, "none": None, "map": {"y": 2, "x": 1}, "list": [1, 2], "text": "a b"}
    assert command_line(values) == toolkit("sagemaker_training.mapping").to_cmd_args(values)
