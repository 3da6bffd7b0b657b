"""Names of everything in an AWS account and region that deploying this application makes, or leads to; JSON by kind."""

from __future__ import annotations

import json
from typing import Any

import boto3

#: Kind: service, paginated operation, list in its answer, name in an item (none where items are names).
LISTS: dict[str, tuple[str, str, str, str | None]] = {
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "certificate": ("iot", "list_certificates", "certificates", "certificateId"),
    "component": ("greengrassv2", "list_components", "components", "componentName"),
    "core device": ("greengrassv2", "list_core_devices", "coreDevices", "coreDeviceThingName"),
    "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "deployment": ("greengrassv2", "list_deployments", "deployments", "deploymentId"),
    "event source mapping": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "export": ("cloudformation", "list_exports", "Exports", "Name"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "IoT policy": ("iot", "list_policies", "policies", "policyName"),
    "job": ("iot", "list_jobs", "jobs", "jobId"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "model package group": (
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
    ),
    "pipeline": ("sagemaker", "list_pipelines", "PipelineSummaries", "PipelineName"),
    "queue": ("sqs", "list_queues", "QueueUrls", None),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "state machine": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "table": ("dynamodb", "list_tables", "TableNames", None),
    "thing": ("iot", "list_things", "things", "thingName"),
    "thing group": ("iot", "list_thing_groups", "thingGroups", "groupName"),
    "thing type": ("iot", "list_thing_types", "thingTypes", "thingTypeName"),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "topic rule": ("iot", "list_topic_rules", "rules", "ruleName"),
}


def listed(service: str, operation: str, items: str, name: str | None) -> list[str]:
    client = boto3.client(service)
    pages: list[Any] = (
        list(client.get_paginator(operation).paginate())
        if client.can_paginate(operation)
        else [getattr(client, operation)()]
    )
    return sorted(item if name is None else item[name] for page in pages for item in page.get(items, []))


def usable_keys() -> list[str]:
    """A key that is deleted waits for 30 days."""
    kms = boto3.client("kms")
    ids = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
    states = {key: kms.describe_key(KeyId=key)["KeyMetadata"] for key in ids}
    return sorted(
        key
        for key, state in states.items()
        if state["KeyManager"] == "CUSTOMER" and state["KeyState"] != "PendingDeletion"
    )


def main() -> None:
    found = {kind: listed(*how) for kind, how in LISTS.items()}
    found["bucket"] = sorted(bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"])
    found["event rule"] = sorted(rule["Name"] for rule in boto3.client("events").list_rules()["Rules"])
    found["key"] = usable_keys()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
