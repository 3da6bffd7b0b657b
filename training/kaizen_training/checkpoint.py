"""Checkpoints that an interruption at any instant leaves whole, and stopping in time.

SageMaker keeps /opt/ml/checkpoints of a job with a CheckpointConfig in step with S3. It interrupts a job on spot
capacity by SIGTERM, ends it by SIGKILL at most 120 s later, and starts the same job again, with the folder's content,
when there is capacity (docs.aws.amazon.com/sagemaker, "Managed Spot Training in Amazon SageMaker AI").
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import torch

FILE_NAME = "training-state.pt"


class CheckpointError(ValueError):
    """The checkpoint in the job's folder cannot be gone on from."""


def checkpoint_folder(environment: Mapping[str, str]) -> Path | None:
    """`checkpoints` below SAGEMAKER_BASE_DIR, else below /opt/ml; None where neither exists: there is no job then."""
    base = Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    return base / "checkpoints" if base.is_dir() else None


def write_atomically(path: Path, content: Any) -> None:
    """Saves with `torch.save` so that at any instant `path` is the earlier file or the whole new one.

    Written beside it, synced, renamed, and the folder synced: a name that is there has its bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # It may be copied to S3 as it is: nobody reads it, and the next write begins it anew.
    unfinished = path.with_name(f".{path.name}.partial")
    with unfinished.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Checkpoints:
    """The state of one training on disk.

    Args:
        folder: where it lies; None: nothing is kept.
        identity: what the result depends on: hyperparameters, dataset, classes. A state of another identity is
            refused and not overwritten: it is some other training's work, and going on from it would give a model
            that no set of hyperparameters gives.
    """

    def __init__(self, folder: Path | None, identity: Mapping[str, Any]) -> None:
        self.path = None if folder is None else folder / FILE_NAME
        self.identity = dict(identity)

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None when there is nothing.

        Raises:
            CheckpointError: it is of another training, with each difference, or cannot be read.
        """
        if self.path is None or not self.path.is_file():
            return None
        try:
            kept: dict[str, Any] = torch.load(self.path, weights_only=True, map_location="cpu")
            identity, state = kept["identity"], kept["state"]
        except Exception as error:
            raise CheckpointError(
                f"checkpoint {self.path}: cannot be read ({type(error).__name__}); delete it to start again"
            ) from error
        differences = [
            f"{name}: {identity.get(name)!r} there, {self.identity.get(name)!r} here"
            for name in sorted({*identity, *self.identity})
            if identity.get(name) != self.identity.get(name)
        ]
        if differences:
            raise CheckpointError(
                f"checkpoint {self.path}: is of another training ({'; '.join(differences)}); "
                "give this job a checkpoint folder of its own, or delete it"
            )
        return dict(state)

    def save(self, state: Mapping[str, Any]) -> None:
        """Replaces what was saved before.

        Raises:
            OSError: the disk is full or the folder cannot be written; what was saved before is still there.
        """
        if self.path is not None:
            write_atomically(self.path, {"identity": self.identity, "state": dict(state)})


class StopRequest:
    """Takes SIGTERM as a request while a training runs: it can then save its state between two batches.

    Used as a context manager. Outside the main thread, where Python takes no signals, SIGTERM ends the process as ever.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: Any = None
        self._installed = False

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._take)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGTERM, self._before)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def end_process(self) -> None:
        """Ends the process by the signal that it was sent: whoever waits for it sees an interruption, not a failure."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
