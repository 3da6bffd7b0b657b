"""Evaluates alarms by the clock, for ministack, which does so when a metric is put, and without regard for dimensions,
M of N, missing data and periods.

CloudWatch evaluates an alarm each minute, over periods that end then; here it is every few seconds
(``LOCAL_AWS_ALARM_SECONDS``, 0 for never). A request with the header ``x-local-aws-as-of`` (seconds since the epoch)
evaluates every alarm as if it were that time, before it is answered: a test's clock.
"""

from __future__ import annotations

import contextvars
import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

import alarm_actions
import metric_sources
from alarm_evaluation import COMPARISONS, Datapoint, condition_of, evaluate
from ministack_parts import module_with

AS_OF_HEADER = "x-local-aws-as-of"
DEFAULT_SECONDS = 5.0
# What an alarm may ask for in AWS, and is not evaluated here.
NOT_EVALUATED = ("Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile", "EvaluationWindow")

logger = logging.getLogger("cloudwatch")
evaluator = module_with("core.iam_evaluator", "pin_request_origin")
provisioners = module_with("services.cloudformation.provisioners", "_cw_metric_alarm_record")
responses = module_with("core.responses", "request_scope")
cloudwatch = module_with(
    "services.cloudwatch",
    *("_alarms", "_metrics", "_dims_key", "_dims_from_list", "_calc_stats", "_stat_value", "_is_percentile_stat"),
    *("_evaluate_alarm", "_evaluate_parent_alarms", "_record_history", "_dispatch_alarm_actions"),
    *("_put_metric_alarm", "_error", "handle_request"),
)


def datapoints_of(alarm: dict[str, Any], periods: int, now: float) -> list[Datapoint]:
    """The statistic of the last periods of an alarm's own metric, oldest first; the newest ends now."""
    dimensions = cloudwatch._dims_from_list(alarm["Dimensions"])
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    length: int = alarm["Period"]
    found: list[list[Any]] = [[] for _ in range(periods)]
    for point in list(cloudwatch._metrics.get(key) or []):
        age = int((now - point["Timestamp"]) // length)
        if 0 <= age < periods and alarm.get("Unit") in (None, "", point["Unit"]):
            found[age].append(point)
    name = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return [
        Datapoint(
            now - (age + 1) * length,
            cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points) if points else None,
        )
        for age, points in reversed(list(enumerate(found)))
    ]


def evaluate_alarm(alarm: dict[str, Any], now: float) -> None:
    """Moves an alarm to the state that its metric gives it; actions follow a change only."""
    condition, old_state = condition_of(alarm), alarm["StateValue"]
    state, reason = evaluate(condition, datapoints_of(alarm, condition.evaluation_range, now), old_state)
    if state == old_state:
        return
    alarm.update(
        StateValue=state,
        StateReason=reason,
        StateUpdatedTimestamp=int(now),
        StateTransitionedTimestamp=int(now),
    )
    logger.info("%s: %s -> %s, %s", alarm["AlarmName"], old_state, state, reason)
    cloudwatch._record_history(alarm["AlarmName"], old_state, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old_state, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def evaluate_alarms(now: float) -> None:
    """Evaluates every alarm of the current account and region."""
    for alarm in cloudwatch._alarms.values():
        # Those that ministack's other services make for themselves may lack a metric.
        if alarm.get("MetricName"):
            evaluate_alarm(alarm, now)


def not_evaluated(properties: Iterable[str], comparison: str, statistic: str | None) -> str | None:
    """Why an alarm cannot be evaluated here, None when it can."""
    unknown = [name for name in NOT_EVALUATED if any(given.split(".")[0] == name for given in properties)]
    if comparison not in COMPARISONS:
        unknown.append(f"ComparisonOperator {comparison}")
    if statistic and not cloudwatch._is_percentile_stat(statistic):
        unknown.append(f"ExtendedStatistic {statistic}")
    return f"the local CloudWatch does not evaluate {', '.join(unknown)}" if unknown else None


def refuse_what_is_not_evaluated() -> None:
    """An alarm that would be evaluated as something else is refused, by request and by template."""
    put, record = cloudwatch._put_metric_alarm, provisioners._cw_metric_alarm_record

    def put_metric_alarm(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        given = {**{name: cloudwatch._p(params, name) for name in params}, **cbor_data}
        problem = not_evaluated(given, given.get("ComparisonOperator", ""), given.get("ExtendedStatistic"))
        if problem:
            return cloudwatch._error("ValidationError", problem, 400, use_json=is_json, use_cbor=is_cbor)
        return put(params, cbor_data, is_cbor, is_json)

    def record_of_template(name: str, props: dict[str, Any]) -> Any:
        problem = not_evaluated(props, props.get("ComparisonOperator", ""), props.get("ExtendedStatistic"))
        if problem:
            raise ValueError(f"{name}: {problem}")
        return record(name, props)

    cloudwatch._put_metric_alarm = put_metric_alarm
    provisioners._cw_metric_alarm_record = record_of_template


def tick() -> None:
    """Evaluates the alarms of every account and region that has some."""
    now = time.time()
    for account, region in {key[:2] for key in list(cloudwatch._alarms._data)}:
        with responses.request_scope(account, region):
            metric_sources.sample_queues(now)
            evaluate_alarms(now)


def keep_ticking(seconds: float) -> None:
    """Never returns; a tick that fails is told, and the next one is tried."""
    # CloudWatch publishes by TLS, whatever thread that is here.
    evaluator.pin_request_origin("127.0.0.1", True)
    while True:
        time.sleep(seconds)
        try:
            tick()
        except Exception:
            logger.exception("alarms were not evaluated")


def install() -> None:
    """Puts evaluation by the clock in the place of ministack's."""
    metric_sources.install()
    alarm_actions.install()
    refuse_what_is_not_evaluated()
    handle = cloudwatch.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        as_of = headers.get(AS_OF_HEADER)
        if as_of is not None:
            metric_sources.sample_queues(float(as_of), every_queue=True)
            evaluate_alarms(float(as_of))
        return await handle(method, path, headers, body, query_params)

    cloudwatch.handle_request = handle_request
    cloudwatch._evaluate_alarm = lambda _alarm: None
    seconds = float(os.environ.get("LOCAL_AWS_ALARM_SECONDS", DEFAULT_SECONDS))
    if seconds > 0:
        context = contextvars.Context()
        threading.Thread(target=context.run, args=(keep_ticking, seconds), name="alarms", daemon=True).start()
