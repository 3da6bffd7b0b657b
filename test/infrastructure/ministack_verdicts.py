"""Verdicts of ministack's IAM, which judges requests in the local AWS: JSON cases come on standard input."""

import importlib
import json
import sys
from typing import Any

iam: Any = importlib.import_module("ministack.core.iam_evaluator")


def is_allowed(case: dict[str, Any]) -> bool:
    """Whether the statements allow the request, as those of a role of the request's own account."""
    context = iam.EvalContext(
        principal_arn=case["principal"],
        principal_type="AssumedRole",
        principal_account=case["principal"].split(":")[4],
        action=case["action"],
        resource_arn=case["resource"],
        region="us-east-1",
        service_context={key.lower(): value for key, value in case["context"].items()},
    )
    policy = iam.parse_policy_document({"Statement": case["statements"]})
    return bool(iam.evaluate(context, [policy]).decision == "Allow")


if __name__ == "__main__":
    json.dump([is_allowed(case) for case in json.load(sys.stdin)], sys.stdout)
