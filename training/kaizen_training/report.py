"""The report that a person reads before approving a model: one HTML file without scripts or anything from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATE = "report.html.jinja"


def _share(value: float) -> str:
    return f"{value * 100:.1f} %"


def _interval(value: dict[str, float]) -> str:
    return f"{value['lower'] * 100:.1f} to {value['upper'] * 100:.1f} %"


def _points(value: float) -> str:
    """A difference of two shares in percentage points."""
    return f"{value * 100:+.1f}"


def chance(value: float) -> str:
    """A p-value, which is never 0."""
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def render_report(evaluation: dict[str, Any], exported: dict[str, Any], gate: dict[str, Any]) -> str:
    """Renders the contracts evaluation-report, exported-model and gate-report of one execution."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(share=_share, interval=_interval, points=_points, chance=chance)
    rows = [
        {
            "name": name,
            "cells": [
                {"items": items, "weight": items / max(1, sum(row)), "right": column == place}
                for column, items in enumerate(row)
            ],
        }
        for place, (name, row) in enumerate(zip(evaluation["classes"], evaluation["confusion"], strict=True))
    ]
    return environment.get_template(TEMPLATE).render(
        evaluation=evaluation,
        exported=exported,
        gate=gate,
        confusion=rows,
        sizes={file["name"]: file["bytes"] for file in exported["files"]},
    )
