"""Results that take long to make are there as a whole or not at all: whoever finds the folder takes it for finished."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def finished_folder(output: Path) -> Iterator[Path]:
    """Gives an empty folder beside `output`, which becomes it when the body has ended without an error."""
    unfinished = output.with_name(f"{output.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    unfinished.rename(output)
