"""The `SM_*` environment of a job, and the files of /opt/ml that go with it."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def job_environment(
    base: Path,
    channels: Mapping[str, Path],
    hyperparameters: Mapping[str, object],
    hosts: Sequence[str] = ("localhost",),
    current_host: str = "localhost",
) -> dict[str, str]:
    """What the training toolkit sets for a host of a job in `base`."""
    return {
        "SAGEMAKER_BASE_DIR": str(base),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_OUTPUT_DIR": str(base / "output"),
        "SM_OUTPUT_DATA_DIR": str(base / "output/data"),
        "SM_HPS": json.dumps(hyperparameters),
        "SM_INPUT_DATA_CONFIG": json.dumps({name: {"TrainingInputMode": "File"} for name in channels}),
        "SM_CHANNELS": json.dumps(list(channels)),
        **{f"SM_CHANNEL_{name.upper()}": str(folder) for name, folder in channels.items()},
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": "1",
        "SM_HOSTS": json.dumps(list(hosts)),
        "SM_CURRENT_HOST": current_host,
    }
