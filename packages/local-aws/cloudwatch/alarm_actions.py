"""Whether an alarm's action reaches its topic, for ministack, which hands every message straight to the subscribers.

CloudWatch publishes as ``cloudwatch.amazonaws.com``: the topic's policy decides, and the key's where the topic is
encrypted. Either way the alarm's history has an item of the type Action.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import uuid
from typing import Any

from ministack_parts import module_with

SERVICE = "cloudwatch.amazonaws.com"
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
ACTIONS_OF = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}

logger = logging.getLogger("cloudwatch")
cloudwatch = module_with("services.cloudwatch", "_dispatch_alarm_actions", "_history_entries", "_is_sns_action_arn")
evaluator = module_with("core.iam_evaluator", "EvalContext", "evaluate_resource_policy")
kms = module_with("services.kms", "key_policy_for_arn")
provisioners = module_with("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
responses = module_with("core.responses", "get_account_id", "get_region")
sns = module_with(
    "services.sns",
    *("topic_policy_allows", "_topic_by_arn_any_scope", "_topics"),
    *("_find_subscription", "_send_subscription_confirmation"),
)


def refusal_of(topic_arn: str, alarm_arn: str) -> str | None:
    """CloudWatch's words for what keeps it from publishing to a topic, None when nothing does."""
    account = responses.get_account_id()
    topic = sns._topic_by_arn_any_scope(topic_arn)
    if topic is None:
        return "Topic does not exist"
    if not sns.topic_policy_allows(topic_arn, SERVICE, alarm_arn, account):
        return (
            f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {topic_arn} "
            "because no resource-based policy allows the SNS:Publish action"
        )
    key = topic["attributes"].get("KmsMasterKeyId")
    if key and not key_policy_allows(key, alarm_arn, account):
        return "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
    return None


def key_policy_allows(key: str, alarm_arn: str, account: str) -> bool:
    """Whether CloudWatch may use a key; the policies of keys that AWS manages do not let it."""
    found = kms.key_policy_for_arn(key)
    if found is None:
        return False
    policy, _owner = found
    return all(
        evaluator.evaluate_resource_policy(
            policy,
            evaluator.EvalContext(
                principal_arn="*",
                principal_type="Service",
                principal_account="",
                action=action,
                resource_arn=key,
                region=responses.get_region(),
                service_context={"aws:sourcearn": alarm_arn, "aws:sourceaccount": account},
            ),
            service=SERVICE,
        ).decision
        == "Allow"
        for action in KEY_ACTIONS
    )


def history_item(alarm: dict[str, Any], topic_arn: str, refusal: str | None) -> dict[str, Any]:
    """What DescribeAlarmHistory says of an action."""
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "HistoryItemType": "Action",
        "HistorySummary": f"{'Failed to execute' if refusal else 'Successfully executed'} action {topic_arn}"
        + (f'. Received error: "{refusal}"' if refusal else ""),
        "HistoryData": json.dumps(
            {
                "actionState": "Failed" if refusal else "Succeeded",
                "notificationResource": topic_arn,
                "error": refusal,
            }
        ),
    }


def install() -> None:
    """Lets the policies of topics and keys decide."""
    publish = cloudwatch._dispatch_alarm_actions

    def publish_what_policies_allow(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        kind = ACTIONS_OF.get(new_state, "")
        topics = [action for action in alarm.get(kind) or [] if cloudwatch._is_sns_action_arn(action)]
        if not alarm.get("ActionsEnabled", True):
            return
        refusals = {topic: refusal_of(topic, alarm["AlarmArn"]) for topic in topics}
        for topic, refusal in refusals.items():
            cloudwatch._history_entries().append(history_item(alarm, topic, refusal))
            if refusal:
                logger.error("%s is mute: %s", alarm["AlarmName"], refusal)
        allowed = [topic for topic, refusal in refusals.items() if refusal is None]
        publish({**alarm, kind: allowed}, old_state, new_state, reason)

    cloudwatch._dispatch_alarm_actions = publish_what_policies_allow
    keep_keys_of_topics()
    ask_subscribers_of_templates()


def keep_keys_of_topics() -> None:
    """Keeps KmsMasterKeyId of a template's topic, which ministack's handlers forget."""
    handlers = provisioners._RESOURCE_HANDLERS
    handler = handlers["AWS::SNS::Topic"]

    def keeping(original: Any, properties_at: int) -> Any:
        def provision(*arguments: Any, **named: Any) -> Any:
            physical_id, attributes = original(*arguments, **named)
            key = arguments[properties_at].get("KmsMasterKeyId")
            sns._topics[physical_id]["attributes"].update({"KmsMasterKeyId": key} if key else {})
            return physical_id, attributes

        return provision

    handlers["AWS::SNS::Topic"] = {
        **handler,
        "create": keeping(handler["create"], 1),
        "update": keeping(handler["update"], 2),
    }


def ask_subscribers_of_templates() -> None:
    """Sends an endpoint that a template subscribes what it has to confirm, as is done for a request to subscribe."""
    handlers = provisioners._RESOURCE_HANDLERS
    create = handlers["AWS::SNS::Subscription"]["create"]

    def create_and_ask(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        arn, attributes = create(logical_id, props, stack_name)
        subscription = sns._find_subscription(props["TopicArn"], arn)
        if subscription and not subscription["confirmed"]:
            subscription["token"] = str(uuid.uuid4())
            question = sns._send_subscription_confirmation(props["TopicArn"], subscription)
            threading.Thread(target=asyncio.run, args=(question,), daemon=True).start()
        return arn, attributes

    handlers["AWS::SNS::Subscription"] = {**handlers["AWS::SNS::Subscription"], "create": create_and_ask}
