"""What several networks are built of."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn


def round_channels(channels: float, divisor: int = 8) -> int:
    """Rounds to a multiple of `divisor` without falling more than 10 %, as the authors of MobileNet do."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.ReLU] | type[nn.ReLU6] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution, batch normalisation and, unless it is linear (`activation` None), an activation."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if activation is not None:
        layers.append(activation(inplace=True))
    return nn.Sequential(*layers)


def separable_convolution(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """A 3x3 filter per channel, then 1x1 across the channels (arXiv:1704.04861, figure 3)."""
    return nn.Sequential(
        convolution(inputs, inputs, 3, stride=stride, groups=inputs),
        convolution(inputs, outputs, 1),
    )


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Deals the channels of each group out to all groups (arXiv:1707.01083, section 3.1).

    Args:
        x: float [n, channels, h, w]; channels must be divisible by `groups`.
        groups: g; channel i * (channels / g) + j goes to j * g + i.

    Returns:
        [n, channels, h, w]. In ONNX it is Reshape, Transpose, Reshape.
    """
    batch, channels, height, width = x.shape
    dealt = x.reshape(batch, groups, channels // groups, height, width).transpose(1, 2)
    return dealt.reshape(batch, channels, height, width)


class ImageClassifier(nn.Module):
    """Features, their mean over the image, and one linear layer: float [n, 3, h, w] -> logits [n, classes].

    Every network has these two parts under these names, so that a new training can take over a champion's: `features`
    whole, `classifier` row by row, because its rows are the classes.
    """

    def __init__(self, features: nn.Sequential, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.classifier: nn.Linear | nn.Conv2d = nn.Linear(channels, classes)

    def initialise(self, identities: Iterable[nn.Module] = ()) -> None:
        """Draws the first weights.

        Args:
            identities: the last batch normalisation of every block with a shortcut that is to start as the identity
                (Goyal et al., arXiv:1706.02677, section 5.1).
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # fan_out, usual for these networks, counts all channels of a depthwise kernel, which has one input
                # only: its weights start sqrt(channels) times smaller, too small to learn within a few epochs.
                nn.init.kaiming_normal_(module.weight, mode="fan_in")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in identities:
            nn.init.zeros_(module.weight)  # type: ignore[arg-type]
        nn.init.normal_(self.classifier.weight, std=0.01)
        if self.classifier.bias is not None:
            nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Maps normalised images, float [n, 3, h, w], to logits, float [n, classes]."""
        pooled: Tensor = self.features(x).mean(dim=(2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits


def check_size(classes: int, width_multiplier: float) -> None:
    """Checks what every network is asked for.

    Raises:
        ValueError: with everything that is out of range.
    """
    problems = []
    if classes < 2:
        problems.append(f"classes: must be at least 2, got {classes}")
    if not 0 < width_multiplier <= 2:
        problems.append(f"width_multiplier: must be above 0 and at most 2, got {width_multiplier}")
    if problems:
        raise ValueError("; ".join(problems))
