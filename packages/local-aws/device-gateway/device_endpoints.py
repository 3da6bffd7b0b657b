"""Where devices connect, for ministack, which names its own HTTP port as every endpoint of AWS IoT.

``iot:Data-ATS`` is the listener for MQTT over TLS, ``iot:CredentialProvider`` the device gateway, which serves the
Greengrass data plane too. AWS's addresses have no port; these have one, because every port here is a free one.

Call :func:`install` before ``ministack.app.main()``. What it replaces is private: it refuses to run when it has moved.
"""

from __future__ import annotations

import importlib
import os
from typing import Any


def addresses() -> dict[str, str]:
    """Address by endpoint type. Without a gateway there are no credentials, and ministack's own answer stands."""
    found = {"iot:Data-ATS": f"localhost:{os.environ['IOT_MTLS_PORT']}"}
    gateway = os.environ.get("LOCAL_AWS_GATEWAY_ADDRESS")
    return found | ({"iot:CredentialProvider": gateway} if gateway else {})


def install() -> None:
    """Replaces the two answers of DescribeEndpoint, or says clearly that they have moved."""
    iot: Any = importlib.import_module("ministack.services.iot")
    describe, address = (getattr(iot, name, None) for name in ("_describe_endpoint", "_endpoint_address"))
    if not callable(describe) or not callable(address):
        raise SystemExit("ministack: the endpoints of services/iot.py (_describe_endpoint) have moved")
    ours = addresses()

    def describe_endpoint(query: dict[str, Any]) -> Any:
        kind = query.get("endpointType", "iot:Data-ATS")
        return iot.json_response({"endpointAddress": ours[kind]}) if kind in ours else describe(query)

    iot._describe_endpoint = describe_endpoint
    iot._endpoint_address = lambda kind: ours.get(kind) or address(kind)
