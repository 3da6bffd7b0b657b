"""What services of ministack do with a role, or by the leave of a function's policy: ministack itself asks neither.

Step Functions invokes functions with the role of its state machine, EventBridge and the Scheduler reach state machines
with the role of their target and functions by the function's policy, topic rules of AWS IoT send with the role of their
action, and a queue feeds a function with the function's role. A refusal is AWS's sentence, in ministack's log or as the
cause of the execution's failure.

Call :func:`install` before ``ministack.app.main()``. The functions it wraps are private, so it refuses to run when one
has moved.
"""

from __future__ import annotations

import contextvars
import functools
import importlib
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("ministack")

#: Role of the state machine whose execution runs in this context.
state_machine_role: contextvars.ContextVar[str] = contextvars.ContextVar("local_aws_state_machine_role", default="")
#: What has been said already: a queue is polled again and again.
reported: set[str] = set()


def module(name: str) -> Any:
    return importlib.import_module(f"ministack.{name}")


def wrap(owner: str, name: str, wrapper: Callable[[Any], Any]) -> None:
    """Replaces a private function by ``wrapper(original)``, or says clearly that it has moved."""
    target = module(owner)
    original = getattr(target, name, None)
    if not callable(original):
        raise SystemExit(f"ministack: {name} of {owner.replace('.', '/')}.py moved")
    setattr(target, name, functools.wraps(original)(wrapper(original)))


def context_of(principal: str, action: str, resource: str, **keys: str) -> Any:
    responses = module("core.responses")
    return module("core.iam_evaluator").EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=responses.get_account_id(),
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
        service_context=keys,
    )


def role_refusal(role_arn: str, session: str, action: str, resource: str) -> str | None:
    """Why a role may not, in one sentence; None when it may."""
    evaluator = module("core.iam_evaluator")
    account, name = module("core.responses").get_account_id(), role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    policies = evaluator._gather_role_policies(name, account)
    decision = evaluator.evaluate(context_of(principal, action, resource), policies).decision
    if decision == "Allow":
        return None
    sentence: str = module("core.iam_actions").identity_denial_message(action, principal, resource, decision == "Deny")
    return sentence


def policy_refusal(function_arn: str, service: str, source_arn: str) -> str | None:
    """Why a service may not invoke a function for the rule or schedule that names it; None when it may."""
    action = "lambda:InvokeFunction"
    policy, _owner = module("services.lambda_svc").function_policy_for_arn(function_arn) or (None, "")
    context = context_of(
        service,
        action,
        function_arn,
        **{"aws:sourcearn": source_arn, "aws:sourceaccount": module("core.responses").get_account_id()},
    )
    if module("core.iam_evaluator").evaluate_resource_policy(policy, context, service=service).decision == "Allow":
        return None
    reason = f"because no resource-based policy allows the {action} action"
    return f"User: {service} is not authorized to perform: {action} on resource: {function_arn} {reason}"


def remember_role(run_execution: Any) -> Any:
    def run(execution_arn: str) -> Any:
        functions = module("services.stepfunctions")
        machine = functions._state_machines.get((functions._executions.get(execution_arn) or {}).get("stateMachineArn"))
        state_machine_role.set((machine or {}).get("roleArn", ""))
        return run_execution(execution_arn)

    return run


def invoke_as_role(call_lambda: Any) -> Any:
    def call(reference: str, event: Any) -> Any:
        _function, config, _name = module("services.lambda_svc")._get_func_record_for_ref(reference)
        role = state_machine_role.get()
        if config and role:
            refused = role_refusal(role, "states", "lambda:InvokeFunction", config["FunctionArn"])
            if refused:
                raise module("services.stepfunctions")._ExecutionError("Lambda.AWSLambdaException", refused)
        return call_lambda(reference, event)

    return call


def target_refusal(target: dict[str, Any], source: dict[str, Any], is_schedule: bool) -> str | None:
    arn, role = str(target.get("Arn", "")), str(target.get("RoleArn", ""))
    session = "scheduler" if is_schedule else "events"
    if ":states:" in arn:
        return role_refusal(role, session, "states:StartExecution", arn)
    if ":lambda:" in arn and is_schedule:
        return role_refusal(role, session, "lambda:InvokeFunction", arn)
    if ":lambda:" in arn:
        return policy_refusal(arn, "events.amazonaws.com", str(source.get("Arn", "")))
    return None


def reach_as_allowed(invoke_target: Any) -> Any:
    def invoke(target: dict[str, Any], event: dict[str, Any], source: dict[str, Any], *more: Any) -> Any:
        refused = target_refusal(target, source, event.get("Source") == "aws.scheduler")
        if refused is None:
            return invoke_target(target, event, source, *more)
        logger.warning("EventBridge: FailedInvocation: %s", refused)
        return None

    return invoke


def send_as_role(dispatch: Any) -> Any:
    def send(account: str, region: str, rule: str, spec: dict[str, Any], event: Any) -> Any:
        queue = f"arn:aws:sqs:{region}:{account}:{str(spec.get('queueUrl', '')).rsplit('/', 1)[-1]}"
        with module("services.iot").request_scope(account, region):
            refused = role_refusal(str(spec.get("roleArn", "")), "iot", "sqs:SendMessage", queue)
        if refused:
            raise PermissionError(refused)
        return dispatch(account, region, rule, spec, event)

    return send


def feed_as_role(concurrency: Any) -> Any:
    """A mapping takes no batch while its function's role may not: AWS refuses to make one, and disables it later."""

    def allowed(mapping: dict[str, Any], function: Any, config: dict[str, Any], *more: Any) -> int:
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
            role = str((config or {}).get("Role", ""))
            refused = role_refusal(role, "mapping", action, str(mapping["EventSourceArn"]))
            if refused:
                if refused not in reported:
                    logger.warning("Event source mapping: %s", refused)
                reported.add(refused)
                return 0
        return int(concurrency(mapping, function, config, *more))

    return allowed


def install() -> None:
    """Wraps what the services do, unless ministack is told to judge nobody."""
    if not module("app").AUTH:
        return
    wrap("services.stepfunctions", "_run_execution", remember_role)
    wrap("services.stepfunctions", "_call_lambda", invoke_as_role)
    wrap("services.eventbridge", "_invoke_target", reach_as_allowed)
    wrap("services.iot", "_dispatch_rule_sqs", send_as_role)
    wrap("services.lambda_svc", "_sqs_esm_concurrency", feed_as_role)
