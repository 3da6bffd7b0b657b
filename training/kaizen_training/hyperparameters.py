"""Reads numbers from hyperparameters, decoded or text, and reports everything that is wrong with them at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class HyperparameterReader:
    """Collects problems while values are read; `require_sound` raises them together.

    Attributes:
        problems: one sentence for each value that is not what it must be: name, rule, value.
    """

    def __init__(self, hyperparameters: Mapping[str, Any]) -> None:
        self._values = hyperparameters
        self.problems: list[str] = []

    def number(self, name: str, default: float, minimum: float, maximum: float) -> float:
        """A finite number between two bounds, both included; the default also where the value is not one."""
        value = self._values.get(name, default)
        number = self._parsed(value)
        if number is None or not minimum <= number <= maximum:
            self.problems.append(f"{name}: must be a number between {minimum} and {maximum}, got {value!r}")
            return default
        return number

    def integer(self, name: str, default: int, minimum: int, maximum: int) -> int:
        """A whole number between two bounds, both included; the default also where the value is not one."""
        value = self._values.get(name, default)
        number = self._parsed(value)
        if number is None or not number.is_integer() or not minimum <= number <= maximum:
            self.problems.append(f"{name}: must be a whole number between {minimum} and {maximum}, got {value!r}")
            return default
        return int(number)

    @staticmethod
    def _parsed(value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return None
        try:
            number = float(value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def require_sound(self) -> None:
        """Ends the reading.

        Raises:
            ValueError: with every problem.
        """
        if self.problems:
            raise ValueError("hyperparameters: " + "; ".join(self.problems))
