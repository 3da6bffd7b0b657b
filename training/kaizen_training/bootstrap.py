"""Installs what a SageMaker image lacks, inside that image and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
# Import names of the packages in requirements.txt.
MODULES = ("jinja2", "jsonschema", "onnx", "onnxruntime", "onnxscript", "scipy", "sklearn")
# Modules that are of use only beside another one: torch.onnx writes with onnxscript, MXNet has an exporter of its own.
ONLY_BESIDE = {"onnxscript": "torch"}
# Files that only a real Processing or Training container has. The local SageMaker lays jobs out under a private
# directory, so it never has them at these absolute paths.
CONTAINER_MARKS = (Path("/opt/ml/config/processingjobconfig.json"), Path("/opt/ml/input/config/resourceconfig.json"))


def missing_modules() -> list[str]:
    """Modules of requirements.txt that cannot be imported."""
    wanted = [name for name in MODULES if name not in ONLY_BESIDE or find_spec(ONLY_BESIDE[name]) is not None]
    return [name for name in wanted if find_spec(name) is None]


def is_sagemaker_container() -> bool:
    """Whether this process runs in a real SageMaker container."""
    return any(mark.exists() for mark in CONTAINER_MARKS)


def _pip_install() -> None:
    subprocess.run(  # noqa: S603 - fixed command, our own file
        [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-r", str(REQUIREMENTS)], check=True
    )


def ensure_requirements(
    missing: Callable[[], list[str]] = missing_modules,
    in_container: Callable[[], bool] = is_sagemaker_container,
    install: Callable[[], None] = _pip_install,
) -> None:
    """Makes the modules of requirements.txt importable.

    Raises:
        RuntimeError: modules are missing outside a SageMaker container, where nothing is installed behind your back.
        subprocess.CalledProcessError: pip failed.
    """
    absent = missing()
    if not absent:
        return
    if not in_container():
        raise RuntimeError(f"the Python modules {', '.join(absent)} are missing: install training/requirements.lock")
    install()


def main() -> int:
    """Runs as `python -m kaizen_training.bootstrap`."""
    ensure_requirements()
    return 0


if __name__ == "__main__":
    sys.exit(main())
