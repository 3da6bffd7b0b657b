"""Metrics that nobody puts: those that functions write into their logs, and those that AWS's services write.

Of ministack's services Lambda alone has metrics, and only of functions that are invoked by a request, not of those that
a queue, a rule or a schedule invokes. Of the others there is what their documentation lists and somebody asked for.
"""

from __future__ import annotations

import functools
from typing import Any

from embedded_metrics import measurements_of
from ministack_parts import module_with

# SQS sends its metrics once a minute; here also whenever the number of messages has changed.
SAMPLE_SECONDS = 60

EXECUTIONS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}

cloudwatch = module_with("services.cloudwatch", "_store_datum", "record_metric")
functions = module_with("services.lambda_svc", "_emit_lambda_logs", "_emit_lambda_metrics")
logs = module_with("services.cloudwatch_logs", "_append_log_events")
machines = module_with("services.stepfunctions", "_emit_execution_status_event")
sqs = module_with("services.sqs", "_queues", "_queue_name_to_url", "_expire_retained")


def store_embedded_metrics(events: list[dict[str, Any]]) -> None:
    """Stores what log events measure in the Embedded Metric Format."""
    for event in events:
        for measured in measurements_of(event["message"]):
            cloudwatch._store_datum(
                measured.namespace,
                measured.name,
                measured.dimensions,
                measured.timestamp,
                measured.unit,
                None,
                measured.values,
                None,
                None,
            )


def sample_queues(now: float, *, every_queue: bool = False) -> None:
    """Stores the metrics of the queues of the current account and region that have changed or are due.

    Args:
        now: Seconds since the epoch, which the ages are counted to.
        every_queue: Whether to sample those that are not due as well.
    """
    for name, url in sqs._queue_name_to_url.items():
        queue = sqs._queues.get(url)
        if queue is None:
            continue
        sqs._expire_retained(queue)
        messages = list(queue["messages"])
        visible = sum(message["visible_at"] <= now for message in messages)
        counted_at, counted = queue.get("_sampled", (0.0, -1))
        if not every_queue and visible == counted and now - counted_at < SAMPLE_SECONDS:
            continue
        queue["_sampled"] = (now, visible)
        values = {"ApproximateNumberOfMessagesVisible": (float(visible), "Count")}
        if messages:
            oldest = min(message["sent_at"] for message in messages)
            values["ApproximateAgeOfOldestMessage"] = (max(0.0, now - oldest), "Seconds")
        for metric, (value, unit) in values.items():
            cloudwatch._store_datum("AWS/SQS", metric, {"QueueName": name}, now, unit, value, None, None, None)


def install() -> None:
    """Adds the metrics."""
    append, log_invocation, count, announce = (
        logs._append_log_events,
        functions._emit_lambda_logs,
        functions._emit_lambda_metrics,
        machines._emit_execution_status_event,
    )

    @functools.wraps(append)
    def append_and_measure(stream: Any, events: Any) -> Any:
        store_embedded_metrics(events)
        return append(stream, events)

    @functools.wraps(log_invocation)
    def log_and_count(func: Any, request_id: str, log_text: str, error: bool, duration_ms: int, **further: Any) -> Any:
        name = (func.get("config") or func)["FunctionName"]
        count(name, duration_ms=float(duration_ms), error=error, throttle=False)
        return log_invocation(func, request_id, log_text, error, duration_ms, **further)

    @functools.wraps(count)
    def count_refusals(name: str, *, throttle: bool, **_counted_where_it_ran: Any) -> None:
        if throttle:
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": name})

    @functools.wraps(announce)
    def announce_and_count(execution: Any) -> Any:
        metric = EXECUTIONS.get(execution["status"])
        if metric:
            dimensions = {"StateMachineArn": execution["stateMachineArn"]}
            cloudwatch.record_metric("AWS/States", metric, 1, "Count", dimensions)
        return announce(execution)

    logs._append_log_events = append_and_measure
    # Every executor ends there, once for each time that a function has run.
    functions._emit_lambda_logs = log_and_count
    functions._emit_lambda_metrics = count_refusals
    machines._emit_execution_status_event = announce_and_count
