"""[S4] Several hosts, with the result of one."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the community's name
from torch import Tensor, nn

from kaizen_training.data_parallel import SHARE, DataParallelNetwork, HostGroup, joined_hosts
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS, job_environment, reserved_port

SCRIPT = "scripts/pytorch/inspect_surface.py"
HYPERPARAMETERS = {"script": SCRIPT, "epochs": 2, "learning_rate": 0.02, "width_multiplier": 0.05, "resolution": 32}


def host(job: Path, prepared: Path, hosts: list[str], current: str, port: int) -> subprocess.Popen[str]:
    channels = {"train": prepared, "validation": prepared}
    base = job / current
    base.mkdir(parents=True)
    environment = {
        **os.environ,
        **job_environment(base, channels, HYPERPARAMETERS, hosts, current),
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    program = [sys.executable, str(SOURCE_DIR / "kaizen_training/entry_point.py")]
    return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def assert_same_bits(left: nn.Module, right: nn.Module) -> None:
    expected, weights = left.state_dict(), right.state_dict()
    assert list(expected) == list(weights)
    assert [name for name in expected if not torch.equal(weights[name], expected[name])] == []


def test_s4_two_hosts_train_the_model_of_one(tiny_prepared: Path, tmp_path: Path) -> None:
    """[S4] Same seed, same batches of 32, a share of 16 on each host: the same model, bit for bit."""
    hosts = ["algo-1", "algo-2"]
    with reserved_port() as port:
        processes = [host(tmp_path / "two", tiny_prepared, hosts, name, port) for name in reversed(hosts)]
        outputs = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    second, first = outputs
    assert first.count("KAIZEN_PROGRESS") == 2
    assert "KAIZEN_PROGRESS" not in second
    assert not (tmp_path / "two/algo-2/model").exists()
    assert not (tmp_path / "two/algo-2/checkpoints").exists()

    script = load_script(SOURCE_DIR / SCRIPT)
    channels = {"train": str(tiny_prepared), "validation": str(tiny_prepared)}
    one = script.train(HYPERPARAMETERS, channels, str(tmp_path / "one"), 1)
    assert_same_bits(one, script.model_fn(str(tmp_path / "two/algo-1/model")))


def test_s4_the_number_of_processors_changes_nothing(tiny_prepared: Path, tmp_path: Path) -> None:
    """[S4] Two shares side by side, or one after the other."""
    script = load_script(SOURCE_DIR / SCRIPT)
    channels = {"train": str(tiny_prepared), "validation": str(tiny_prepared)}
    one, two = (script.train(HYPERPARAMETERS, channels, str(tmp_path / str(n)), n) for n in (1, 2))
    assert_same_bits(one, two)


def test_s4_more_hosts_than_shares_are_refused(
    tiny_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[S4] Before anything is trained, on every host alike."""
    script = load_script(SOURCE_DIR / SCRIPT)
    monkeypatch.setattr(script, "joined_hosts", lambda *_: nullcontext(HostGroup(2, 3)))
    monkeypatch.setattr(HostGroup, "of_primary", lambda _, value: value)
    channels = {"train": str(tiny_prepared), "validation": str(tiny_prepared)}
    with pytest.raises(ValueError, match="hosts: at most 2, one for each 16 items of a batch of 32, got 3"):
        script.train(HYPERPARAMETERS, channels, str(tmp_path), 1, ["a", "b", "c"], "c")


def small_network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))


@pytest.mark.parametrize("batch", [1, 15, 16, 31, 32, 33, 64, 80])
@pytest.mark.parametrize("processors", [1, 3])
def test_s4_shares_add_up_to_the_batch(batch: int, processors: int) -> None:
    """[S4] Against PyTorch's own backward pass over the shares in turn, each normalised by itself."""
    images, labels = torch.randn(batch, 2, 8, 8), torch.randint(3, (batch,))
    count = max(1, batch // SHARE)
    shares = [slice(index, None, count) for index in range(count)]
    assert sorted(i for share in shares for i in range(batch)[share]) == list(range(batch))

    def loss_of_share(network: nn.Module, share: slice) -> Tensor:
        return F.cross_entropy(network(images[share]), labels[share], reduction="sum") / batch

    separate = [small_network() for _ in shares]
    losses = [loss_of_share(network, share) for network, share in zip(separate, shares, strict=True)]
    total = torch.stack(losses).sum()
    total.backward()

    trained = small_network()
    with closing(DataParallelNetwork(trained, batch, HostGroup(0, 1), processors)) as parallel:
        loss, requested = parallel.backward(loss_of_share, True)
    assert requested is True
    assert loss == pytest.approx(total.item(), rel=1e-5)
    for ours, *theirs in zip(trained.parameters(), *(network.parameters() for network in separate), strict=True):
        torch.testing.assert_close(ours.grad, sum(parameter.grad for parameter in theirs))
    for name in ("running_mean", "running_var"):
        statistics = torch.stack([getattr(network[1], name) for network in separate])
        torch.testing.assert_close(getattr(trained[1], name), statistics.mean(0))
    assert trained[1].num_batches_tracked == 1


def test_s4_a_share_that_fails_fails_the_batch() -> None:
    """[S4] With its own error, from whichever thread."""

    def loss(replica: nn.Module, share: slice) -> Tensor:
        if share.start == 1:
            raise FloatingPointError("the second share")
        return replica(torch.zeros(16, 2, 8, 8)).sum()

    with (
        closing(DataParallelNetwork(small_network(), 32, HostGroup(0, 1), 2)) as parallel,
        pytest.raises(FloatingPointError, match="the second share"),
    ):
        parallel.backward(loss, False)


def test_s4_one_host_is_alone_and_meets_nobody() -> None:
    """[S4]"""
    with joined_hosts(["algo-1"], "algo-1", {}) as group:
        assert (group.rank, group.size, group.is_primary) == (0, 1, True)
        assert group.total(torch.tensor([1.5, 2.0])).tolist() == [1.5, 2.0]
        assert group.of_primary("x") == "x"
    assert not torch.distributed.is_initialized()


def test_s4_a_stranger_is_refused() -> None:
    """[S4]"""
    with (
        pytest.raises(ValueError, match="current_host: must be one of algo-1, algo-2, got 'algo-3'"),
        joined_hosts(["algo-2", "algo-1"], "algo-3", {}),
    ):
        pass


def test_g24_larger_images_are_inferred_fewer_at_a_time() -> None:
    """[G24] What an inference needs does not grow with the size of the images; the answers stay in their order."""
    taken: list[int] = []

    def mean(chunk: Tensor) -> Tensor:
        taken.append(len(chunk))
        return chunk.float().mean(dim=(1, 2, 3))

    with closing(DataParallelNetwork(nn.Linear(1, 1), 1, HostGroup(0, 1), 1)) as parallel:
        for side, expected in ((128, [64, 36]), (512, [4] * 25), (1024, [1] * 100)):
            # Of one byte each, seen as often as a pixel is wanted.
            images = torch.arange(100, dtype=torch.uint8).view(100, 1, 1, 1).expand(100, side, side, 3)
            taken.clear()
            assert parallel.infer(mean, images).tolist() == pytest.approx(list(range(100)), rel=1e-3)
            assert taken == expected
