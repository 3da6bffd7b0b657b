"""Data-parallel training over the processors of a host and over the hosts of a SageMaker job, with the result of one.

A batch is cut into shares of `SHARE` items. Every share goes through a replica of the network, on a thread of its own
with one processor, and what the shares give is added up: over the threads, then over the hosts by gloo, which needs no
GPU. Operators of efficient networks are too small to be split over processors: PyTorch's own two threads
train MobileNetV2 slower than one. `npm run bench -- training` measures the shares against them (T1, T2) and a second
host (T5).

Batch normalisation normalises each share by its own statistics, wherever the share is computed (ghost batch
normalisation, Hoffer et al., arXiv:1705.08741). So the model depends neither on the number of processors nor on the
number of hosts. Statistics of the whole batch would be the alternative; they cost two meetings of all hosts in every
layer, and with them two hosts were three times slower than one.
"""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

# Items that are normalised together: two shares of the usual batch of 32.
SHARE = 16
# Items that are inferred at a time: enough for the operators, few enough for every thread to get some; of images above
# 128 x 128 pixels as many fewer.
CHUNK = 64
CHUNK_BYTES = CHUNK * 128 * 128 * 3
# As SageMaker's PyTorch image has it (aws/sagemaker-pytorch-training-toolkit, training.py).
DEFAULT_PORT = "7777"
# A host may wait this long for another one: images are pulled and channels downloaded at their own pace.
TIMEOUT = timedelta(minutes=15)


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

    def total(self, values: Tensor) -> Tensor:
        """The values summed over the hosts, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

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


def _statistics(network: nn.Module) -> list[Tensor]:
    """Running means and variances; the counts of batches are alike in every replica."""
    return [buffer for buffer in network.buffers() if buffer.is_floating_point()]


def _replica(network: nn.Module) -> nn.Module:
    """The same parameters, the objects themselves, and buffers of its own."""
    return copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})


class DataParallelNetwork:
    """A network whose batches are computed in shares, side by side.

    Attributes:
        network: what is trained; parameters and buffers are those of all shares together after every step.
    """

    def __init__(self, network: nn.Module, batch: int, group: HostGroup, processors: int) -> None:
        """Lays out the shares.

        Args:
            network: its parameters are trained in place.
            batch: items in each batch of all hosts together, at least 1.
            group: the hosts.
            processors: of this host, at least 1; more of them than shares are split among the operators of each.

        Raises:
            ValueError: there are more hosts than shares.
        """
        self.network = network
        self.shares = max(1, batch // SHARE)
        if group.size > self.shares:
            raise ValueError(
                f"hosts: at most {self.shares}, one for each {SHARE} items of a batch of {batch}, got {group.size}"
            )
        self._group = group
        # Strides, not blocks: the sizes differ by one item at most.
        self._own = [slice(index, None, self.shares) for index in range(group.rank, self.shares, group.size)]
        self._replicas = [network, *(_replica(network) for _ in self._own[1:])]
        self._statistics = [_statistics(replica) for replica in self._replicas]
        self._parameters = list(network.parameters())
        workers = min(len(self._own), processors)
        torch.set_num_threads(max(1, processors // workers))
        self._threads = ThreadPoolExecutor(workers)

    def infer(self, function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        """Applies a function that changes nothing to chunks of [n, ...], side by side and without gradients.

        Inputs may be a map of a file: each chunk is read when its turn has come.
        """

        def outputs(chunk: Tensor) -> Tensor:
            # The mode is one thread's.
            with torch.inference_mode():
                return function(chunk)

        bytes_of_item = math.prod(inputs.shape[1:]) * inputs.element_size()
        chunks = inputs.split(max(1, min(CHUNK, CHUNK_BYTES // bytes_of_item)))
        return torch.cat(list(self._threads.map(outputs, chunks))).clone()

    def backward(self, loss_of_share: Callable[[nn.Module, slice], Tensor], request: bool) -> tuple[float, bool]:
        """Computes gradients and running statistics of one batch.

        Args:
            loss_of_share: called with a replica, in training mode, and the share's place in the batch; returns the
                share's part of the loss, a scalar. The parts are added up. Called from several threads at once.
            request: anything to agree upon.

        Returns:
            The loss of the whole batch, and whether any host had a request.

        Raises:
            RuntimeError: a parameter has no part in the loss.
        """
        requested = torch.tensor([float(request)])

        def outcome(replica: nn.Module, running: list[Tensor], share: slice) -> Tensor:
            loss = loss_of_share(replica.train(), share)
            gradients = torch.autograd.grad(loss, self._parameters)
            parts = [*gradients, *running, loss.detach(), requested]
            return torch.cat([part.reshape(-1) for part in parts])

        statistics, *others = self._statistics
        for own in others:
            for running, common in zip(own, statistics, strict=True):
                running.copy_(common)
        first, *rest = self._threads.map(outcome, self._replicas, self._statistics, self._own)
        # In order, and two numbers have the same sum in any: as many hosts as shares give the bits of one.
        total = self._group.total(sum(rest, start=first))

        targets = [*self._parameters, *statistics]
        *parts, tail = total.split([*(target.numel() for target in targets), 2])
        for parameter, part in zip(self._parameters, parts, strict=False):
            parameter.grad = part.view_as(parameter)
        for running, part in zip(statistics, parts[len(self._parameters) :], strict=True):
            # An exponential average is linear: the mean of the shares' averages is the average of their mean.
            running.copy_(part.view_as(running) / self.shares)
        loss, requests = tail.tolist()
        return loss, requests > 0

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown()
