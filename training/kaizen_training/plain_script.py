"""Runs a plain script: a program that takes hyperparameters as arguments and everything else from `SM_*`."""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any, cast

from kaizen_training.failure import cause_in, end_of
from kaizen_training.training_job import AdapterError, TrainingJob

# A traceback's last line is what counts; a few more for programs that print something after it.
_KEPT_LINES = 40
# What a program has written lies in the pipe when it ends: up to 64 KiB, which take some milliseconds.
_DRAIN_SECONDS = 2


def command_line(hyperparameters: Mapping[str, Any]) -> list[str]:
    """Arguments as the training toolkit makes them (mapping.py, `to_cmd_args`): `--name value`, `-n value`, sorted."""

    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
        return "" if value is None else str(value)

    return [
        part
        for name, value in sorted(hyperparameters.items())
        for part in (f"--{name}" if len(name) > 1 else f"-{name}", text(value))
    ]


def _environment_of(job: TrainingJob, environment: Mapping[str, str], source_dir: Path) -> dict[str, str]:
    hyperparameters = job.arguments["hyperparameters"]
    path = [str(source_dir), *filter(None, [environment.get("PYTHONPATH")])]
    return {
        **environment,
        # Without the adapter's own hyperparameters, which the program's argparse would refuse.
        "SM_HPS": json.dumps(hyperparameters),
        "SM_USER_ARGS": json.dumps(command_line(hyperparameters)),
        "SM_MODEL_DIR": str(job.model_dir),
        "SM_OUTPUT_DATA_DIR": str(job.arguments["output_data_dir"]),
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
    }


class _Echo:
    """Passes a stream on line by line and keeps its end.

    In a thread of its own: a process that the program has started and left (TensorBoard, a monitor) holds the pipe
    open, so that its end says nothing of the program's.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._kept: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._thread = threading.Thread(target=self._pass_on, args=(stream,), daemon=True)
        self._thread.start()

    def _pass_on(self, stream: IO[str]) -> None:
        for line in stream:
            sys.stderr.write(line)
            sys.stderr.flush()
            if line.strip():
                self._kept.append(line.strip())

    def said(self) -> str:
        """The last lines, of a program that has ended."""
        self._thread.join(_DRAIN_SECONDS)
        return "\n".join(list(self._kept))


def failure_sentence(script: str, status: int, said: str) -> str:
    """Why a program failed.

    Args:
        script: its name.
        status: as `subprocess` tells it: negative for a signal.
        said: the end of what it wrote to stderr.
    """
    last = said.splitlines()[-1] if said else ""
    parts = [f"{script} {end_of(status)}", cause_in(said), f"it said last: {last}" if last else None]
    return "; ".join(part for part in parts if part)


def run_plain_script(job: TrainingJob, source_dir: Path, environment: Mapping[str, str]) -> None:
    """Runs the program in the source folder and waits for it; SIGTERM is passed on, so that it can leave a checkpoint.

    Raises:
        AdapterError: it failed, with the last line that it wrote to stderr.
    """
    job.model_dir.mkdir(parents=True, exist_ok=True)
    Path(job.arguments["output_data_dir"]).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(source_dir / job.script), *command_line(job.arguments["hyperparameters"])]
    program = subprocess.Popen(  # noqa: S603 - the user's own program is what this is for
        command,
        cwd=source_dir,
        env=_environment_of(job, environment, source_dir),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    echo = _Echo(cast("IO[str]", program.stderr))

    def pass_on(number: int, _frame: FrameType | None) -> None:
        program.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        status = program.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
    said = echo.said()
    if status != 0:
        raise AdapterError(failure_sentence(job.script, status, said))
