"""Where gradients are summed, and the parameter servers that do it for a job of several hosts.

SageMaker's MXNet container started them; today's training toolkit does not, so the script does. One scheduler on the
first host, one server and one worker on every host; the worker is the training script itself (mxnet.apache.org,
"Distributed Training in MXNet"; roles by `DMLC_*` variables).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

# SageMaker's MXNet container uses it. On one machine, where hosts share their ports, MASTER_PORT names a free one.
_PORT = "8000"


def choose_kvstore(hosts: list[str], num_gpus: int) -> str:
    """Where gradients are summed: on the one host, or by parameter servers."""
    if len(hosts) == 1:
        return "device" if num_gpus > 0 else "local"
    return "dist_device_sync" if num_gpus > 0 else "dist_sync"


def cluster_environment(hosts: list[str], environment: dict[str, str]) -> dict[str, str]:
    """Variables that all roles have in common.

    Args:
        hosts: of the job.
        environment: MASTER_ADDR and MASTER_PORT in it, where they are set, say where the scheduler is.
    """
    address = environment.get("MASTER_ADDR") or socket.gethostbyname(sorted(hosts)[0])
    shared = {
        "DMLC_PS_ROOT_URI": address,
        "DMLC_PS_ROOT_PORT": environment.get("MASTER_PORT", _PORT),
        "DMLC_NUM_SERVER": str(len(hosts)),
        "DMLC_NUM_WORKER": str(len(hosts)),
    }
    # Hosts of one machine must not look for each other on its other network.
    return {**shared, "DMLC_NODE_HOST": address} if address.startswith("127.") else shared


def start_parameter_server(hosts: list[str], current_host: str) -> None:
    """Starts this host's scheduler and server, and makes this process a worker.

    They end by themselves when every worker has ended.
    """
    shared = cluster_environment(hosts, dict(os.environ))
    roles = ["scheduler"] if current_host == sorted(hosts)[0] else []
    for role in [*roles, "server"]:
        # Importing MXNet in one of these roles serves until the job is over.
        subprocess.Popen([sys.executable, "-c", "import mxnet"], env={**os.environ, **shared, "DMLC_ROLE": role})
    os.environ.update({**shared, "DMLC_ROLE": "worker"})
