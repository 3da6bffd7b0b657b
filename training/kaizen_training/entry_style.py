"""How a script wants to be run, read from its source.

A script is either a module with `train()`, or a program: `if __name__ == "__main__":`, with `argparse` and `SM_*`.
It is read rather than imported, because importing a program without that line would run it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from kaizen_training.training_job import ARGUMENTS, AdapterError


@dataclass(frozen=True)
class ScriptOutline:
    """What stands at the top level of a script.

    Attributes:
        names: functions, classes, and names that are assigned or imported.
        train: the definition of `train`, when it is a plain function of this file.
        has_main_block: whether there is an `if __name__ == "__main__":`.
    """

    names: frozenset[str]
    train: ast.FunctionDef | None
    has_main_block: bool


def _is_main_block(node: ast.stmt) -> bool:
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    names = {side.id for side in sides if isinstance(side, ast.Name)}
    constants = {side.value for side in sides if isinstance(side, ast.Constant)}
    return names == {"__name__"} and constants == {"__main__"}


def _bound_names(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, (ast.If, ast.Try)) and not _is_main_block(node):
        return {
            name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt) for name in _bound_names(child)
        }
    return set()


def outline_of(path: Path) -> ScriptOutline:
    """Reads a script.

    Raises:
        AdapterError: the file is missing or is not Python.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise AdapterError(f"the script {path} does not exist") from error
    except (SyntaxError, ValueError) as error:
        raise AdapterError(f"the script {path} cannot be imported: {type(error).__name__}: {error}") from error
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "train"]
    return ScriptOutline(
        names=frozenset(name for node in tree.body for name in _bound_names(node)),
        train=functions[-1] if functions else None,
        has_main_block=any(_is_main_block(node) for node in tree.body),
    )


def _fits_the_contract(train: ast.FunctionDef | None) -> bool:
    """Whether the adapter could call it: everything that it demands is one of the eight arguments."""
    if train is None:  # imported or assigned: told by name
        return True
    arguments = train.args
    positional = [*arguments.posonlyargs, *arguments.args]
    demanded = positional[: len(positional) - len(arguments.defaults)]
    demanded += [
        argument
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return not arguments.posonlyargs and all(argument.arg in ARGUMENTS for argument in demanded)


def entry_style_of(outline: ScriptOutline, script: str, wanted: str | None) -> str:
    """How to run the script: `function` or `program`.

    A program may have a `train(args)` of its own, as many examples do: it counts as the contract's `train` only when
    the adapter could call it.

    Args:
        outline: of the script.
        script: its name, for the message.
        wanted: the hyperparameter `entry_style`, or None.

    Raises:
        AdapterError: the script is neither, or both and nobody chose.
    """
    has_train = "train" in outline.names
    if wanted == "function" or (wanted is None and has_train and not outline.has_main_block):
        if has_train:
            return "function"
        raise AdapterError(f'{script} must define train(): the hyperparameter entry_style says "function"')
    if wanted == "program":
        return "program"
    if not outline.has_main_block:
        raise AdapterError(f'{script} must define train(), or be a program with if __name__ == "__main__"')
    if has_train and _fits_the_contract(outline.train):
        raise AdapterError(
            f'{script} has two entry styles at once, train() of the contract and if __name__ == "__main__": leave one '
            "out, or choose by the hyperparameter entry_style (function or program)"
        )
    return "program"
