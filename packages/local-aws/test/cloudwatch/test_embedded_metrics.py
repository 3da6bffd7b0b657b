from __future__ import annotations

import json
from typing import Any

import pytest
from embedded_metrics import Measurement, measurements_of
from hypothesis import given
from hypothesis import strategies as st


def document(**changes: Any) -> dict[str, Any]:
    directive = {
        "Namespace": "Kaizen",
        "Dimensions": [["useCase"]],
        "Metrics": [{"Name": "Results", "Unit": "Count"}],
    }
    return {
        "_aws": {"Timestamp": 1_700_000_000_500, "CloudWatchMetrics": [directive | changes]},
        "useCase": "surface",
        "device": "line-1",
        "Results": 3,
        "Latency": [1, 2.5],
    }


def test_c5_a_line_is_one_metric_with_exactly_its_dimensions() -> None:
    assert measurements_of(json.dumps(document())) == [
        Measurement("Kaizen", "Results", {"useCase": "surface"}, "Count", 1_700_000_000.5, [3.0])
    ]


def test_each_set_of_dimensions_is_a_metric_of_its_own_and_an_array_several_values() -> None:
    line = json.dumps(document(Dimensions=[[], ["useCase", "device"]], Metrics=[{"Name": "Latency"}]))
    assert [(found.dimensions, found.values, found.unit) for found in measurements_of(line)] == [
        ({}, [1.0, 2.5], "None"),
        ({"useCase": "surface", "device": "line-1"}, [1.0, 2.5], "None"),
    ]


def without(key: str) -> str:
    return json.dumps({name: value for name, value in document().items() if name != key})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "REPORT RequestId: 1",
        '"CloudWatchMetrics"',
        '[{"CloudWatchMetrics": 1}]',
        json.dumps(document())[:-1],
        json.dumps(document()) + "x",
        without("_aws"),
        without("useCase"),
        without("Results"),
        json.dumps(document() | {"useCase": 7}),
        json.dumps(document() | {"useCase": ""}),
        json.dumps(document() | {"Results": "3"}),
        json.dumps(document() | {"Results": True}),
        json.dumps(document() | {"Results": [1, None]}),
        json.dumps(document() | {"Results": [1] * 101}),
        json.dumps(document()).replace("3}", "NaN}").replace('"Results": 3', '"Results": NaN'),
        json.dumps(document(Namespace="")),
        json.dumps(document(Dimensions=[])),
        json.dumps(document(Dimensions=["useCase"])),
        json.dumps(document(Dimensions=[["useCase"] * 31])),
        json.dumps(document(Dimensions=[[["useCase"]]])),
        json.dumps(document(Metrics=[{"Unit": "Count"}])),
        json.dumps(document(Metrics=[{"Name": "Results", "Unit": "Pieces"}])),
        json.dumps(document(Metrics=[{"Name": "Results", "Unit": None}])),
        json.dumps(document(Metrics=[{"Name": "Results"}] * 101)),
        json.dumps(document()).replace("1700000000500", '"now"'),
        json.dumps(document()).replace("CloudWatchMetrics", "CloudWatchmetrics"),
    ],
)
def test_what_breaks_the_specification_is_no_metric(line: str) -> None:
    assert measurements_of(line) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Namespace", "Dimensions", "Metrics", "Name", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_stops_the_log(directives: Any) -> None:
    line = json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": directives}, "a": directives})
    assert isinstance(measurements_of(line), list)
