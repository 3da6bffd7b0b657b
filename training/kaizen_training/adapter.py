"""The training half of the contract: runs a user's script in a SageMaker training job.

The script defines `train()` with any of eight arguments (`hyperparameters`, `input_data_config`,
`channel_input_dirs`, `output_data_dir`, `num_gpus`, `num_cpus`, `hosts`, `current_host`), or `**kwargs` for all of
them. It returns the trained network, which `save(model, model_dir)` of the script, or the default of its framework,
writes. The arguments come from the `SM_*` environment of the SageMaker training toolkit
(aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md).
"""

from __future__ import annotations

import inspect
import json
import os
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from kaizen_training.serving import SCRIPT_IN_MODEL, ServingError, load_script, serving_problems

ARGUMENTS = (
    "hyperparameters",
    "input_data_config",
    "channel_input_dirs",
    "output_data_dir",
    "num_gpus",
    "num_cpus",
    "hosts",
    "current_host",
)
# Failure reasons longer than this are cut by SageMaker (FailureReason of DescribeTrainingJob).
LONGEST_FAILURE = 1024


class AdapterError(Exception):
    """The script or the job's environment breaks the contract."""


@dataclass(frozen=True)
class TrainingJob:
    """What the environment says about the job.

    Attributes:
        arguments: the eight values, keyed by `ARGUMENTS`.
        script: path of the user's script, relative to the source folder, from the hyperparameter `script`.
        model_dir: what is in it when the job ends becomes model.tar.gz.
        failure_file: its text becomes the job's FailureReason.
    """

    arguments: dict[str, Any]
    script: str
    model_dir: Path
    failure_file: Path

    @property
    def is_primary(self) -> bool:
        """Whether this host saves the model: the first in the sorted list of hosts."""
        return bool(self.arguments["current_host"] == sorted(self.arguments["hosts"])[0])


def failure_file_of(environment: Mapping[str, str]) -> Path:
    """Where the failure reason goes: SM_OUTPUT_DIR, else SAGEMAKER_BASE_DIR/output, else /opt/ml/output."""
    base = environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    return Path(environment.get("SM_OUTPUT_DIR", f"{base}/output")) / "failure"


def _decoded(environment: Mapping[str, str], name: str, kind: type, problems: list[str]) -> Any:
    text = environment.get(name)
    if text is None:
        problems.append(f"{name}: must be set")
        return kind()
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        problems.append(f"{name}: must be JSON ({error}), got {text[:80]}")
        return kind()
    if not isinstance(value, kind):
        problems.append(f"{name}: must be a JSON {kind.__name__}, got {text[:80]}")
        return kind()
    return value


def _channels(environment: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    channels: dict[str, str] = {}
    for name in _decoded(environment, "SM_CHANNELS", list, problems):
        variable = f"SM_CHANNEL_{str(name).upper()}"
        if variable in environment:
            channels[name] = environment[variable]
        else:
            problems.append(f"{variable}: must be set, because SM_CHANNELS names '{name}'")
    return channels


def read_job(environment: Mapping[str, str]) -> TrainingJob:
    """Builds the job from the `SM_*` environment.

    Raises:
        AdapterError: with every variable that is missing or malformed.
    """
    problems: list[str] = []
    base = environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    hyperparameters = {
        name: value
        for name, value in _decoded(environment, "SM_HPS", dict, problems).items()
        if not name.startswith("sagemaker_")
    }
    script = hyperparameters.pop("script", None)
    if not isinstance(script, str) or not script:
        problems.append("SM_HPS: the hyperparameter 'script' must name the training script")
    hosts = _decoded(environment, "SM_HOSTS", list, problems)
    arguments = {
        "hyperparameters": hyperparameters,
        "input_data_config": _decoded(environment, "SM_INPUT_DATA_CONFIG", dict, problems),
        "channel_input_dirs": _channels(environment, problems),
        "output_data_dir": environment.get("SM_OUTPUT_DATA_DIR", f"{base}/output/data"),
        "num_gpus": _decoded(environment, "SM_NUM_GPUS", int, problems),
        "num_cpus": _decoded(environment, "SM_NUM_CPUS", int, problems),
        "hosts": hosts,
        "current_host": environment.get("SM_CURRENT_HOST", ""),
    }
    if arguments["current_host"] not in hosts:
        problems.append(f"SM_CURRENT_HOST: must be one of SM_HOSTS, got '{arguments['current_host']}'")
    if problems:
        raise AdapterError("the job's environment is incomplete: " + "; ".join(problems))
    model_dir = Path(environment.get("SM_MODEL_DIR", f"{base}/model"))
    return TrainingJob(arguments, str(script), model_dir, failure_file_of(environment))


def declared_arguments(train: Any, available: Mapping[str, Any]) -> dict[str, Any]:
    """Picks what `train` declares; everything when it takes `**kwargs`.

    Raises:
        AdapterError: `train` needs an argument that does not exist, or one that cannot be given by name.
    """
    chosen: dict[str, Any] = {}
    problems = []
    for parameter in inspect.signature(train).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            return {**available}
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            problems.append(f"'{parameter.name}' cannot be given by name")
        elif parameter.name in available:
            chosen[parameter.name] = available[parameter.name]
        elif parameter.default is parameter.empty:
            problems.append(f"'{parameter.name}' is not one of {', '.join(ARGUMENTS)}")
    if problems:
        raise AdapterError("train() has a wrong signature: " + "; ".join(problems))
    return chosen


def default_save(model: Any, model_dir: Path) -> None:
    """Saves a PyTorch module's weights as `model.pt`.

    Raises:
        AdapterError: the framework has no default; the script must define `save`.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise AdapterError(
            f"train() returned a {type(model).__module__}.{type(model).__qualname__}, which has no default way to be "
            "saved: the script must define save(model, model_dir)"
        )
    torch.save(model.state_dict(), model_dir / "model.pt")


def _load_user_script(job: TrainingJob, source_dir: Path) -> ModuleType:
    path = source_dir / job.script
    if not path.resolve().is_relative_to(source_dir.resolve()):
        raise AdapterError(f"script: must lie inside the source folder, got {job.script}")
    try:
        script = load_script(path)
    except ServingError as error:
        raise AdapterError(str(error)) from error
    if not callable(getattr(script, "train", None)):
        raise AdapterError(f"{job.script} must define train()")
    # Found now rather than by the Evaluate step, after the training was paid for.
    problems = serving_problems(script)
    if problems:
        raise AdapterError(f"{job.script}: " + "; ".join(problems))
    return script


def _call_train(job: TrainingJob, script: ModuleType) -> Any:
    arguments = declared_arguments(script.train, job.arguments)
    try:
        return script.train(**arguments)
    except SystemExit as error:
        raise AdapterError(f"train() ended the process with exit status {error.code} instead of returning") from error
    except Exception as error:
        raise AdapterError(f"train() raised {type(error).__name__}: {error}") from error


def run_job(job: TrainingJob, source_dir: Path) -> None:
    """Trains and saves. On a host that is not the primary one, only trains.

    Raises:
        AdapterError: with the reason in one sentence.
    """
    script = _load_user_script(job, source_dir)
    model = _call_train(job, script)
    if not job.is_primary:
        return
    if model is None:
        raise AdapterError(f"train() of {job.script} returned None instead of the trained network")
    job.model_dir.mkdir(parents=True, exist_ok=True)
    save = getattr(script, "save", None)
    try:
        if callable(save):
            save(model, str(job.model_dir))
        else:
            default_save(model, job.model_dir)
    except AdapterError:
        raise
    except Exception as error:
        raise AdapterError(f"save() raised {type(error).__name__}: {error}") from error
    if not any(path.is_file() for path in job.model_dir.rglob("*")):
        raise AdapterError(f"the script ended without an error, but no model lies in {job.model_dir}")
    # The model carries the code that reads it, so that a later champion comparison does not depend on this tree.
    kept = job.model_dir / SCRIPT_IN_MODEL
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source_dir / job.script, kept)


def write_failure(path: Path, reason: str) -> None:
    """Writes the failure file, cut to what SageMaker keeps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reason[:LONGEST_FAILURE], encoding="utf-8")


def main(environment: Mapping[str, str] | None = None, source_dir: Path | None = None) -> int:
    """Runs the job of the environment.

    Returns:
        0, or 1 with the reason in the failure file and the traceback on stderr.
    """
    environment = os.environ if environment is None else environment
    source_dir = Path(__file__).resolve().parent.parent if source_dir is None else source_dir
    try:
        run_job(read_job(environment), source_dir)
    except Exception as error:
        traceback.print_exc()
        write_failure(failure_file_of(environment), f"{type(error).__name__}: {error}")
        return 1
    return 0
