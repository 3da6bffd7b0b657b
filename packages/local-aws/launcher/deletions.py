"""Lets CloudFormation delete only what S3, DynamoDB and AWS IoT let go.

ministack's handlers drop buckets and tables whatever they hold, and a thing type can be deleted as soon as it is
deprecated. AWS refuses a bucket that is not empty and a table with deletion protection, and a thing type for five
minutes (docs.aws.amazon.com/iot/latest/apireference/API_DeleteThingType.html). CloudFormation waits these five minutes;
here it does not.

Call :func:`install` before ``ministack.app.main()``. What it wraps is private, so it refuses to run when that has
moved.
"""

from __future__ import annotations

import importlib
import json
import re
import time
from collections.abc import Callable
from typing import Any

THING_TYPE_SECONDS = 300
DELETED_OR_GONE = (200, 204, 404)


def message_of(body: bytes | str) -> str:
    """The sentence in an error of S3 (XML) or of DynamoDB (JSON)."""
    text = body.decode() if isinstance(body, bytes) else body
    found = re.search(r"<Message>(.*?)</Message>", text)
    if found:
        return found.group(1)
    answer = json.loads(text)
    return str(answer.get("message", answer.get("Message", text)))


def delete_by(call: Callable[[str], Any]) -> Callable[..., None]:
    """A handler's delete by the service's own operation, whose refusal becomes the stack event's reason."""

    def delete(physical_id: str, _props: dict[str, Any]) -> None:
        status, _headers, body = call(physical_id)
        if status not in DELETED_OR_GONE and "ResourceNotFoundException" not in str(body):
            raise ValueError(message_of(body))

    return delete


def keep_thing_type_for_five_minutes(iot: Any, handler: dict[str, Callable[..., Any]]) -> None:
    delete_thing_type, delete_in_stack = iot._delete_thing_type, handler["delete"]

    def delete_old_thing_type(name: str) -> Any:
        metadata = (iot._thing_types.get(name) or {}).get("thingTypeMetadata", {})
        if metadata.get("deprecated") and time.time() - metadata["deprecationDate"] < THING_TYPE_SECONDS:
            return iot.error_response_json(
                "InvalidRequestException", f"Please wait for 5 minutes after deprecation and then retry: {name}", 400
            )
        return delete_thing_type(name)

    def delete_at_once(physical_id: str, props: dict[str, Any]) -> Any:
        record = iot._thing_types.get(physical_id)
        if record is not None:
            iot._deprecate_thing_type(physical_id, {"undoDeprecate": False})
            record["thingTypeMetadata"]["deprecationDate"] -= THING_TYPE_SECONDS
        return delete_in_stack(physical_id, props)

    iot._delete_thing_type = delete_old_thing_type
    handler["delete"] = delete_at_once


def install() -> None:
    """Wraps the handlers, or says clearly what has moved."""
    services = {
        name: importlib.import_module(f"ministack.services.{name}")
        for name in ("s3", "dynamodb", "iot", "cloudformation.provisioners")
    }
    s3, dynamodb, iot, provisioners = services.values()
    for module, name in ((s3, "_delete_bucket"), (dynamodb, "_delete_table"), (iot, "_delete_thing_type")):
        if not hasattr(module, name):
            raise SystemExit(f"ministack: {name} of {module.__name__} has moved")
    table: Any = provisioners._RESOURCE_HANDLERS
    bucket: Any = s3._delete_bucket
    dynamodb_table: Any = dynamodb._delete_table
    table["AWS::S3::Bucket"]["delete"] = delete_by(bucket)
    table["AWS::DynamoDB::Table"]["delete"] = delete_by(lambda name: dynamodb_table({"TableName": name}))
    keep_thing_type_for_five_minutes(iot, table["AWS::IoT::ThingType"])
