"""The `SM_*` environment of a job, and the files of /opt/ml that go with it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# Only ends what hangs: a busy machine takes minutes for what takes seconds.
PATIENCE_SECONDS = 600


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody else is given meanwhile.

    It is bound and not listened to. Linux lets a server bind it all the same where both have set SO_REUSEADDR, as
    PyTorch's store and MXNet's ZeroMQ do.
    """
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind(("127.0.0.1", 0))
        yield int(reservation.getsockname()[1])


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
