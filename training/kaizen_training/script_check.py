"""Holds a training script to the contract here, on a few images, as the pipeline would.

`python -m kaizen_training.script_check my.py [--images FOLDER] [--hyperparameter name=value]` trains one epoch, saves,
serves and exports through the adapter, the serving functions and the export of the pipeline, in a folder of its own
that goes away afterwards. Its answer, the contract script-check, is all that it writes to stdout; what the script
prints goes to stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.plain_script import command_line
from kaizen_training.sample_dataset import folder_images, rendered_images, write_prepared
from kaizen_training.script_steps import NOT_NEEDED, OK, take_steps
from kaizen_training.script_trial import Trial, sentence_of, surroundings

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
# What the pipeline gives every script (lib/training/pipeline-parameters.ts), with the values of config/local.ts; one
# epoch, because whether it learns is not what is asked here.
BUILT_IN: dict[str, Any] = {
    "champion_uri": "none",
    "epochs": 1,
    "learning_rate": 0.1,
    "seed": 7,
    "width_multiplier": 0.35,
}
# As shells tell it: 128 + SIGINT.
_INTERRUPTED = 130
_CHANNELS = ("train", "validation")


class InputError(ValueError):
    """What was asked for cannot be checked; every problem is in the message."""


def parsed_hyperparameters(given: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """`name=value`, several times: as the training toolkit decodes them, and as text.

    Raises:
        InputError: with every one that is no `name=value`, or belongs to SageMaker or the pipeline.
    """
    decoded, texts, problems = dict(BUILT_IN), {name: str(value) for name, value in BUILT_IN.items()}, []
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name.isidentifier() or not text:
            problems.append(f"--hyperparameter: must be <name>=<value>, got '{one}'")
        elif name == "script" or name.startswith("sagemaker_"):
            problems.append(f"--hyperparameter: {name} is given by the pipeline, got '{one}'")
        else:
            texts[name] = text
            try:
                decoded[name] = json.loads(text)
            except ValueError:
                decoded[name] = text
    if problems:
        raise InputError("; ".join(problems))
    return decoded, texts


def job_variables(
    base: Path, prepared: Path, script: str, decoded: Mapping[str, Any], texts: Mapping[str, str]
) -> dict[str, str]:
    """The variables of a job on one host, below `base`, as the training toolkit sets them."""
    (base / "input/config").mkdir(parents=True)
    (base / "input/config/hyperparameters.json").write_text(json.dumps(texts), encoding="utf-8")
    return {
        "SAGEMAKER_BASE_DIR": str(base),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_OUTPUT_DIR": str(base / "output"),
        "SM_OUTPUT_DATA_DIR": str(base / "output/data"),
        "SM_INPUT_DIR": str(base / "input"),
        "SM_INPUT_CONFIG_DIR": str(base / "input/config"),
        "SM_INPUT_DATA_CONFIG": json.dumps({name: {"TrainingInputMode": "File"} for name in _CHANNELS}),
        "SM_CHANNELS": json.dumps(_CHANNELS),
        **{f"SM_CHANNEL_{name.upper()}": str(prepared) for name in _CHANNELS},
        "SM_HPS": json.dumps({"script": script, **decoded}),
        **{f"SM_HP_{name.upper()}": str(value) for name, value in decoded.items()},
        "SM_USER_ARGS": json.dumps(command_line(decoded)),
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1",
    }


def _source_beside(script: Path, folder: Path) -> Path:
    """The script's folder once more: Python files are copied, so that nothing is compiled beside the script.

    Whatever else lies there can be read through links.
    """
    folder.mkdir(parents=True)
    for path in script.parent.iterdir():
        if path.suffix == ".py" and path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
        else:
            (folder / path.name).symlink_to(path)
    return folder


def check_script(script: Path, images: Path | None = None, hyperparameters: list[str] | None = None) -> dict[str, Any]:
    """Checks a script; nothing is left behind.

    Args:
        script: the file. Python files beside it can be imported, as in the pipeline.
        images: a folder with a folder for each class; rendered images when None.
        hyperparameters: `name=value`, beside or instead of `BUILT_IN`.

    Returns:
        The contract script-check.

    Raises:
        InputError: no such script, images or hyperparameters; with every problem.
    """
    problems = []
    decoded: dict[str, Any] = {}
    texts: dict[str, str] = {}
    contents: dict[str, list[bytes]] = {}
    script = script.resolve()
    if script.suffix != ".py" or not script.is_file():
        problems.append(f"script: must be a Python file that exists, got {script}")
    try:
        decoded, texts = parsed_hyperparameters(hyperparameters or [])
    except InputError as error:
        problems.append(str(error))
    try:
        contents = rendered_images() if images is None else folder_images(images)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise InputError("; ".join(problems))
    with tempfile.TemporaryDirectory(prefix="kaizen-script-") as folder:
        work = Path(folder)
        prepared, description = write_prepared(contents, work)
        trial = Trial(
            work=work,
            source=_source_beside(script, work / "source"),
            script=script.name,
            prepared=prepared,
            classes=description.classes,
            variables={
                **job_variables(work / "job", prepared, script.name, decoded, texts),
                "PYTHONPATH": os.pathsep.join([str(PACKAGE_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        with surroundings(work, {}):
            findings = take_steps(trial.actions(), sentence_of, decoded)
    return {
        "schemaVersion": 1,
        "script": str(script),
        "passed": all(finding.outcome in (OK, NOT_NEEDED) for finding in findings),
        "images": sum(len(of_class) for of_class in contents.values()),
        "imagesFrom": "rendered" if images is None else str(images),
        "classes": description.classes,
        "hyperparameters": decoded,
        "steps": [finding.to_json() for finding in findings],
    }


@contextlib.contextmanager
def _stdout_for_the_answer() -> Iterator[int]:
    """Sends whatever is written to stdout, by whichever process or library, to stderr; yields the true one."""
    sys.stdout.flush()
    answer = os.dup(1)
    os.dup2(2, 1)
    try:
        yield answer
    finally:
        sys.stdout.flush()
        os.dup2(answer, 1)
        os.close(answer)


def _end(_number: int, _frame: FrameType | None) -> None:
    # As an exception, so that the folder is removed.
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 when the script keeps the contract, 1 when not, 2 when it cannot be told, 130 when the check was ended.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("--images", type=Path, help="folder with a folder for each class (default: rendered ones)")
    parser.add_argument("--hyperparameter", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    with _stdout_for_the_answer() as answer:
        try:
            ensure_requirements()
            from kaizen_training.contracts import check_contract

            report = check_script(options.script, options.images, options.hyperparameter)
            check_contract("script-check", report, "the report")
        except InputError as error:
            os.write(answer, f"{error}\n".encode())
            return 2
        except KeyboardInterrupt:
            return _INTERRUPTED
        os.write(answer, (json.dumps(report) + "\n").encode())
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
