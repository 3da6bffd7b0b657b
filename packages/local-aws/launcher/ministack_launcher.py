"""Starts ministack with the CloudFormation resource types that it lacks.

A handler is a dict of callables in ministack's ``_RESOURCE_HANDLERS`` table:
``create(logical_id, props, stack_name) -> (physical_id, attributes)``,
``update(physical_id, old_props, new_props, stack_name) -> (physical_id, attributes)`` and
``delete(physical_id, props)``. The table is private, so this file works with the version of ministack that
requirements.lock pins, and refuses to start on another.

The resources themselves live in our SageMaker and Greengrass services and in the launcher's role-alias
registry; the handlers only forward to them over HTTP.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
REQUIREMENTS = PACKAGE / "requirements.lock"

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]


#: Resources are made with root's rights, those of ministack itself too; our services do not check root's signature.
ROOT = {"authorization": "AWS4-HMAC-SHA256 Credential=test/19700101/local/local-aws/aws4_request"}


def request(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """One HTTP request with a JSON body; the service's own error message becomes the stack event's reason."""
    data = None if body is None else json.dumps(body).encode()
    message = urllib.request.Request(
        url, data=data, method=method, headers={"content-type": "application/json", **ROOT, **(headers or {})}
    )
    try:
        with urllib.request.urlopen(message, timeout=60) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        raise ValueError(f"{method} {url}: {error.code} {error.read().decode()}") from error
    return json.loads(text) if text else {}


def sagemaker(operation: str, body: Properties) -> Any:
    """One call of the SageMaker service, AWS JSON 1.1."""
    return request(
        "POST",
        os.environ["AWS_ENDPOINT_URL_SAGEMAKER"],
        body,
        {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"SageMaker.{operation}"},
    )


def greengrass(method: str, path: str, body: Any = None) -> Any:
    """One call of the Greengrass V2 service, REST-JSON."""
    return request(method, os.environ["AWS_ENDPOINT_URL_GREENGRASSV2"] + path, body)


def pipeline_body(props: Properties) -> Properties:
    """CloudFormation's PipelineDefinition wrapper -> the API's PipelineDefinition string."""
    definition = props["PipelineDefinition"]
    text = definition if isinstance(definition, str) else definition["PipelineDefinitionBody"]
    body = {
        "PipelineName": props["PipelineName"],
        "PipelineDefinition": text if isinstance(text, str) else json.dumps(text),
        "RoleArn": props["RoleArn"],
    }
    for optional in ("PipelineDisplayName", "PipelineDescription", "ParallelismConfiguration"):
        if optional in props:
            body[optional] = props[optional]
    return body


def create_pipeline(_logical_id: str, props: Properties, stack_name: str) -> Provisioned:
    # The client request token must be 32 to 128 characters long.
    body = pipeline_body(props) | {"ClientRequestToken": f"{stack_name}-{props['PipelineName']}".ljust(32, "-")[:128]}
    answer = sagemaker("CreatePipeline", body)
    return props["PipelineName"], {"Arn": answer["PipelineArn"]}


def update_pipeline(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Provisioned:
    answer = sagemaker("UpdatePipeline", pipeline_body(new))
    return physical_id, {"Arn": answer["PipelineArn"]}


def delete_pipeline(physical_id: str, _props: Properties) -> None:
    sagemaker("DeletePipeline", {"PipelineName": physical_id, "ClientRequestToken": physical_id.ljust(32, "-")[:128]})


def create_model_package_group(_logical_id: str, props: Properties, _stack: str) -> Provisioned:
    body: Properties = {
        key: props[key] for key in ("ModelPackageGroupName", "ModelPackageGroupDescription") if key in props
    }
    arn = sagemaker("CreateModelPackageGroup", body)["ModelPackageGroupArn"]
    return arn, {"ModelPackageGroupArn": arn}


def update_model_package_group(physical_id: str, _old: Properties, _new: Properties, _stack: str) -> Provisioned:
    return physical_id, {"ModelPackageGroupArn": physical_id}


def delete_model_package_group(_physical_id: str, props: Properties) -> None:
    sagemaker("DeleteModelPackageGroup", {"ModelPackageGroupName": props["ModelPackageGroupName"]})


def create_component_version(_logical_id: str, props: Properties, _stack: str) -> Provisioned:
    import base64

    recipe = props["InlineRecipe"]
    text = recipe if isinstance(recipe, str) else json.dumps(recipe)
    answer = greengrass(
        "POST",
        "/greengrass/v2/createComponentVersion",
        {"inlineRecipe": base64.b64encode(text.encode()).decode(), "tags": props.get("Tags", {})},
    )
    name, number = answer["componentName"], answer["componentVersion"]
    return answer["arn"], {"Arn": answer["arn"], "ComponentName": name, "ComponentVersion": number}


def delete_component_version(physical_id: str, _props: Properties) -> None:
    greengrass("DELETE", "/greengrass/v2/components/" + urllib.parse.quote(physical_id, safe=""))


def role_alias_url(name: str) -> str:
    return os.environ["LOCAL_AWS_ROLE_ALIAS_URL"] + "/role-aliases/" + name


def put_role_alias(name: str, props: Properties) -> Provisioned:
    answer = request(
        "PUT",
        role_alias_url(name),
        {"roleArn": props["RoleArn"], "credentialDurationSeconds": props.get("CredentialDurationSeconds", 3600)},
    )
    return name, {"RoleAliasArn": answer["roleAliasArn"]}


def create_role_alias(_logical_id: str, props: Properties, _stack: str) -> Provisioned:
    return put_role_alias(props["RoleAlias"], props)


def update_role_alias(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Provisioned:
    return put_role_alias(physical_id, new)


def delete_role_alias(physical_id: str, _props: Properties) -> None:
    # A content type without a body is refused.
    request("DELETE", role_alias_url(physical_id), {})


HANDLERS: dict[str, dict[str, Callable[..., Any]]] = {
    "AWS::SageMaker::Pipeline": {"create": create_pipeline, "update": update_pipeline, "delete": delete_pipeline},
    "AWS::SageMaker::ModelPackageGroup": {
        "create": create_model_package_group,
        "update": update_model_package_group,
        "delete": delete_model_package_group,
    },
    # A changed recipe is a new version, so an update is a create; the earlier version is retained by its policy.
    "AWS::GreengrassV2::ComponentVersion": {
        "create": create_component_version,
        "update": lambda _physical_id, _old, new, stack: create_component_version("", new, stack),
        "delete": delete_component_version,
    },
    "AWS::IoT::RoleAlias": {
        "create": create_role_alias,
        "update": update_role_alias,
        "delete": delete_role_alias,
    },
}


def register_handlers() -> None:
    """Puts the handlers into ministack's table, or says clearly that the table has moved."""
    module = importlib.import_module("ministack.services.cloudformation.provisioners")
    table = getattr(module, "_RESOURCE_HANDLERS", None)
    if not isinstance(table, dict):
        raise SystemExit("ministack: the table of CloudFormation handlers (_RESOURCE_HANDLERS) has moved")
    already = [name for name in HANDLERS if name in table]
    if already:
        raise SystemExit(f"ministack now provides {', '.join(already)} itself: remove our handlers")
    table.update(HANDLERS)
    # Our services call ministack back (Greengrass reads artifacts from S3), which must not wait for itself.
    stacks: Any = importlib.import_module("ministack.services.cloudformation.stacks")
    original = getattr(stacks, "_runs_on_worker_thread", None)
    if original is None:
        raise SystemExit("ministack: the choice of worker threads (_runs_on_worker_thread) has moved")
    stacks._runs_on_worker_thread = lambda name: name in HANDLERS or original(name)


def keep_listeners_on(host: str) -> None:
    """Binds every listener to ``host``: ministack binds its MQTT port to 0.0.0.0 whatever BIND_HOST says, and it
    accepts clients without a certificate there, so it must never be reachable from outside this machine.
    """
    loop: Any = asyncio.base_events.BaseEventLoop
    original = loop.create_server

    async def create_server(self: Any, factory: Any, host_asked: Any = None, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("host") == "0.0.0.0":
            kwargs["host"] = host
        if host_asked == "0.0.0.0":
            host_asked = host
        if "host" in kwargs:
            return await original(self, factory, *args, **kwargs)
        return await original(self, factory, host_asked, *args, **kwargs)

    loop.create_server = create_server


def count_loopback_as_secure() -> None:
    """Makes ``aws:SecureTransport`` true. The CDK bootstrap bucket, and any bucket made well, refuses requests without
    TLS; here plain HTTP on the loopback interface, which nobody can listen in on, stands for it.
    """
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    original = getattr(evaluator, "pin_request_origin", None)
    if original is None:
        raise SystemExit("ministack: the origin of a request (pin_request_origin) has moved")
    evaluator.pin_request_origin = lambda source_ip, _secure_transport: original(source_ip, True)


def pinned_version(name: str) -> str:
    """The version of a package in requirements.lock, the only place that says it."""
    pin = re.search(rf"^{re.escape(name)}==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if pin is None:
        raise SystemExit(f"{REQUIREMENTS} pins no version of {name}")
    return pin.group(1)


def main() -> None:
    required, found = pinned_version("ministack"), version("ministack")
    if found != required:
        raise SystemExit(f"ministack {required} is required, found {found}: install {REQUIREMENTS}")
    # First: ministack's gateway, which a patch below loads, takes the function as it is then.
    count_loopback_as_secure()
    register_handlers()
    # Patches of ministack that belong to the services whose behaviour they complete.
    for folder, module in (
        ("device-gateway", "credentials_provider"),
        ("device-gateway", "device_endpoints"),
        ("greengrass", "event_sources"),
        ("iam", "authorization"),
        ("launcher", "deletions"),
        ("cloudwatch", "alarm_clock"),
        ("iam", "service_calls"),
        ("launcher", "function_runtimes"),
    ):
        sys.path.insert(0, str(PACKAGE / folder))
        importlib.import_module(module).install()
    keep_listeners_on(os.environ.get("BIND_HOST", "127.0.0.1"))
    sys.argv = sys.argv[:1]
    importlib.import_module("ministack.app").main()


if __name__ == "__main__":
    main()
