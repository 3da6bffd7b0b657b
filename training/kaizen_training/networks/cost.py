"""What a network costs: multiply-accumulates and parameters, counted on the network itself.

The unit is the papers': one multiplication and one addition are one multiply-accumulate ("mult-adds" of
arXiv:1704.04861 and arXiv:1801.04381; "FLOPs" of arXiv:1707.01083 and arXiv:1807.11164). Convolutions and linear
layers are counted. Additions of biases, batch normalisation (which an export folds into the convolution before it),
activations and pooling are not, as in those papers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cost:
    """What a network costs: multiply-accumulates of convolutions and linear layers, and trainable numbers."""

    multiply_accumulates: int
    parameters: int


def count_cost(network: nn.Module, height: int, width: int) -> Cost:
    """Counts by running one image of [3, height, width] through the network and watching the layers."""
    total = 0

    def watch(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            per_output = module.in_channels // module.groups * module.kernel_size[0] * module.kernel_size[1]
            total += output[0].numel() * per_output
        elif isinstance(module, nn.Linear):
            total += module.in_features * module.out_features

    handles = [module.register_forward_hook(watch) for module in network.modules()]
    was_training = network.training
    try:
        network.eval()
        with torch.inference_mode():
            network(torch.zeros(1, 3, height, width))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return Cost(total, sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad))
