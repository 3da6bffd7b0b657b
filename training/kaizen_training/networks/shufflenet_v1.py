"""ShuffleNet V1 with three groups and a width multiplier.

Source: Zhang, Zhou, Lin, Sun, "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
arXiv:1707.01083: figure 2 (the units), table 1 (the stages; the column g = 3), section 3.3 (`ShuffleNet s x` has s
times the filters).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kaizen_training.networks.blocks import ImageClassifier, channel_shuffle, check_size, convolution, round_channels

GROUPS = 3
STEM_CHANNELS = 24
# Table 1, g = 3: (output channels, units; the first of each stage halves the image).
STAGES = ((240, 4), (480, 8), (960, 4))
# A unit's bottleneck has a quarter of its output channels (section 3.2), and groups must divide it.
DIVISOR = 4 * GROUPS


class ShuffleUnit(nn.Module):
    """Grouped 1x1, shuffle, 3x3 per channel, grouped 1x1; beside it the input itself (figure 2 b and c).

    Where the image is halved the input is averaged and joined, not added: its channels count towards the output's.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int, groups_of_first: int) -> None:
        super().__init__()
        hidden = outputs // 4
        own = outputs - inputs if stride == 2 else outputs
        self.reduce = convolution(inputs, hidden, 1, groups=groups_of_first)
        self.filter = convolution(hidden, hidden, 3, stride=stride, groups=hidden, activation=None)
        self.restore = convolution(hidden, own, 1, groups=GROUPS, activation=None)
        self.halve = nn.AvgPool2d(3, stride=2, padding=1) if stride == 2 else None

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, inputs, h, w] to float [n, outputs, h / stride, w / stride]."""
        own = self.restore(self.filter(channel_shuffle(self.reduce(x), GROUPS)))
        joined = x + own if self.halve is None else torch.cat((self.halve(x), own), dim=1)
        return torch.relu(joined)


class ShuffleNetV1(ImageClassifier):
    """Classifier: float [n, 3, h, w] -> logits [n, classes].

    Args:
        classes: number of classes, at least 2.
        width_multiplier: factor on the channels of every layer, above 0 and at most 2.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, classes: int, width_multiplier: float = 1.0) -> None:
        check_size(classes, width_multiplier)
        channels = round_channels(STEM_CHANNELS * width_multiplier, DIVISOR)
        layers: list[nn.Module] = [convolution(3, channels, 3, stride=2), nn.MaxPool2d(3, stride=2, padding=1)]
        for stage, (base, units) in enumerate(STAGES):
            # Where the image is halved the unit's own channels are what the output has more than the input.
            outputs = max(channels + DIVISOR, round_channels(base * width_multiplier, DIVISOR))
            for unit in range(units):
                # Too few channels come in to be divided (section 3.3, on stage 2).
                groups = 1 if stage == unit == 0 else GROUPS
                layers.append(ShuffleUnit(channels, outputs, stride=2 if unit == 0 else 1, groups_of_first=groups))
                channels = outputs
        super().__init__(nn.Sequential(*layers), channels, classes)
        self.initialise(
            module.restore[1] for module in self.modules() if isinstance(module, ShuffleUnit) and module.halve is None
        )
