"""IAM for the services that ministack does not have: who signed a request, what its policies allow, and credentials of
roles that trust a service. Our services ask over HTTP, on the loopback interface only, and ministack's own evaluator
answers, so that their callers are judged by the same rules as those of ministack's services.

``POST /_local-aws/authorize``
    ``{"accessKeyId" or "request", "checks": [{"action", "resource", "context"}]}`` ->
    ``{}`` or ``{"error": {"code", "message"}}`` of the first check that is refused.
``POST /_local-aws/assume-role``
    ``{"roleArn", "service", "sourceArn"?, "sessionName", "durationSeconds"}`` -> credentials, or ``{"error": ...}``.

Call :func:`install` before ``ministack.app.main()``. The functions it needs are private, so it refuses to run when one
has moved.
"""

from __future__ import annotations

import base64
import functools
import importlib
import json
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Body = dict[str, Any]

NEEDED = (
    "enforce",
    "evaluate_resource_policy",
    "EvalContext",
    "pin_signed_request",
    "pin_signed_body",
    "_anonymous",
    "_signed_request",
    "AuthError",
    "_resolve_condition_key",
)


def refusal(code: str, message: str) -> Body:
    return {"error": {"code": code, "message": message}}


class Iam:
    """Answers of ministack's evaluator, within the context of one request to ministack."""

    def __init__(self) -> None:
        self.evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
        self.actions: Any = importlib.import_module("ministack.core.iam_actions")
        self.responses: Any = importlib.import_module("ministack.core.responses")
        missing = [name for name in NEEDED if not hasattr(self.evaluator, name)]
        if missing:
            raise SystemExit(f"ministack: {', '.join(missing)} of core/iam_evaluator.py moved")

    def authorize(self, body: Body) -> Body:
        """Judges a caller's checks one after the other, until one is refused."""
        access_key_id = self.pin(body["request"]) if "request" in body else self.trust(body["accessKeyId"])
        for check in body["checks"]:
            action, resource = check["action"], check["resource"]
            service = action.split(":", 1)[0]
            denied = self.evaluator.enforce(
                access_key_id, action, service, self.responses.get_region(), resource, check.get("context") or {}
            )
            if isinstance(denied, self.evaluator.AuthError):
                return refusal(self.actions._AUTH_FAILURES[denied.code][2], denied.message)
            if denied:
                explicit = denied.decision == "Deny"
                message = self.actions.identity_denial_message(action, denied.principal_arn, resource, explicit)
                return refusal("AccessDeniedException", message)
        return {}

    def pin(self, request: Body) -> str:
        """Puts the request of our service in the place of the one that asks; its signature is checked once."""
        router: Any = importlib.import_module("ministack.core.router")
        split = urlsplit(request["url"])
        query = parse_qs(split.query, keep_blank_values=True)
        raw = request["headers"]
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in raw]
        self.evaluator.pin_signed_request(request["method"], split.path, query, pairs)
        self.evaluator.pin_signed_body(base64.b64decode(request["body"]))
        access_key_id: str = router.extract_access_key_id({name.lower(): value for name, value in raw}, query)
        return access_key_id

    def trust(self, access_key_id: str) -> str:
        """A session that this endpoint has given out: the service that asks need not sign for it."""
        self.evaluator._anonymous.set(False)
        self.evaluator._signed_request.set(None)
        return access_key_id

    def assume_role(self, body: Body) -> Body:
        """As ``sts:AssumeRole`` by a service, whose principal ministack's own STS does not know."""
        iam: Any = importlib.import_module("ministack.services.iam")
        sts: Any = importlib.import_module("ministack.services.sts")
        arn, service, account = body["roleArn"], body["service"], self.responses.get_account_id()
        role = iam._roles.get_scoped(account, None, arn.rsplit("/", 1)[-1])
        if role is None or role.get("Arn") != arn or not self.trusts(role, body, account):
            return refusal("AccessDenied", f"{service} is not authorized to perform: sts:AssumeRole on resource: {arn}")
        assumed, _error = sts._assumed_role_arn(arn, body["sessionName"])
        expiration = time.time() + body["durationSeconds"]
        key, secret, token = sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token()
        sts.register_session(
            key,
            {
                "Arn": assumed,
                "UserId": f"{role['RoleId']}:{body['sessionName']}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": expiration,
                "AccountId": account,
                "PrincipalType": "AssumedRole",
            },
        )
        # As AWS writes it: the SDKs take no other offset than Z.
        until = datetime.fromtimestamp(expiration, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"accessKeyId": key, "secretAccessKey": secret, "sessionToken": token, "expiration": until}

    def trusts(self, role: Body, body: Body, account: str) -> bool:
        """Whether the role's trust policy names the service, on behalf of its source."""
        document, source = role["AssumeRolePolicyDocument"], body.get("sourceArn")
        context = self.evaluator.EvalContext(
            principal_arn=body["service"],
            principal_type="Service",
            principal_account=account,
            action="sts:AssumeRole",
            resource_arn=body["roleArn"],
            region=self.responses.get_region(),
            service_context={"aws:sourceaccount": account, "aws:sourcearn": source} if source else {},
        )
        text = unquote(document) if isinstance(document, str) and not document.lstrip().startswith("{") else document
        allowed = self.evaluator.evaluate_resource_policy(text, context, service=body["service"])
        return bool(allowed.decision == "Allow")


def name_the_resource() -> None:
    """Lets refusals of ministack's services say the resource, as those of AWS do; it leaves it out of most."""
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    original = getattr(actions, "access_denied_response", None)
    if original is None:
        raise SystemExit("ministack: access_denied_response of core/iam_actions.py moved")

    @functools.wraps(original)
    def denied(service: str, action: str, principal_arn: str, request_id: str, **more: Any) -> Any:
        resource, explicit = more.get("resource_arn", "*"), more.get("explicit_deny", False)
        decided_here = not (more.get("message") or more.get("error_code") or more.get("resource_policy_arn"))
        if decided_here and resource != "*":
            quoted = f'"{resource}"' if service == "s3" else resource
            more["message"] = actions.identity_denial_message(action, principal_arn, quoted, explicit)
        return original(service, action, principal_arn, request_id, **more)

    actions.access_denied_response = denied


def role_of(principal_arn: str) -> str:
    """The role whose session it is, with the role's path; any other principal is itself."""
    iam: Any = importlib.import_module("ministack.services.iam")
    parts = principal_arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("assumed-role/"):
        return principal_arn
    account, name = parts[4], parts[5].split("/")[1]
    role = iam._roles.get_scoped(account, None, name)
    return str(role["Arn"]) if role else f"arn:aws:iam::{account}:role/{name}"


def principal_is_the_role(evaluator: Any) -> None:
    """``aws:PrincipalArn`` of a session is the ARN of its role, as AWS has it; ministack gives the session's."""
    original = evaluator._resolve_condition_key

    @functools.wraps(original)
    def resolve(key: str, context: Any) -> Any:
        value = original(key, context)
        return role_of(value) if key.lower() == "aws:principalarn" and isinstance(value, str) else value

    evaluator._resolve_condition_key = resolve


def install() -> None:
    """Adds the two paths to ministack's gateway, or says clearly that it has moved."""
    app: Any = importlib.import_module("ministack.app")
    original = getattr(app, "_handle_post_body_shortcuts", None)
    if original is None:
        raise SystemExit("ministack: _handle_post_body_shortcuts of app.py moved")
    name_the_resource()
    iam = Iam()
    principal_is_the_role(iam.evaluator)
    paths = {"/_local-aws/authorize": iam.authorize, "/_local-aws/assume-role": iam.assume_role}

    @functools.wraps(original)
    async def handle(method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        answer = paths.get(path) if method == "POST" else None
        if answer is None:
            return await original(method, path, headers, body, *rest)
        return 200, {"Content-Type": "application/json"}, json.dumps(answer(json.loads(body))).encode()

    app._handle_post_body_shortcuts = handle
