"""Validation against the JSON Schemas of `contracts/`, the same files that the TypeScript side uses."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

_BASE_URI = "https://kaizenedge.dev/contracts/"
_LONGEST_VALUE_SHOWN = 80
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_FORMATS = FormatChecker()


def _is_timestamp(value: object) -> bool:
    """RFC 3339, as the TypeScript side checks it; jsonschema itself passes anything without a further package."""
    if not isinstance(value, str):
        return True
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        return False
    date, time, zone = match.groups()
    datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}")
    return True


_FORMATS.checks("date-time", raises=ValueError)(_is_timestamp)


class ContractError(ValueError):
    """A value does not fit its contract. `problems` names every field, value and rule."""

    def __init__(self, contract: str, subject: str, problems: list[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{subject} does not fit the contract '{contract}':\n{lines}")
        self.problems = problems


@cache
def contracts_folder() -> Path:
    """Returns `contracts/`: beside the package in the job's source archive, one level up in the repository.

    Raises:
        FileNotFoundError: neither place has it.
    """
    package = Path(__file__).resolve().parent
    candidates = [package.parent / "contracts", package.parent.parent / "contracts"]
    for candidate in candidates:
        if (candidate / "schemas").is_dir():
            return candidate
    raise FileNotFoundError(f"contracts/schemas is in none of {', '.join(map(str, candidates))}")


@cache
def _registry() -> Registry[Any]:
    resources = []
    for path in sorted((contracts_folder() / "schemas").glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        resources.append((schema["$id"], Resource.from_contents(schema)))
    return Registry().with_resources(resources)


@cache
def _validator(contract: str) -> Draft202012Validator:
    registry = _registry()
    schema = registry.contents(f"{_BASE_URI}{contract}.schema.json")
    return Draft202012Validator(schema, registry=registry, format_checker=_FORMATS)


def _sentence(error: ValidationError) -> str:
    field = ".".join(str(part) for part in error.absolute_path) or "(root)"
    shown = json.dumps(error.instance, default=str)
    if error.validator in ("required", "additionalProperties"):
        return f"{field}: {error.message}"
    if len(shown) > _LONGEST_VALUE_SHOWN:
        shown = f"{shown[:_LONGEST_VALUE_SHOWN]}..."
    return f"{field}: breaks the rule {error.validator} {json.dumps(error.validator_value)[:120]}, got {shown}"


def problems_of(contract: str, value: object) -> list[str]:
    """Every way in which `value` breaks the contract, one sentence each; empty when it fits."""
    return [_sentence(error) for error in _validator(contract).iter_errors(value)]


def check_contract(contract: str, value: object, subject: str) -> None:
    """Returns when `value` fits.

    Args:
        contract: name of a schema, such as `dataset-item`.
        value: what `json.loads` gives.
        subject: what the value is, for the message.

    Raises:
        ContractError: with every problem.
    """
    problems = problems_of(contract, value)
    if problems:
        raise ContractError(contract, subject, problems)


def write_contract(contract: str, value: object, path: Path) -> None:
    """Writes `value` as JSON after checking it, so that nothing invalid is ever left on disk.

    Raises:
        ContractError: the value does not fit; the file is untouched.
    """
    check_contract(contract, value, path.name)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
