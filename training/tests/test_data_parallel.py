"""[S4] Several hosts, with the result of one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from kaizen_training.data_parallel import HostGroup, joined_hosts
from kaizen_training.prepared import load_split
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

SCRIPT = "scripts/pytorch/inspect_surface.py"
HYPERPARAMETERS = {"script": SCRIPT, "epochs": 2, "learning_rate": 0.02, "width_multiplier": 0.05, "resolution": 32}


def host(job: Path, prepared: Path, hosts: list[str], current: str, port: int) -> subprocess.Popen[str]:
    base = job / current
    base.mkdir(parents=True)
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "SM_HPS": json.dumps(HYPERPARAMETERS),
        "SM_INPUT_DATA_CONFIG": "{}",
        "SM_CHANNELS": '["train", "validation"]',
        "SM_CHANNEL_TRAIN": str(prepared),
        "SM_CHANNEL_VALIDATION": str(prepared),
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": "1",
        "SM_HOSTS": json.dumps(hosts),
        "SM_CURRENT_HOST": current,
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    program = [sys.executable, str(SOURCE_DIR / "kaizen_training/entry_point.py")]
    return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_s4_two_hosts_train_the_model_of_one(tiny_prepared: Path, tmp_path: Path) -> None:
    """[S4] Same seed, same batches of 32: 16 on each host; the weights differ by rounding only."""
    hosts, port = ["algo-1", "algo-2"], free_port()
    processes = [host(tmp_path / "two", tiny_prepared, hosts, name, port) for name in reversed(hosts)]
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    second, first = outputs
    assert first.count("KAIZEN_PROGRESS") == 2
    assert "KAIZEN_PROGRESS" not in second
    assert not (tmp_path / "two/algo-2/model").exists()
    assert not (tmp_path / "two/algo-2/checkpoints").exists()

    script = load_script(SOURCE_DIR / SCRIPT)
    channels = {"train": str(tiny_prepared), "validation": str(tiny_prepared)}
    one = script.train(HYPERPARAMETERS, channels, str(tmp_path / "one"), 1)
    two = script.model_fn(str(tmp_path / "two/algo-1/model"))
    weights = two.state_dict()
    for name, expected in one.state_dict().items():
        np.testing.assert_allclose(weights[name].numpy(), expected.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)
    images = torch.from_numpy(load_split(tiny_prepared, "test").images)
    with torch.inference_mode():
        np.testing.assert_allclose(two(images).numpy(), one(images).numpy(), atol=1e-4)


def test_s4_a_batch_is_shared_out_whole() -> None:
    """[S4] No image twice, none left out, and no host with more than one more than another."""
    batch = torch.arange(33)
    shares = [HostGroup(rank, 4).share(batch) for rank in range(4)]
    assert sorted(torch.cat(shares).tolist()) == list(range(33))
    assert {len(share) for share in shares} == {8, 9}
    assert HostGroup(0, 1).share(batch) is batch


def test_s4_one_host_is_alone_and_meets_nobody() -> None:
    """[S4]"""
    with joined_hosts(["algo-1"], "algo-1", {}) as group:
        assert (group.rank, group.size, group.is_primary) == (0, 1, True)
        assert group.total(1.5, 2.0) == [1.5, 2.0]
        assert group.of_primary("x") == "x"
    assert not torch.distributed.is_initialized()


def test_s4_a_stranger_is_refused() -> None:
    """[S4]"""
    with (
        pytest.raises(ValueError, match="current_host: must be one of algo-1, algo-2, got 'algo-3'"),
        joined_hosts(["algo-2", "algo-1"], "algo-3", {}),
    ):
        pass
