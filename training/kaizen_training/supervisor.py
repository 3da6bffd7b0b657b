"""Runs the job in a process of its own, so that somebody is left to say why it was killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType

from kaizen_training.failure import discard_model, end_of, signal_of, write_failure
from kaizen_training.leftovers import adopt_orphans, children, end_leftovers
from kaizen_training.training_job import failure_file_of, model_dir_of


def supervised(run: Callable[[], int], environment: Mapping[str, str]) -> int:
    """Runs `run` in a forked process and waits for it; SIGTERM is passed on. What it has left behind is ended.

    It must be called before any framework is loaded: threads do not survive a fork. It costs a few milliseconds, where
    a second interpreter would cost a third of a second.

    Returns:
        The status of `run`; 128 + number of the signal, with the reason in the failure file, when one ended it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    adopt_orphans()
    others = children()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = run()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Not sys.exit: whatever stands above in this process's stack belongs to the parent.
            os._exit(status)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        # It may have ended just now, before its status was fetched.
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        _, wait_status = os.waitpid(child, 0)
        end_leftovers(others)
    finally:
        signal.signal(signal.SIGTERM, before)
    status = os.waitstatus_to_exitcode(wait_status)
    if status >= 0:
        return status
    discard_model(model_dir_of(environment))
    write_failure(failure_file_of(environment), f"the training {end_of(status)}")
    return 128 + (signal_of(status) or 0)
