"""Private parts of ministack that the files beside this one use or put something else in the place of."""

from __future__ import annotations

import importlib
from typing import Any


def module_with(name: str, *parts: str) -> Any:
    """The module ``ministack.<name>``.

    Raises:
        SystemExit: naming what it no longer has, so that a patch never goes missing in silence.
    """
    module: Any = importlib.import_module(f"ministack.{name}")
    moved = [part for part in parts if not hasattr(module, part)]
    if moved:
        raise SystemExit(f"ministack: {', '.join(moved)} of {name.replace('.', '/')}.py moved")
    return module
