"""Runs functions on the major version of Node that they have in AWS, and on no other.

`LOCAL_AWS_FUNCTION_RUNTIMES` maps runtimes to executables, as JSON: `{"nodejs24.x": "/path/to/node"}`. A runtime that
is not in it runs on the `node` of this machine, if that is of the same major version; otherwise its invocation fails.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
from functools import cache
from typing import Any

VARIABLE = "LOCAL_AWS_FUNCTION_RUNTIMES"


@cache
def major_of(node: str) -> str:
    """Major version of an executable, such as `24`."""
    said = subprocess.run(  # noqa: S603 - the caller's own setting
        [node, "--version"], capture_output=True, text=True, check=True
    ).stdout
    return said.strip().removeprefix("v").split(".")[0]


def node_of(runtime: str) -> str:
    """The executable of a runtime such as `nodejs24.x`.

    Raises:
        RuntimeError: there is none of its major version.
    """
    node = str(json.loads(os.environ.get(VARIABLE, "{}")).get(runtime, "node"))
    wanted = re.sub(r"^nodejs(\d+)\.x$", r"\1", runtime)
    if major_of(node) != wanted:
        raise RuntimeError(
            f"runtime {runtime} needs Node {wanted}, and {node} is Node {major_of(node)}: name one in functionRuntimes"
        )
    return node


def install() -> None:
    """Wraps ministack's choice of an executable, or says clearly that it has moved."""
    lambda_runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    choose = getattr(lambda_runtime, "_detect_runtime_binary", None)
    if choose is None:
        raise SystemExit("ministack: _detect_runtime_binary of core/lambda_runtime.py has moved")

    def detect(runtime: str) -> tuple[str, str]:
        binary, script = choose(runtime)
        return (node_of(runtime) if runtime.startswith("nodejs") else binary), script

    lambda_runtime._detect_runtime_binary = detect
