"""What plants decide, for tests."""

from __future__ import annotations

from typing import Any

from kaizen_training.operating_point import Plant

# Everything but good parts is taken out, and the gate takes any number of errors.
POLICY: dict[str, Any] = {
    "classes": {"good": "pass"},
    "otherwise": "reject",
    "novel": "review",
    "goodShare": 0.98,
    "costs": {"escape": 100, "falseReject": 1, "review": 0.5},
    "limits": {"escapeRate": 1, "falseRejectRate": 1},
}
PLANT = Plant.of_json(POLICY)
