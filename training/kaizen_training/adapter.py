"""The training half of the contract: runs a user's script in a SageMaker training job.

The script is one of two (`entry_style.py`):

- a module that defines `train()` with any of eight arguments (`hyperparameters`, `input_data_config`,
  `channel_input_dirs`, `output_data_dir`, `num_gpus`, `num_cpus`, `hosts`, `current_host`), or `**kwargs` for all of
  them. It returns the trained network, which `save(model, model_dir)` of the script, or the default of its framework,
  writes;
- a program with `if __name__ == "__main__":`, which gets the hyperparameters as arguments, everything else from the
  `SM_*` environment, and writes its model into SM_MODEL_DIR.

Either way the same file holds the serving functions (`serving.py`), and travels with the model.
"""

from __future__ import annotations

import inspect
import os
import shutil
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from kaizen_training.entry_style import entry_style_of, outline_of
from kaizen_training.failure import discard_model, explained, write_failure
from kaizen_training.forward import forward_form
from kaizen_training.frameworks import default_save, require_finite
from kaizen_training.plain_script import run_plain_script
from kaizen_training.serving import SCRIPT_IN_MODEL, ServingError, keep_script, load_script, serving_problems
from kaizen_training.training_job import (
    ARGUMENTS,
    HYPERPARAMETER_TYPES,
    TYPES,
    AdapterError,
    TrainingJob,
    failure_file_of,
    model_dir_of,
    read_job,
)

__all__ = ["ARGUMENTS", "AdapterError", "TrainingJob", "declared_arguments", "main", "read_job", "run_job"]


def declared_arguments(train: Any, available: Mapping[str, Any]) -> dict[str, Any]:
    """Picks what `train` declares; everything when it takes `**kwargs`.

    Raises:
        AdapterError: `train` needs an argument that does not exist, or one that cannot be given by name.
    """
    chosen: dict[str, Any] = {}
    takes_all = False
    problems = []
    for parameter in inspect.signature(train).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_all = True
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            problems.append(f"'{parameter.name}' cannot be given by name")
        elif parameter.name in available:
            chosen[parameter.name] = available[parameter.name]
        elif parameter.default is parameter.empty:
            problems.append(f"'{parameter.name}' is not one of {', '.join(ARGUMENTS)}")
    if problems:
        raise AdapterError("train() has a wrong signature: " + "; ".join(problems))
    return {**available} if takes_all else chosen


def _script_path(job: TrainingJob, source_dir: Path) -> Path:
    path = source_dir / job.script
    if not path.resolve().is_relative_to(source_dir.resolve()):
        raise AdapterError(f"script: must lie inside the source folder, got {job.script}")
    return path


def _hyperparameter_types(job: TrainingJob, script: ModuleType) -> str:
    """The hyperparameter decides, then the script's own HYPERPARAMETER_TYPES, then today's contract."""
    types = job.hyperparameter_types or getattr(script, HYPERPARAMETER_TYPES.upper(), TYPES[0])
    if types not in TYPES:
        raise AdapterError(f"{job.script}: HYPERPARAMETER_TYPES must be one of {', '.join(TYPES)}, got {types!r}")
    return str(types)


def _call_train(job: TrainingJob, script: ModuleType) -> Any:
    arguments = declared_arguments(script.train, job.arguments_as(_hyperparameter_types(job, script)))
    try:
        return script.train(**arguments)
    except SystemExit as error:
        raise AdapterError(f"train() ended the process with exit status {error.code} instead of returning") from error
    except Exception as error:
        raise AdapterError(f"train() raised {explained(error)}") from error


def _save(job: TrainingJob, script: ModuleType, model: Any) -> None:
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
        raise AdapterError(f"save() raised {explained(error)}") from error


def _load(path: Path) -> ModuleType:
    """The script, with what can be known to be wrong before the training is paid for."""
    try:
        script = load_script(path)
        forward_form(script)
    except (ServingError, ValueError) as error:
        raise AdapterError(str(error)) from error
    return script


def _run_function(job: TrainingJob, path: Path, begin: Callable[[str], None]) -> None:
    script = _load(path)
    if not callable(getattr(script, "train", None)):
        raise AdapterError(f"{job.script}: train must be a function, it is a {type(script.train).__qualname__}")
    model = _call_train(job, script)
    if not job.is_primary:
        return
    if model is None:
        raise AdapterError(f"train() of {job.script} returned None instead of the trained network")
    require_finite(model)
    begin("save")
    _save(job, script, model)


def run_job(
    job: TrainingJob,
    source_dir: Path,
    environment: Mapping[str, str],
    begin: Callable[[str], None] = lambda _step: None,
) -> None:
    """Trains and saves. On a host that is not the primary one, only trains.

    Args:
        job: what the environment says.
        source_dir: where the script is.
        environment: for a program.
        begin: is told when `train` begins, and `save`.

    Raises:
        AdapterError: with the reason in one sentence.
    """
    path = _script_path(job, source_dir)
    outline = outline_of(path)
    style = entry_style_of(outline, job.script, job.entry_style)
    # Found now rather than by the Evaluate step, after the training was paid for.
    problems = serving_problems(outline.names)
    if problems:
        raise AdapterError(f"{job.script}: " + "; ".join(problems))
    begin("train")
    if style == "program":
        run_plain_script(job, source_dir, environment)
    else:
        _run_function(job, path, begin)
    if not job.is_primary:
        # What a program of another host wrote: SageMaker puts the folders of all hosts into one archive.
        discard_model(job.model_dir)
        return
    begin("save")
    if not any(entry.is_file() for entry in job.model_dir.rglob("*")):
        raise AdapterError(f"the script ended without an error, but no model lies in {job.model_dir}")
    try:
        keep_script(path, job.model_dir / SCRIPT_IN_MODEL.parent)
    except (OSError, shutil.Error) as error:
        raise AdapterError(f"the script cannot be kept with the model: {explained(error)}") from error


def main(environment: Mapping[str, str] | None = None, source_dir: Path | None = None) -> int:
    """Runs the job of the environment.

    Returns:
        0; or 1 with the reason in the failure file, the traceback on stderr, and the model folder empty.
    """
    environment = os.environ if environment is None else environment
    source_dir = Path(__file__).resolve().parent.parent if source_dir is None else source_dir
    try:
        run_job(read_job(environment), source_dir, environment)
    except Exception as error:
        traceback.print_exc()
        # The model first: on a full disk its room is what the reason needs.
        discard_model(model_dir_of(environment))
        reason = f"AdapterError: {error}" if isinstance(error, AdapterError) else explained(error)
        write_failure(failure_file_of(environment), reason)
        return 1
    return 0
