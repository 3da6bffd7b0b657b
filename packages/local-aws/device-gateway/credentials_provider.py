"""What the AWS IoT credentials provider adds to IAM, for ministack, which has no such service.

The device gateway assumes roles with the certificate's id as the session's name, as AWS does, and with the role
alias's ARN as the external id. From these two:

* trust policies see ``aws:SourceAccount`` and ``aws:SourceArn`` of the role alias;
* ``${credentials-iot:ThingName}`` in the role's policies stands for the thing that the certificate is attached to.
  A certificate of several things resolves to none of them, and is denied.

Call :func:`install` before ``ministack.app.main()``. The functions it wraps are private, so it refuses to run when
they have moved.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Callable
from typing import Any

CERTIFICATE_ID = re.compile(r"[0-9a-f]{64}")
ROLE_ALIAS_ARN = re.compile(r"arn:aws:iot:[^:]*:(\d{12}):rolealias/.+")
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


def seeing_role_alias(evaluate_trust_policy: Callable[..., bool]) -> Callable[..., bool]:
    """``evaluate_trust_policy`` that knows on behalf of which role alias the gateway asks."""

    def evaluate(trust_document: Any, caller_arn: str, context: Any = None) -> bool:
        keys = context.service_context if context is not None else {}
        alias = ROLE_ALIAS_ARN.fullmatch(keys.get("sts:externalid") or "")
        if alias and CERTIFICATE_ID.fullmatch(keys.get("sts:rolesessionname") or ""):
            source = {"aws:sourcearn": alias.group(0), "aws:sourceaccount": alias.group(1)}
            context = dataclasses.replace(context, service_context={**keys, **source})
        return evaluate_trust_policy(trust_document, caller_arn, context)

    return evaluate


WRAPPERS = {"resolve_principal": resolving_thing_name, "evaluate_trust_policy": seeing_role_alias}


def install() -> None:
    """Wraps ministack's IAM evaluator, or says clearly that it has moved."""
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    missing = [name for name in WRAPPERS if not callable(getattr(evaluator, name, None))]
    if missing:
        raise SystemExit(f"ministack: {', '.join(missing)} of core/iam_evaluator.py moved")
    for name, wrap in WRAPPERS.items():
        setattr(evaluator, name, wrap(getattr(evaluator, name)))
