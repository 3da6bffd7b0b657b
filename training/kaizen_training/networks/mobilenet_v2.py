"""MobileNetV2 with a width multiplier, for small images.

Source: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
arXiv:1801.04381, table 2 (the stack of bottlenecks: expansion t, channels c, repeats n, stride s) and
section 3 (inverted residual: 1x1 expansion, 3x3 depthwise, linear 1x1 projection).

A depthwise 3x3 followed by a pointwise 1x1 costs `1/N + 1/Dk^2` of a full Dk x Dk convolution with N output
channels (Howard et al., "MobileNets", arXiv:1704.04861, section 3.1); `tests/test_networks.py` checks this law by
counting with `count_cost`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

# Table 2 of the paper: (expansion t, output channels c, repeats n, stride of the first s).
BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM_CHANNELS = 32
LAST_CHANNELS = 1280


def round_channels(channels: float, divisor: int = 8) -> int:
    """Rounds to a multiple of `divisor` without falling more than 10 %, as the authors' implementation does."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, linear: bool = False
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if not linear:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand, filter per channel, project; with a shortcut where shape allows it (section 3.3)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        expand = [] if expansion == 1 else [_convolution(inputs, hidden, 1)]
        self.layers = nn.Sequential(
            *expand,
            _convolution(hidden, hidden, 3, stride=stride, groups=hidden),
            _convolution(hidden, outputs, 1, linear=True),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, inputs, h, w] to float [n, outputs, h / stride, w / stride]."""
        return x + self.layers(x) if self.shortcut else self.layers(x)


class MobileNetV2(nn.Module):
    """Classifier: float [n, 3, h, w] -> logits [n, classes].

    Args:
        classes: number of classes, at least 2.
        width_multiplier: factor on the channels of every layer, above 0 and at most 2.
        last_channels: channels before the classifier. The paper keeps 1280 for widths up to 1, sized for
            1000 classes; the default scales it with the width, which a handful of classes does not need more than.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, classes: int, width_multiplier: float = 0.35, last_channels: int | None = None) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"classes: must be at least 2, got {classes}")
        if not 0 < width_multiplier <= 2:
            raise ValueError(f"width_multiplier: must be above 0 and at most 2, got {width_multiplier}")
        channels = round_channels(STEM_CHANNELS * width_multiplier)
        layers: list[nn.Module] = [_convolution(3, channels, 3, stride=2)]
        for expansion, base, repeats, stride in BOTTLENECKS:
            outputs = round_channels(base * width_multiplier)
            for index in range(repeats):
                first_stride = stride if index == 0 else 1
                layers.append(InvertedResidual(channels, outputs, stride=first_stride, expansion=expansion))
                channels = outputs
        last = last_channels or round_channels(LAST_CHANNELS * width_multiplier)
        layers.append(_convolution(channels, last, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(last, classes)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # fan_out, usual for this network, counts all channels of a depthwise kernel, which has one input
                # only: its weights start sqrt(channels) times smaller, too small to learn within a few epochs.
                nn.init.kaiming_normal_(module.weight, mode="fan_in")
            elif isinstance(module, InvertedResidual) and module.shortcut:
                # Start as the identity (Goyal et al., arXiv:1706.02677, section 5.1).
                nn.init.zeros_(module.layers[-1][1].weight)  # type: ignore[index]
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Maps normalised images, float [n, 3, h, w], to logits, float [n, classes]."""
        pooled: Tensor = self.features(x).mean(dim=(2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits


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
