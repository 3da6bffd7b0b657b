"""MobileNetV2 with a width multiplier, for small images.

Source: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
arXiv:1801.04381, table 2 (the stack of bottlenecks: expansion t, channels c, repeats n, stride s) and
section 3 (inverted residual: 1x1 expansion, 3x3 depthwise, linear 1x1 projection).
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from kaizen_training.networks.blocks import ImageClassifier, check_size, convolution, round_channels

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

_convolution = partial(convolution, activation=nn.ReLU6)


class InvertedResidual(nn.Module):
    """Expand, filter per channel, project; with a shortcut where shape allows it (section 3.3)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        expand = [] if expansion == 1 else [_convolution(inputs, hidden, 1)]
        self.layers = nn.Sequential(
            *expand,
            _convolution(hidden, hidden, 3, stride=stride, groups=hidden),
            convolution(hidden, outputs, 1, activation=None),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, inputs, h, w] to float [n, outputs, h / stride, w / stride]."""
        return x + self.layers(x) if self.shortcut else self.layers(x)


class MobileNetV2(ImageClassifier):
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
        check_size(classes, width_multiplier)
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
        super().__init__(nn.Sequential(*layers), last, classes)
        blocks = [module for module in self.modules() if isinstance(module, InvertedResidual)]
        self.initialise(block.layers[-1][1] for block in blocks if block.shortcut)  # type: ignore[index]
