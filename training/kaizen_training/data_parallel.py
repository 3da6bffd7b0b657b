"""Data-parallel training on several hosts of a SageMaker job, with the result of one host.

Every host holds the whole dataset, draws the same order and the same augmentation from the same seed, and takes its
share of each batch: the batch of all hosts together is the batch of one. PyTorch's DistributedDataParallel averages
the gradients over gloo, which needs no GPU.

Batch normalisation would still make a difference: each host would normalise by the statistics of its share (16 images
instead of 32 with two hosts), which is another network in training mode, not a rounding error. PyTorch's own
SyncBatchNorm runs on GPUs only, so `SynchronisedBatchNorm` sums the statistics over the hosts. What remains is the
order in which floats are added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.parallel import DistributedDataParallel

# As SageMaker's PyTorch image has it (aws/sagemaker-pytorch-training-toolkit, training.py).
DEFAULT_PORT = "7777"
# A host may wait this long for another one: images are pulled and channels downloaded at their own pace.
TIMEOUT = timedelta(minutes=15)


class SynchronisedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation by the statistics of the whole batch, of which each host has a share.

    Same parameters, buffers and behaviour in evaluation mode as `nn.BatchNorm2d`.
    """

    @classmethod
    def of(cls, plain: nn.BatchNorm2d) -> SynchronisedBatchNorm:
        """Takes over a plain one's parameters and buffers, the objects themselves."""
        made = cls(plain.num_features, plain.eps, plain.momentum)
        made._parameters, made._buffers = plain._parameters, plain._buffers
        made.train(plain.training)
        return made

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n of this host, channels, h, w] to the same shape."""
        if not self.training:
            return super().forward(x)
        axes = (0, 2, 3)
        # In 64 bits: the variance is a small difference of two large sums.
        sums = torch.stack((x.sum(axes, dtype=torch.float64), x.square().sum(axes, dtype=torch.float64)))
        count = torch.full((1, x.shape[1]), x.numel() / x.shape[1], dtype=torch.float64)
        total, squares, items = all_reduce(torch.cat((sums, count)))
        mean = total / items
        variance = (squares / items - mean.square()).clamp(min=0)
        self._remember(mean.detach(), (variance * items / (items - 1).clamp(min=1)).detach())
        scale = (variance + self.eps).rsqrt().to(x.dtype) * self.weight
        offset = self.bias - mean.to(x.dtype) * scale
        return x * scale[:, None, None] + offset[:, None, None]

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """As nn.BatchNorm2d: running statistics, the variance unbiased."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        share = 0.1 if self.momentum is None else self.momentum
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
            self.running_var.lerp_(variance.to(self.running_var.dtype), share)


def _synchronise(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, SynchronisedBatchNorm.of(child))
        else:
            _synchronise(child)


@dataclass(frozen=True)
class HostGroup:
    """This host among those that train together.

    Attributes:
        rank: place of this host in the sorted list of hosts; 0 is the primary one, which saves.
        size: number of hosts.
    """

    rank: int
    size: int

    @property
    def is_primary(self) -> bool:
        """Whether this host keeps checkpoints, reports and saves."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This host's part of a batch, [n, ...]; the parts of all hosts are the batch."""
        return batch if self.size == 1 else batch[self.rank :: self.size]

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network to call in training: gradients and normalisation are those of all hosts together."""
        if self.size == 1:
            return network
        _synchronise(network)
        # Buffers are equal already: every host computes the running statistics from the same sums.
        return DistributedDataParallel(network, broadcast_buffers=False)

    def total(self, *values: float) -> list[float]:
        """Each value summed over the hosts."""
        if self.size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(sums)
        return sums.tolist()

    def of_primary(self, value: Any) -> Any:
        """The primary host's value, on every host."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]


@contextmanager
def joined_hosts(hosts: Sequence[str], current_host: str, environment: Mapping[str, str]) -> Iterator[HostGroup]:
    """Meets the other hosts at the first one, and parts from them.

    MASTER_ADDR and MASTER_PORT of the environment say where, as SageMaker's PyTorch image and the local SageMaker set
    them (there the hosts are processes of one machine, and their names are known to no resolver); without them it is
    the first host's name, which SageMaker's network resolves, and port 7777.

    Raises:
        ValueError: the current host is not among the hosts.
        RuntimeError: the other hosts did not come in time.
    """
    ordered = sorted(hosts)
    if current_host not in ordered:
        raise ValueError(f"current_host: must be one of {', '.join(ordered)}, got '{current_host}'")
    group = HostGroup(ordered.index(current_host), len(ordered))
    if group.size == 1:
        yield group
        return
    interface = environment.get("SM_NETWORK_INTERFACE_NAME")
    if interface:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
    address = f"{environment.get('MASTER_ADDR', ordered[0])}:{environment.get('MASTER_PORT', DEFAULT_PORT)}"
    dist.init_process_group(
        "gloo", init_method=f"tcp://{address}", rank=group.rank, world_size=group.size, timeout=TIMEOUT
    )
    try:
        yield group
    finally:
        dist.destroy_process_group()
