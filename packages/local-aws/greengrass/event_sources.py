"""Lets services of the local AWS put events of their own source, such as ``aws.greengrass``, for ministack.

EventBridge keeps sources that begin with ``aws.`` to AWS's services, and ministack refuses them to everybody. Our
services call with the account's root credentials and nothing else does: Lambdas and devices have a role's.

Call :func:`install` before ``ministack.app.main()``. The function it wraps is private, so it refuses to run when that
has moved.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any


def install() -> None:
    """Wraps ministack's PutEvents, or says clearly that it has moved."""
    eventbridge: Any = importlib.import_module("ministack.services.eventbridge")
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    put_events = getattr(eventbridge, "_put_events", None)
    if put_events is None or "allow_aws_source" not in inspect.signature(put_events).parameters:
        raise SystemExit("ministack: _put_events(allow_aws_source) of services/eventbridge.py moved")

    @functools.wraps(put_events)
    def put_events_of_services(data: Any, allow_aws_source: bool = False) -> Any:
        is_service = evaluator.caller_arn().endswith(":root")
        return put_events(data, allow_aws_source=allow_aws_source or is_service)

    eventbridge._put_events = put_events_of_services
