"""What a training may do to images without changing their class, by name.

A part may lie on the belt in any direction (`mirror`, `turns`), and a lamp and a camera differ a little from day to day
(`exposure`). A model should not care how far away the camera hangs either (`scale`): from the pictures that it has seen
it learns how large a scratch is, and lets one pass that is smaller. What was drawn is alike on every processor and
host, because it is drawn for the whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the community's name
from torch import Tensor

AUGMENTATIONS = ("mirror", "turns", "exposure", "scale")
DEFAULT_AUGMENTATIONS = AUGMENTATIONS[:3]
NO_AUGMENTATION = "none"
# Standard deviation of the factor and of the offset, in the units of the network's input.
EXPOSURE = 0.1
# Factors on how much of the scene is in the picture; the larger one makes a part smaller.
SCALES = (0.8, 1.45)


def read_augmentation(hyperparameters: Mapping[str, Any], problems: list[str]) -> tuple[str, ...]:
    """The names in the hyperparameter `augmentation`, in the order of `AUGMENTATIONS`.

    Args:
        hyperparameters: decoded or text.
        problems: gets one sentence more where the value is none of them.
    """
    value = hyperparameters.get("augmentation", ",".join(DEFAULT_AUGMENTATIONS))
    names = {name.strip() for name in str(value).split(",")}
    if names == {NO_AUGMENTATION}:
        return ()
    if not names <= set(AUGMENTATIONS):
        rule = f"must be some of {', '.join(AUGMENTATIONS)} with commas between them, or {NO_AUGMENTATION}"
        problems.append(f"augmentation: {rule}, got {value!r}")
    return tuple(name for name in AUGMENTATIONS if name in names)


@dataclass(frozen=True)
class Augmentation:
    """What is done to one batch.

    Attributes:
        flipped: whether all of its images are mirrored.
        quarter_turns: of all of its images, 0 to 3.
        factor: on the pixels of each image, [n, 1, 1, 1].
        offset: added to them, [n, 1, 1, 1].
        scale: how much of the scene is in each picture, a factor, [n]; None where all stay as they are.
    """

    flipped: bool
    quarter_turns: int
    factor: Tensor
    offset: Tensor
    scale: Tensor | None

    @classmethod
    def drawn(cls, images: int, generator: torch.Generator) -> Augmentation:
        """Draws one for a batch of so many images."""
        flipped = bool(torch.rand((), generator=generator) < 0.5)
        quarter_turns = int(torch.randint(4, (), generator=generator))
        factor, offset = EXPOSURE * torch.randn(2, images, 1, 1, 1, generator=generator)
        # Twice as large and half as large are equally far from what it is.
        low, high = (math.log(bound) for bound in SCALES)
        scale = torch.exp(low + (high - low) * torch.rand(images, generator=generator))
        return cls(flipped, quarter_turns, 1 + factor, offset, scale)

    def only(self, kinds: Sequence[str]) -> Augmentation:
        """What is left of it with these of `AUGMENTATIONS`; drawn all the same, so that nothing else changes."""
        exposed = "exposure" in kinds
        return Augmentation(
            flipped=self.flipped and "mirror" in kinds,
            quarter_turns=self.quarter_turns if "turns" in kinds else 0,
            factor=self.factor if exposed else torch.ones_like(self.factor),
            offset=self.offset if exposed else torch.zeros_like(self.offset),
            scale=self.scale if "scale" in kinds else None,
        )

    def of(self, images: Tensor, share: slice) -> Tensor:
        """The images of a share of the batch, augmented: float [n, channels, height, width], channels last."""
        scaled = images if self.scale is None else rescaled(images, self.scale[share])
        turned = torch.rot90(scaled.flip(3) if self.flipped else scaled, self.quarter_turns, (2, 3))
        # A new tensor, so that the place of the channels can be chosen without copying once more.
        made = torch.empty(turned.shape, memory_format=torch.channels_last)
        return torch.addcmul(self.offset[share], turned, self.factor[share], out=made)


def rescaled(images: Tensor, factors: Tensor) -> Tensor:
    """Pictures of the same size with so many times as much of the scene in them, about their middle.

    What lies beyond the edge is mirrored: a bar of one colour would be an edge that no camera shows.

    Args:
        images: float [n, channels, height, width].
        factors: [n], above 0; below 1 they enlarge.
    """
    zeros = torch.zeros_like(factors)
    rows = torch.stack([factors, zeros, zeros, zeros, factors, zeros], dim=1).view(-1, 2, 3)
    places = F.affine_grid(rows, list(images.shape), align_corners=False)
    return F.grid_sample(images, places, mode="bilinear", padding_mode="reflection", align_corners=False)
