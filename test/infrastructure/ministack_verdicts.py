"""Verdicts of ministack's IAM, which judges requests in the local AWS: JSON cases come on standard input."""

import json
import sys
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document


def is_allowed(case: dict[str, Any]) -> bool:
    """Whether the statements allow the request, as those of a role of the request's own account."""
    context = EvalContext(
        principal_arn=case["principal"],
        principal_type="AssumedRole",
        principal_account=case["principal"].split(":")[4],
        action=case["action"],
        resource_arn=case["resource"],
        region="us-east-1",
        service_context={key.lower(): value for key, value in case["context"].items()},
    )
    return bool(evaluate(context, [parse_policy_document({"Statement": case["statements"]})]).decision == "Allow")


if __name__ == "__main__":
    json.dump([is_allowed(case) for case in json.load(sys.stdin)], sys.stdout)
