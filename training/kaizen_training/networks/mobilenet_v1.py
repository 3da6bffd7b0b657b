"""MobileNetV1, and the same network with full convolutions as the control.

Source: Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam, "MobileNets: Efficient Convolutional Neural
Networks for Mobile Vision Applications", arXiv:1704.04861: table 1 (the layers), section 3.3 (width multiplier),
section 3.4 (resolution: the size of the image that the network is given), table 4 (the control, "Conv MobileNet").

A separable convolution costs `1/N + 1/Dk^2` of a full Dk x Dk convolution with N output channels (section 3.1).
"""

from __future__ import annotations

from torch import nn

from kaizen_training.networks.blocks import (
    ImageClassifier,
    check_size,
    convolution,
    round_channels,
    separable_convolution,
)

STEM_CHANNELS = 32
# Table 1: (output channels, stride). Its last line prints stride 2 for a layer whose input and output have one size,
# 7 x 7: it is 1.
LAYERS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


class MobileNetV1(ImageClassifier):
    """Classifier: float [n, 3, h, w] -> logits [n, classes].

    Args:
        classes: number of classes, at least 2.
        width_multiplier: factor on the channels of every layer, above 0 and at most 2.
        full_convolutions: the control: every separable convolution becomes a full 3x3 convolution of the same shape.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, classes: int, width_multiplier: float = 1.0, *, full_convolutions: bool = False) -> None:
        check_size(classes, width_multiplier)
        channels = round_channels(STEM_CHANNELS * width_multiplier)
        layers: list[nn.Module] = [convolution(3, channels, 3, stride=2)]
        for base, stride in LAYERS:
            outputs = round_channels(base * width_multiplier)
            if full_convolutions:
                layers.append(convolution(channels, outputs, 3, stride=stride))
            else:
                layers.append(separable_convolution(channels, outputs, stride=stride))
            channels = outputs
        super().__init__(nn.Sequential(*layers), channels, classes)
        self.initialise()
