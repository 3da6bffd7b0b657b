"""What the report for people says of numbers."""

from __future__ import annotations

import pytest

from kaizen_training.report import chance


@pytest.mark.parametrize(
    ("p_value", "said"), [(0.0, "below 0.001"), (0.0009, "below 0.001"), (0.001, "0.001"), (1, "1.000")]
)
def test_a_p_value_is_never_said_to_be_zero(p_value: float, said: str) -> None:
    assert chance(p_value) == said
