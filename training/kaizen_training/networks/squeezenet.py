"""SqueezeNet 1.0 and 1.1, with a width multiplier and, unless it is switched off, batch normalisation.

Source: Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters
and <0.5MB model size", arXiv:1602.07360: table 1 (the layers), section 3.2 (the Fire module). Version 1.1, with 2.4
times less computation, is the authors' own (github.com/forresti/SqueezeNet, SqueezeNet_v1.1).

Three things are not the paper's. Batch normalisation after every convolution, without which the network does not
learn in a few epochs at the learning rate that the others take; it is folded into the convolutions by the export, so
that the graph costs what the published one does. No ReLU on the class scores, which would leave a class that starts
below zero without a gradient. No dropout. `batch_normalisation=False` has the paper's parameters, to the last one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kaizen_training.networks.blocks import ImageClassifier, check_size, round_channels

# (channels of the first convolution, its kernel; Fire modules as (squeeze, expand of each half); the Fire modules,
# counted from 0, before which the image is halved once more).
VERSIONS = {
    "1.0": (96, 7, ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)), (3, 7)),
    "1.1": (64, 3, ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)), (2, 4)),
}


def _layer(inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0, normalise: bool) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=not normalise)]
    if normalise:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


class Fire(nn.Module):
    """Few 1x1 filters, then 1x1 and 3x3 filters side by side on their output (section 3.2)."""

    def __init__(self, inputs: int, squeeze: int, expand: int, *, normalise: bool) -> None:
        super().__init__()
        self.squeeze = _layer(inputs, squeeze, 1, normalise=normalise)
        self.expand_1x1 = _layer(squeeze, expand, 1, normalise=normalise)
        self.expand_3x3 = _layer(squeeze, expand, 3, padding=1, normalise=normalise)

    def forward(self, x: Tensor) -> Tensor:
        """Maps float [n, inputs, h, w] to float [n, 2 * expand, h, w]."""
        squeezed = self.squeeze(x)
        return torch.cat((self.expand_1x1(squeezed), self.expand_3x3(squeezed)), dim=1)


class SqueezeNet(ImageClassifier):
    """Classifier: float [n, 3, h, w] -> logits [n, classes]; h and w at least 21 (1.0) or 17 (1.1).

    Args:
        classes: number of classes, at least 2.
        width_multiplier: factor on the channels of every layer, above 0 and at most 2; ours, the paper has none.
        version: `1.0` or `1.1`.
        batch_normalisation: whether every convolution but the last is followed by one.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self, classes: int, width_multiplier: float = 1.0, *, version: str = "1.1", batch_normalisation: bool = True
    ) -> None:
        check_size(classes, width_multiplier)
        if version not in VERSIONS:
            raise ValueError(f"version: must be one of {', '.join(VERSIONS)}, got {version}")
        stem, kernel, fires, halved_before = VERSIONS[version]
        channels = round_channels(stem * width_multiplier)
        layers: list[nn.Module] = [_layer(3, channels, kernel, stride=2, normalise=batch_normalisation), _halve()]
        for index, (squeeze, expand) in enumerate(fires):
            if index in halved_before:
                layers.append(_halve())
            few, many = round_channels(squeeze * width_multiplier), round_channels(expand * width_multiplier)
            layers.append(Fire(channels, few, many, normalise=batch_normalisation))
            channels = 2 * many
        super().__init__(nn.Sequential(*layers), channels, classes)
        # The paper's last layer is a 1x1 convolution before the pooling: as many parameters as a linear layer after it.
        self.classifier = nn.Conv2d(channels, classes, 1)
        self.initialise()

    def forward(self, x: Tensor) -> Tensor:
        """Maps normalised images, float [n, 3, h, w], to logits, float [n, classes]."""
        scores: Tensor = self.classifier(self.features(x))
        return scores.mean(dim=(2, 3))


def _halve() -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
