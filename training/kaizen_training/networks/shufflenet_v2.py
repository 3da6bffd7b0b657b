"""ShuffleNet V2 with a width multiplier.

Source: Ma, Zhang, Zheng, Sun, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
arXiv:1807.11164: figure 3 c and d (the units), table 5 (the stages and widths).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from kaizen_training.networks.blocks import ImageClassifier, channel_shuffle, check_size, convolution, round_channels

STEM_CHANNELS = 24
# Table 5: channels of stage 2 at the four published widths; stages 3 and 4 have twice and four times as many. They do
# not grow in proportion to the width, so that widths between them lie on the lines between them.
PUBLISHED_WIDTHS = (0.0, 0.5, 1.0, 1.5, 2.0)
STAGE_2_CHANNELS = (0, 48, 116, 176, 244)
UNITS = (4, 8, 4)
LAST_CHANNELS = 1024


def _branch(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(inputs, outputs, 1),
        convolution(outputs, outputs, 3, stride=stride, groups=outputs, activation=None),
        convolution(outputs, outputs, 1),
    )


class ShuffleUnit(nn.Module):
    """Half of the channels pass as they are; the halves are then shuffled (figure 3 c)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = _branch(channels // 2, channels // 2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, channels, h, w] to the same shape."""
        kept, changed = x.chunk(2, dim=1)
        return channel_shuffle(torch.cat((kept, self.branch(changed)), dim=1), 2)


class HalvingUnit(nn.Module):
    """Both branches see every channel and halve the image (figure 3 d)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shortcut = nn.Sequential(
            convolution(inputs, inputs, 3, stride=2, groups=inputs, activation=None),
            convolution(inputs, outputs // 2, 1),
        )
        self.branch = _branch(inputs, outputs // 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, inputs, h, w] to float [n, outputs, h / 2, w / 2]."""
        return channel_shuffle(torch.cat((self.shortcut(x), self.branch(x)), dim=1), 2)


class ShuffleNetV2(ImageClassifier):
    """Classifier: float [n, 3, h, w] -> logits [n, classes].

    Args:
        classes: number of classes, at least 2.
        width_multiplier: above 0 and at most 2; 0.5, 1, 1.5 and 2 are the paper's.
        last_channels: channels before the classifier. The paper has 1024, and 2048 at width 2; the default scales it
            with the width, as for MobileNetV2.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, classes: int, width_multiplier: float = 1.0, last_channels: int | None = None) -> None:
        check_size(classes, width_multiplier)
        # The paper keeps 24 at every width; a narrower network need not have a stem that is wider than its stages.
        channels = min(STEM_CHANNELS, round_channels(2 * STEM_CHANNELS * width_multiplier))
        layers: list[nn.Module] = [convolution(3, channels, 3, stride=2), nn.MaxPool2d(3, stride=2, padding=1)]
        stage_2 = round_channels(float(np.interp(width_multiplier, PUBLISHED_WIDTHS, STAGE_2_CHANNELS)), 4)
        for stage, units in enumerate(UNITS):
            outputs = stage_2 * 2**stage
            layers += [HalvingUnit(channels, outputs), *(ShuffleUnit(outputs) for _ in range(units - 1))]
            channels = outputs
        last = last_channels or round_channels(LAST_CHANNELS * width_multiplier)
        layers.append(convolution(channels, last, 1))
        super().__init__(nn.Sequential(*layers), last, classes)
        self.initialise()
