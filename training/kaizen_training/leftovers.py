"""Processes that a training has started and left behind: they end with it.

A container ends them, but not before the one who waits for it has read their output to its end: the training toolkit
reads what the job writes until nobody holds the pipe any more, and a monitor that was started beside the training
holds it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

# prctl(2): orphans among the descendants become children of this process, and not of the container's first one.
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.02
# Of the fields behind the name in /proc/<pid>/stat.
_PARENT = 1


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its descendants leave behind. Linux only; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """Processes whose parent is this one, also those that have ended and were not yet waited for."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        # It may end at any time.
        with contextlib.suppress(OSError, IndexError, ValueError):
            # The name stands in brackets and may hold some itself.
            fields = entry.read_text(encoding="latin-1").rpartition(")")[2].split()
            if int(fields[_PARENT]) == os.getpid():
                found.add(int(entry.parent.name))
    return found


def end_leftovers(others: set[int]) -> None:
    """Ends every child but `others`, and what these leave in turn: SIGTERM, and SIGKILL after two seconds."""
    deadline = time.monotonic() + _GRACE_SECONDS
    told: set[int] = set()
    while left := children() - others:
        is_over = time.monotonic() > deadline
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                if is_over:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in told:
                    os.kill(pid, signal.SIGTERM)
            told.add(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_POLL_SECONDS)
