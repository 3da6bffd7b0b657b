"""What a failed job leaves: one sentence that says why, and no model."""

from __future__ import annotations

import errno
import re
import shutil
import signal
import sys
from pathlib import Path

# Failure reasons longer than this are cut by SageMaker (FailureReason of DescribeTrainingJob).
LONGEST_FAILURE = 1024
_LONGEST_TEXT = 600

OUT_OF_MEMORY = "the memory ran out: take a smaller batch, or an instance type with more memory"
DISK_FULL = "the disk is full: raise training.volumeGigabytes, or write less"

# ENOSPC: no room; EDQUOT: the quota is used up; EFBIG: the file would exceed the process's limit (RLIMIT_FSIZE).
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Allocators of the frameworks raise errors of their own: torch.OutOfMemoryError and DefaultCPUAllocator of PyTorch,
# MXNetError of MXNet, bad_alloc of ONNX Runtime. The writers of PyTorch and numpy hide errno.
_MEMORY_WORDS = re.compile(
    r"MemoryError|OutOfMemoryError|out of memory|can't allocate memory|not enough memory|bad_alloc|bad allocation"
    r"|Cannot allocate memory|Unable to allocate|Memory allocation failed",
    re.IGNORECASE,
)
_DISK_WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|PytorchStreamWriter failed writing|iostream error"
    r"|inline_container.*unexpected pos|\d+ requested and \d+ written",
    re.IGNORECASE,
)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def cause_in(text: str) -> str | None:
    """What a text of an error says of memory or disk, as a sentence; None when it says nothing of them."""
    if _DISK_WORDS.search(text):
        return DISK_FULL
    if _MEMORY_WORDS.search(text):
        return OUT_OF_MEMORY
    return None


def cause_of(error: BaseException) -> str | None:
    """The same for an error and what led to it."""
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno in _NO_ROOM:
            return DISK_FULL
        if isinstance(link, MemoryError) or (isinstance(link, OSError) and link.errno == errno.ENOMEM):
            return OUT_OF_MEMORY
    return next((cause for link in _chain(error) if (cause := cause_in(f"{type(link).__name__}: {link}"))), None)


def explained(error: BaseException) -> str:
    """Type and text of an error, and its cause where that is memory or disk."""
    said = f"{type(error).__name__}: {error}"
    cause = cause_of(error)
    # Native code adds pages to its texts: they would push the cause out of the failure file.
    return f"{said[:_LONGEST_TEXT]}; {cause}" if cause else said


def signal_of(status: int) -> int | None:
    """The signal in an exit status: -9 as `subprocess` tells it, 137 as a shell does; None when there is none."""
    if status < 0:
        return -status
    return status - 128 if 128 < status < 128 + signal.NSIG else None


def end_of(status: int) -> str:
    """How a process ended, as the rest of a sentence: `ended with exit status 3`."""
    number = signal_of(status)
    if number is None:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        # Nobody but the kernel's out-of-memory killer, or a stop that had waited long enough, sends it in a job.
        return f"was killed by {name}; unless the job was stopped, {OUT_OF_MEMORY}"
    return f"was ended by {name}"


def discard_model(model_dir: Path) -> None:
    """Empties the model folder: SageMaker uploads it from failed jobs too, and half a model must not pass for one."""
    if not model_dir.is_dir():
        return
    for entry in model_dir.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def write_failure(path: Path, reason: str) -> None:
    """Writes the failure file, cut to what SageMaker keeps; where even that fails, the log has the reason."""
    print(f"failure: {reason}", file=sys.stderr, flush=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:LONGEST_FAILURE], encoding="utf-8")
    except OSError as error:
        print(f"failure: {path} cannot be written: {error}", file=sys.stderr, flush=True)
