from __future__ import annotations

import pytest
from alarm_evaluation import ALARM, INSUFFICIENT_DATA, OK, Condition, Datapoint, evaluate
from hypothesis import given
from hypothesis import strategies as st

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
RETAINED = "the state that it was in"


def condition(periods: int, to_alarm: int, treat: str) -> Condition:
    return Condition("GreaterThanThreshold", 10.0, periods, to_alarm, treat)


def drawn(picture: str) -> list[Datapoint]:
    """`0 - X`: oldest first; 0 does not breach, X does, - is missing."""
    values = {"0": 1.0, "X": 11.0, "-": None}
    return [Datapoint(60.0 * index, values[mark]) for index, mark in enumerate(picture.split())]


# The tables of "How alarm state is evaluated when data is missing", with the rows of both their published versions.
@pytest.mark.parametrize(
    ("to_alarm", "picture", "states"),
    [
        (3, "0 - X - X", (OK, OK, OK, OK)),
        (3, "0 - - - -", (OK, OK, OK, OK)),
        (3, "- - - - -", (INSUFFICIENT_DATA, RETAINED, ALARM, OK)),
        (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "- - X - -", (ALARM, RETAINED, ALARM, OK)),
        (3, "X - - - -", (ALARM, RETAINED, ALARM, OK)),
        (3, "- - - X -", (INSUFFICIENT_DATA, RETAINED, ALARM, OK)),
        (3, "- - - - X", (INSUFFICIENT_DATA, RETAINED, ALARM, OK)),
        (3, "- - - X 0", (OK, OK, OK, OK)),
        (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 - X - -", (OK, OK, ALARM, OK)),
        (2, "- - - - 0", (OK, OK, ALARM, OK)),
        (2, "- - - X -", (ALARM, RETAINED, ALARM, OK)),
        (2, "- - - - X", (INSUFFICIENT_DATA, RETAINED, ALARM, OK)),
    ],
)
def test_the_published_examples(to_alarm: int, picture: str, states: tuple[str, ...]) -> None:
    found = tuple(evaluate(condition(3, to_alarm, treat), drawn(picture), RETAINED).state for treat in TREATMENTS)
    assert found == states


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_below_at_and_above_the_threshold(comparison: str, breaching: list[bool]) -> None:
    of_comparison = Condition(comparison, 10.0, 1, 1, "missing")
    assert [of_comparison.breached_by(Datapoint(0.0, value)) for value in (9.9, 10.0, 10.1)] == breaching


@pytest.mark.parametrize(
    ("picture", "treat", "reason"),
    [
        (
            "- 0 X",
            "missing",
            "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (01/01/70 00:02:00)] was greater than "
            "the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            "X X 0",
            "missing",
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/70 00:02:00)] was not greater than "
            "the threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        ("- - -", "missing", "Insufficient Data: 1 datapoint was unknown."),
        (
            "- - -",
            "notBreaching",
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[NonBreaching].",
        ),
    ],
)
def test_the_reason_says_what_was_seen(picture: str, treat: str, reason: str) -> None:
    assert evaluate(condition(1, 1, treat), drawn(picture), OK).reason == reason


@st.composite
def situations(draw: st.DrawFn) -> tuple[int, int, list[Datapoint]]:
    periods = draw(st.integers(1, 6))
    to_alarm = draw(st.integers(1, periods))
    marks = draw(st.lists(st.sampled_from("0X-"), min_size=periods + 2, max_size=periods + 2))
    return periods, to_alarm, drawn(" ".join(marks))


def states(situation: tuple[int, int, list[Datapoint]], current: str) -> dict[str, str]:
    periods, to_alarm, datapoints = situation
    return {treat: evaluate(condition(periods, to_alarm, treat), datapoints, current).state for treat in TREATMENTS}


@given(situations(), st.sampled_from([OK, ALARM, INSUFFICIENT_DATA]))
def test_with_data_enough_nothing_is_assumed(situation: tuple[int, int, list[Datapoint]], current: str) -> None:
    periods, to_alarm, datapoints = situation
    real = [datapoint.value for datapoint in datapoints if datapoint.value is not None]
    if len(real) < periods:
        return
    breaching = sum(value > 10 for value in real[-periods:])
    assert set(states(situation, current).values()) == {ALARM if breaching >= to_alarm else OK}


@given(situations(), st.sampled_from([OK, ALARM, INSUFFICIENT_DATA]))
def test_treatments_are_ordered(situation: tuple[int, int, list[Datapoint]], current: str) -> None:
    found = states(situation, current)
    # Good data only in the place of what is missing: an alarm then is one whatever is assumed, and OK with bad data
    # in its place is OK whatever is assumed.
    if found["notBreaching"] == ALARM:
        assert set(found.values()) == {ALARM}
    if found["breaching"] == OK:
        assert set(found.values()) == {OK}
    assert INSUFFICIENT_DATA not in (found["breaching"], found["notBreaching"])
    if found["ignore"] != current:
        assert found["ignore"] in (OK, ALARM)


@given(situations())
def test_a_worse_data_point_never_ends_an_alarm(situation: tuple[int, int, list[Datapoint]]) -> None:
    periods, to_alarm, datapoints = situation
    worse = [Datapoint(start, None if value is None else 11.0) for start, value in datapoints]
    for treat, state in states(situation, OK).items():
        if state == ALARM:
            assert evaluate(condition(periods, to_alarm, treat), worse, OK).state == ALARM
