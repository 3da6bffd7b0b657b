"""The job, as the environment of the training toolkit describes it.

The variables: aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaizen_training.champion import CHAMPION_CHANNEL, CHAMPION_URI, champion_in

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
# Hyperparameters that are for the adapter, not for the script.
SCRIPT = "script"
ENTRY_STYLE = "entry_style"
HYPERPARAMETER_TYPES = "hyperparameter_types"
ENTRY_STYLES = ("function", "program")
# decoded: as today's toolkit hands them over, every value read as JSON. text: dict[str, str], the contract of the
# MXNet container 1.x, whose scripts call int() and float() themselves.
TYPES = ("decoded", "text")


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
        hyperparameter_texts: the hyperparameters as text, as CreateTrainingJob had them.
        hyperparameter_types: one of `TYPES`, or None: the script says (`HYPERPARAMETER_TYPES`), else decoded.
        entry_style: one of `ENTRY_STYLES`, or None: told from the script.
    """

    arguments: dict[str, Any]
    script: str
    model_dir: Path
    failure_file: Path
    hyperparameter_texts: dict[str, str] = field(default_factory=dict)
    hyperparameter_types: str | None = None
    entry_style: str | None = None

    @property
    def is_primary(self) -> bool:
        """Whether this host saves the model: the first in the sorted list of hosts."""
        return bool(self.arguments["current_host"] == sorted(self.arguments["hosts"])[0])

    def arguments_as(self, types: str) -> dict[str, Any]:
        """The eight values with hyperparameters of the given `TYPES`."""
        if types == "text":
            return {**self.arguments, "hyperparameters": dict(self.hyperparameter_texts)}
        return dict(self.arguments)


def _base_of(environment: Mapping[str, str]) -> str:
    return environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")


def model_dir_of(environment: Mapping[str, str]) -> Path:
    """Where the model goes: SM_MODEL_DIR, else SAGEMAKER_BASE_DIR/model, else /opt/ml/model."""
    return Path(environment.get("SM_MODEL_DIR", f"{_base_of(environment)}/model"))


def failure_file_of(environment: Mapping[str, str]) -> Path:
    """Where the failure reason goes: SM_OUTPUT_DIR, else SAGEMAKER_BASE_DIR/output, else /opt/ml/output."""
    return Path(environment.get("SM_OUTPUT_DIR", f"{_base_of(environment)}/output")) / "failure"


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


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _original_texts(environment: Mapping[str, str]) -> dict[str, Any]:
    """The texts of hyperparameters.json, where it lies: SM_HPS has lost how a number was written (`0.10`, `1e-3`)."""
    folder = environment.get("SM_INPUT_CONFIG_DIR", f"{_base_of(environment)}/input/config")
    try:
        texts = json.loads(Path(folder, "hyperparameters.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return texts if isinstance(texts, dict) else {}


def _texts_of(hyperparameters: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    originals = _original_texts(environment)
    # The SageMaker Python SDK quotes strings ("\"adam\""): text is what a script would call text, without the quotes.
    return {
        name: _as_text(value) if isinstance(value, str) else _as_text(originals.get(name, value))
        for name, value in hyperparameters.items()
    }


def _choice(hyperparameters: dict[str, Any], name: str, allowed: tuple[str, ...], problems: list[str]) -> str | None:
    value = hyperparameters.pop(name, None)
    if value is None or value in allowed:
        return value
    problems.append(f"SM_HPS: the hyperparameter '{name}' must be one of {', '.join(allowed)}, got {value!r}")
    return None


def read_job(environment: Mapping[str, str]) -> TrainingJob:
    """Builds the job from the `SM_*` environment.

    Raises:
        AdapterError: with every variable that is missing or malformed.
    """
    problems: list[str] = []
    hyperparameters = {
        name: value
        for name, value in _decoded(environment, "SM_HPS", dict, problems).items()
        if not name.startswith("sagemaker_")
    }
    script = hyperparameters.pop(SCRIPT, None)
    if not isinstance(script, str) or not script:
        problems.append("SM_HPS: the hyperparameter 'script' must name the training script")
    entry_style = _choice(hyperparameters, ENTRY_STYLE, ENTRY_STYLES, problems)
    types = _choice(hyperparameters, HYPERPARAMETER_TYPES, TYPES, problems)
    hosts = _decoded(environment, "SM_HOSTS", list, problems)
    arguments = {
        "hyperparameters": hyperparameters,
        "input_data_config": _decoded(environment, "SM_INPUT_DATA_CONFIG", dict, problems),
        "channel_input_dirs": _channels(environment, problems),
        "output_data_dir": environment.get("SM_OUTPUT_DATA_DIR", f"{_base_of(environment)}/output/data"),
        "num_gpus": _decoded(environment, "SM_NUM_GPUS", int, problems),
        "num_cpus": _decoded(environment, "SM_NUM_CPUS", int, problems),
        "hosts": hosts,
        "current_host": environment.get("SM_CURRENT_HOST", ""),
    }
    if CHAMPION_CHANNEL in arguments["channel_input_dirs"]:
        try:
            hyperparameters[CHAMPION_URI] = champion_in(Path(arguments["channel_input_dirs"][CHAMPION_CHANNEL]))
        except ValueError as error:
            problems.append(str(error))
    if arguments["current_host"] not in hosts:
        problems.append(f"SM_CURRENT_HOST: must be one of SM_HOSTS, got '{arguments['current_host']}'")
    if problems:
        raise AdapterError("the job's environment is incomplete: " + "; ".join(problems))
    return TrainingJob(
        arguments=arguments,
        script=str(script),
        model_dir=model_dir_of(environment),
        failure_file=failure_file_of(environment),
        hyperparameter_texts=_texts_of(hyperparameters, environment),
        hyperparameter_types=types,
        entry_style=entry_style,
    )
