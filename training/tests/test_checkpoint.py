"""[S1] Trainings that are interrupted, and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from kaizen_training.checkpoint import FILE_NAME, CheckpointError, Checkpoints, checkpoint_folder, write_atomically
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS

EPOCHS = 12
HYPERPARAMETERS = {"epochs": EPOCHS, "learning_rate": 0.05, "width_multiplier": 0.05, "resolution": 32, "seed": 7}
# The tiny dataset's 48 images are six of these.
BATCH = 8
BATCHES_PER_EPOCH = 6
# Trains as the job does, with smaller batches, so that there is something between two of them. It waits for its SIGTERM
# in the last epoch: on a busy machine it could otherwise have ended before the test has read its output.
PROGRAM = """
import json, sys, time
from kaizen_training.serving import load_script
from pathlib import Path
script = load_script(Path(sys.argv[1]))
script.BATCH = int(sys.argv[2])
batches = 0
class Watched(script.StopRequest):
    def __enter__(self):
        global request
        request = super().__enter__()
        return request
def drawn(*arguments, plain=script.Augmentation.drawn, **options):
    global batches
    batches += 1
    while batches > int(sys.argv[6]) and not request.requested:
        time.sleep(0.01)
    return plain(*arguments, **options)
script.StopRequest, script.Augmentation.drawn = Watched, drawn
script.train(json.loads(sys.argv[3]), {"train": sys.argv[4], "validation": sys.argv[4]}, sys.argv[5], 1)
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loaded = load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")
    vars(loaded)["BATCH"] = BATCH
    return loaded


@contextmanager
def base_directory(folder: Path) -> Iterator[None]:
    before = os.environ.get("SAGEMAKER_BASE_DIR")
    folder.mkdir(exist_ok=True)
    os.environ["SAGEMAKER_BASE_DIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("SAGEMAKER_BASE_DIR")
        if before is not None:
            os.environ["SAGEMAKER_BASE_DIR"] = before


def train(script: ModuleType, job: Path, prepared: Path, **changes: object) -> Any:
    channels = {"train": str(prepared), "validation": str(prepared)}
    with base_directory(job):
        return script.train({**HYPERPARAMETERS, **changes}, channels, str(job / "output"), 1)


def started(job: Path, prepared: Path) -> subprocess.Popen[str]:
    job.mkdir()
    path = SOURCE_DIR / "scripts/pytorch/inspect_surface.py"
    values = [str(path), str(BATCH), json.dumps(HYPERPARAMETERS), str(prepared), str(job / "output")]
    values.append(str((EPOCHS - 1) * BATCHES_PER_EPOCH))
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(job), "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *values], cwd=SOURCE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )


def flattened(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of nested dictionaries and lists, by path."""
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in flattened(item, f"{path}/{key}").items()}
    if isinstance(value, list | tuple):
        return {k: v for index, item in enumerate(value) for k, v in flattened(item, f"{path}/{index}").items()}
    return {path: value}


def assert_equal_to_the_bit(left: Any, right: Any) -> None:
    ours, theirs = flattened(left), flattened(right)
    assert list(ours) == list(theirs)
    different = [
        path
        for path, value in ours.items()
        if not (torch.equal(value, theirs[path]) if isinstance(value, torch.Tensor) else value == theirs[path])
    ]
    assert different == []


def state_of(job: Path) -> dict[str, Any]:
    return dict(torch.load(job / "checkpoints" / FILE_NAME, weights_only=True)["state"])


def test_s1_a_training_goes_on_after_sigterm_as_if_it_had_not_been_stopped(
    script: ModuleType, tiny_prepared: Path, tmp_path: Path
) -> None:
    """[S1] A real SIGTERM, wherever the process is then: model, optimizer, scheduler and generators equal to a bit."""
    process = started(tmp_path / "interrupted", tiny_prepared)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if f'"epoch": {EPOCHS // 2},' in line:
            process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE_SECONDS) == -signal.SIGTERM, "".join(said)
    assert said[-1].startswith("stopped by SIGTERM in epoch ")
    assert state_of(tmp_path / "interrupted")["progress"]["epoch"] <= EPOCHS

    resumed = train(script, tmp_path / "interrupted", tiny_prepared)
    whole = train(script, tmp_path / "whole", tiny_prepared)
    assert_equal_to_the_bit(resumed.state_dict(), whole.state_dict())
    assert_equal_to_the_bit(state_of(tmp_path / "interrupted"), state_of(tmp_path / "whole"))


class Interrupted(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("batches", [1, 5, 6, 7, 12])
def test_s1_a_training_can_be_stopped_after_any_batch(
    script: ModuleType, tiny_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """[S1] The first, the last but one and the last of an epoch, and those after it."""
    changes = {"epochs": 3}
    whole = train(script, tmp_path / "whole", tiny_prepared, **changes)
    drawn, calls = script.Augmentation.drawn, 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == batches:
            os.kill(os.getpid(), signal.SIGTERM)
        return drawn(*arguments, **options)

    def end(_request: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(script.Augmentation, "drawn", counted)
        patch.setattr("kaizen_training.checkpoint.StopRequest.end_process", end)
        with pytest.raises(Interrupted):
            train(script, tmp_path / "job", tiny_prepared, **changes)
    assert calls == batches
    resumed = train(script, tmp_path / "job", tiny_prepared, **changes)
    assert_equal_to_the_bit(resumed.state_dict(), whole.state_dict())


def test_s1_the_checkpoint_of_another_training_is_refused_and_kept(
    script: ModuleType, tiny_prepared: Path, tmp_path: Path
) -> None:
    """[S1] Every difference in one sentence; the other training's work is not lost."""
    train(script, tmp_path / "job", tiny_prepared, epochs=1)
    kept = (tmp_path / "job/checkpoints" / FILE_NAME).read_bytes()
    with pytest.raises(CheckpointError, match=r"another training \(epochs: 1 there, 2 here; seed: 7 there, 8 here\)"):
        train(script, tmp_path / "job", tiny_prepared, epochs=2, seed=8)
    assert (tmp_path / "job/checkpoints" / FILE_NAME).read_bytes() == kept


def test_s1_a_finished_training_that_is_started_again_has_the_same_model(
    script: ModuleType, tiny_prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """[S1] Interrupted between the last epoch and the upload of the model."""
    first = train(script, tmp_path / "job", tiny_prepared, epochs=1)
    capsys.readouterr()
    again = train(script, tmp_path / "job", tiny_prepared, epochs=1)
    assert_equal_to_the_bit(again.state_dict(), first.state_dict())
    assert "KAIZEN_PROGRESS" not in capsys.readouterr().out


def test_sigkill_in_the_middle_of_a_write_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    """[S1] A real SIGKILL, while the new file is half written."""
    program = """
import os, sys, time
from pathlib import Path
from kaizen_training.checkpoint import Checkpoints
kept = Checkpoints(Path(sys.argv[1]), {"seed": 7})
kept.save({"epoch": 1})
def hang(descriptor):
    print("writing", flush=True)
    time.sleep(600)
os.fsync = hang
kept.save({"epoch": 2})
"""
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(arguments, cwd=SOURCE_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.kill()
    assert len(list(tmp_path.iterdir())) == 2
    checkpoints = Checkpoints(tmp_path, {"seed": 7})
    assert checkpoints.load() == {"epoch": 1}
    checkpoints.save({"epoch": 3})
    assert checkpoints.load() == {"epoch": 3}
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """[S1] A full disk ends the training with its own error; a later start goes on from what was there."""
    checkpoints = Checkpoints(tmp_path, {})
    checkpoints.save({"epoch": 1})

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if failing == "fsync" else Path, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            checkpoints.save({"epoch": 2})
    assert checkpoints.load() == {"epoch": 1}


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    """[S1] Starting from the beginning would silently cost what was paid for."""
    (tmp_path / FILE_NAME).write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=rf"{FILE_NAME}: cannot be read .* delete it"):
        Checkpoints(tmp_path, {}).load()


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    """[S1] It comes from a bucket: tensors and plain values only."""

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {tmp_path}/ran",)

    write_atomically(tmp_path / FILE_NAME, {"identity": {}, "state": Evil()})
    with pytest.raises(CheckpointError):
        Checkpoints(tmp_path, {}).load()
    assert not (tmp_path / "ran").exists()


def test_without_a_job_nothing_is_kept(tmp_path: Path) -> None:
    """[S1] SAGEMAKER_BASE_DIR, else /opt/ml, where one of them is there."""
    assert checkpoint_folder({"SAGEMAKER_BASE_DIR": str(tmp_path)}) == tmp_path / "checkpoints"
    assert checkpoint_folder({"SAGEMAKER_BASE_DIR": str(tmp_path / "none")}) is None
    nowhere = Checkpoints(None, {})
    nowhere.save({"epoch": 1})
    assert nowhere.load() is None
