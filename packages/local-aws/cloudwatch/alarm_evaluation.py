"""The state of an alarm, decided as CloudWatch decides it. Pure.

From the user guide's pages "Metric alarm evaluation" and "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

# CloudWatch looks further back than the evaluation periods, and does not say how far: in its only example it
# retrieves 5 data points for 3.
EXTRA_PERIODS = 2

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
ASSUMED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


class Datapoint(NamedTuple):
    """The statistic of one period."""

    # Seconds since the epoch, of the period's start.
    start: float
    # None when nothing was measured.
    value: float | None


class Verdict(NamedTuple):
    """What an evaluation comes to."""

    state: str
    reason: str


@dataclass(frozen=True)
class Condition:
    """When an alarm is in ALARM: M (``datapoints_to_alarm``) of N (``evaluation_periods``) data points breach it."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: str

    @property
    def evaluation_range(self) -> int:
        """How many data points are looked at."""
        return self.evaluation_periods + EXTRA_PERIODS

    def breached_by(self, datapoint: Datapoint) -> bool:
        """Whether a data point is there and on the wrong side of the threshold."""
        compare, _words = COMPARISONS[self.comparison]
        return datapoint.value is not None and compare(datapoint.value, self.threshold)


def condition_of(alarm: dict[str, Any]) -> Condition:
    """The condition in an alarm of the shape of DescribeAlarms."""
    periods = alarm["EvaluationPeriods"]
    return Condition(
        alarm["ComparisonOperator"],
        alarm["Threshold"],
        periods,
        alarm.get("DatapointsToAlarm") or periods,
        alarm["TreatMissingData"],
    )


def evaluate(condition: Condition, datapoints: Sequence[Datapoint], current_state: str) -> Verdict:
    """The state that follows from the data points of the evaluation range, oldest first."""
    real = [datapoint for datapoint in datapoints if datapoint.value is not None]
    # As many real ones as there may be; what is missing is assumed as seldom as possible.
    recent = real[-condition.evaluation_periods :]
    missing = condition.evaluation_periods - len(recent)
    breaching = sum(condition.breached_by(datapoint) for datapoint in recent)
    state = _state(condition, datapoints, recent, breaching, missing, current_state)
    return Verdict(state, _reason(condition, state, recent, breaching, missing))


def _state(
    condition: Condition,
    datapoints: Sequence[Datapoint],
    recent: Sequence[Datapoint],
    breaching: int,
    missing: int,
    current_state: str,
) -> str:
    treat = condition.treat_missing_data
    assumed = missing if treat == "breaching" else 0
    if breaching + assumed >= condition.datapoints_to_alarm:
        return ALARM
    if treat in ASSUMED or breaching < len(recent):
        return OK
    # No data points, or breaching ones only and too few of them.
    if treat == "ignore":
        return current_state
    age_of_oldest = len(datapoints) - datapoints.index(recent[0]) if recent else 0
    return ALARM if recent and age_of_oldest >= condition.datapoints_to_alarm else INSUFFICIENT_DATA


def _reason(condition: Condition, state: str, recent: Sequence[Datapoint], breaching: int, missing: int) -> str:
    """CloudWatch's words, which are not part of its interface."""
    assumed = ASSUMED.get(condition.treat_missing_data)
    unknown = f"{missing} missing datapoint{'s were' if missing > 1 else ' was'}"
    if not recent:
        if assumed is None:
            return f"Insufficient Data: {missing} datapoint{'s were' if missing > 1 else ' was'} unknown."
        periods = f"{missing} period{'s' if missing > 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {unknown} treated as [{assumed}]."
    count = breaching if state == ALARM else len(recent) - breaching
    negation, minimum, transition = (
        ("", condition.datapoints_to_alarm, "OK -> ALARM")
        if state == ALARM
        else ("not ", condition.evaluation_periods - condition.datapoints_to_alarm + 1, "ALARM -> OK")
    )
    listed = ", ".join(
        f"{value} ({time.strftime('%d/%m/%y %H:%M:%S', time.gmtime(start))})" for start, value in reversed(recent)
    )
    _compare, words = COMPARISONS[condition.comparison]
    return (
        f"Threshold Crossed: {count} out of the last {len(recent)} datapoints [{listed}] "
        f"{'was' if count == 1 else 'were'} {negation}{words} the threshold ({condition.threshold})"
        + (f" and {unknown} treated as [{assumed}]" if missing and assumed else "")
        + f" (minimum {minimum} datapoint{'s' if minimum > 1 else ''} for {transition} transition)."
    )
