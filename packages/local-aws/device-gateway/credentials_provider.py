"""What the AWS IoT credentials provider adds to IAM, for ministack, which has no such service.

The device gateway assumes roles with the certificate's id as the session's name, as AWS does. From it
``${credentials-iot:ThingName}`` in the role's policies stands for the thing that the certificate is attached to.
A certificate of several things resolves to none of them, and is denied.

Trust policies see nothing of the request: AWS documents only a trust without conditions
(docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html), so one with a condition trusts nobody here.

Call :func:`install` before ``ministack.app.main()``. The function it wraps is private, so it refuses to run when
it has moved.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Callable
from typing import Any

CERTIFICATE_ID = re.compile(r"[0-9a-f]{64}")
THING_NAME_VARIABLE = re.compile(r"\$\{credentials-iot:ThingName\}", re.IGNORECASE)


def attached_thing(certificate_id: str) -> str | None:
    """Name of the only thing that a certificate is attached to."""
    iot = importlib.import_module("ministack.services.iot")
    things = [
        arn.split(":thing/", 1)[1]
        for (_account, _region, found), record in iot._certificates.all_items()
        if found == certificate_id
        for arn in record.get("attachedThings", [])
    ]
    return things[0] if len(things) == 1 else None


def with_thing_name(statement: Any, thing_name: str) -> Any:
    """A copy of a parsed policy statement with the variable replaced in its resources."""

    def substitute(resources: list[str]) -> list[str]:
        return [THING_NAME_VARIABLE.sub(lambda _match: thing_name, resource) for resource in resources]

    return dataclasses.replace(
        statement,
        resources=substitute(statement.resources),
        not_resources=substitute(statement.not_resources),
    )


def resolving_thing_name(resolve_principal: Callable[..., Any]) -> Callable[..., Any]:
    """``resolve_principal`` whose policies name the thing of a device's session."""

    def resolve(*args: Any, **kwargs: Any) -> Any:
        principal = resolve_principal(*args, **kwargs)
        session_name = getattr(principal, "arn", "").rsplit("/", 1)[-1]
        is_device = getattr(principal, "type", "") == "AssumedRole" and CERTIFICATE_ID.fullmatch(session_name)
        thing_name = attached_thing(session_name) if is_device else None
        if thing_name is None or principal.policies is None:
            return principal
        policies = [[with_thing_name(statement, thing_name) for statement in policy] for policy in principal.policies]
        return dataclasses.replace(principal, policies=policies)

    return resolve


def install() -> None:
    """Wraps ministack's IAM evaluator, or says clearly that it has moved."""
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    if not callable(getattr(evaluator, "resolve_principal", None)):
        raise SystemExit("ministack: resolve_principal of core/iam_evaluator.py moved")
    evaluator.resolve_principal = resolving_thing_name(evaluator.resolve_principal)
