"""The metrics that a line of a log carries in the Embedded Metric Format. Pure.

The rules are those of the user guide's page "Specification: Embedded metric format": a document that breaks one of
them is a line of the log like any other, and no metric comes of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

MAXIMUM_METRICS = 100
MAXIMUM_VALUES = 100
MAXIMUM_DIMENSIONS = 30
UNIT = re.compile(
    "Seconds|Microseconds|Milliseconds|Percent|None|(?:(?:Kilo|Mega|Giga|Tera)(?:bytes|bits)|Bytes|Bits|Count)(?:/Second)?"
)


class Measurement(NamedTuple):
    """Values of one metric at one time."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    unit: str
    # Seconds since the epoch.
    timestamp: float
    values: list[float]


class MalformedError(Exception):
    """The document breaks the specification."""


def measurements_of(line: str) -> list[Measurement]:
    """What a log event measures: once for each set of dimensions; nothing when it is in another format, or wrong."""
    if '"CloudWatchMetrics"' not in line:
        return []
    try:
        document = json.loads(line, parse_constant=_refuse)
        return list(_measurements(document))
    except (MalformedError, ValueError, RecursionError):
        return []


def _refuse(constant: str) -> None:
    raise MalformedError(constant)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _member(holder: Any, name: str, kind: type) -> Any:
    if not isinstance(holder, dict) or not isinstance(holder.get(name), kind):
        raise MalformedError(name)
    return holder[name]


def _text(holder: Any, name: str) -> str:
    text: str = _member(holder, name, str)
    if not text:
        raise MalformedError(name)
    return text


def _measurements(document: Any) -> Iterator[Measurement]:
    metadata = _member(document, "_aws", dict)
    if not _is_number(metadata.get("Timestamp")):
        raise MalformedError("Timestamp")
    for directive in _member(metadata, "CloudWatchMetrics", list):
        namespace = _text(directive, "Namespace")
        definitions = _member(directive, "Metrics", list)
        if len(definitions) > MAXIMUM_METRICS:
            raise MalformedError("Metrics")
        for dimensions in _dimension_sets(document, directive):
            for definition in definitions:
                name, unit = _text(definition, "Name"), definition.get("Unit", "None")
                if not isinstance(unit, str) or not UNIT.fullmatch(unit):
                    raise MalformedError("Unit")
                values = _values(document, name)
                yield Measurement(namespace, name, dimensions, unit, metadata["Timestamp"] / 1000, values)


def _dimension_sets(document: Any, directive: Any) -> list[dict[str, str]]:
    sets = _member(directive, "Dimensions", list)
    if not sets or not all(isinstance(names, list) and len(names) <= MAXIMUM_DIMENSIONS for names in sets):
        raise MalformedError("Dimensions")
    if not all(isinstance(name, str) for names in sets for name in names):
        raise MalformedError("Dimensions")
    return [{name: _text(document, name) for name in names} for names in sets]


def _values(document: Any, name: str) -> list[float]:
    target = document.get(name)
    values = target if isinstance(target, list) else [target]
    if len(values) > MAXIMUM_VALUES or not all(_is_number(value) for value in values):
        raise MalformedError(name)
    return [float(value) for value in values]
