"""What a training may do to images without changing their class, by name.

A part may lie on the belt in any direction (`mirror`, `turns`), and a lamp and a camera differ a little from day to day
(`exposure`). A model should not care how far away the camera hangs either (`scale`): from the pictures that it has seen
it learns how large a scratch is, and lets one pass that is smaller. Where the light has changed, hardly any of the
pictures that show it has a defect: the others are shown in it too (`light`). What was drawn is alike on every processor
and host, because it is drawn for the whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the community's name
from torch import Tensor

AUGMENTATIONS = ("mirror", "turns", "exposure", "scale", "light")
DEFAULT_AUGMENTATIONS = AUGMENTATIONS[:3]
# Of a training that begins with a champion: the line has changed, in some of its pictures.
RETRAINING_AUGMENTATIONS = (*DEFAULT_AUGMENTATIONS, "light")
NO_AUGMENTATION = "none"
# Standard deviation of the factor and of the offset, in the units of the network's input.
EXPOSURE = 0.1
# Factors on how much of the scene is in the picture; the larger one makes a part smaller.
SCALES = (0.8, 1.45)
# Share of the images of a batch that are shown in another one's light.
RELIT = 0.5
# Places on each side at which an image's light is read.
LIGHT_PLACES = 4
# Black and white in the units of the network's input, and the least brightness of a place whose logarithm is taken.
BLACK, WHITE = -127.5 / 64, 127.5 / 64
LEAST_BRIGHTNESS = 4 / 64


def read_augmentation(
    hyperparameters: Mapping[str, Any],
    problems: list[str],
    default: Sequence[str] = DEFAULT_AUGMENTATIONS,
) -> tuple[str, ...]:
    """The names in the hyperparameter `augmentation`, in the order of `AUGMENTATIONS`.

    Args:
        hyperparameters: decoded or text.
        problems: gets one sentence more where the value is none of them.
        default: what is meant where nothing is said.
    """
    value = hyperparameters.get("augmentation", ",".join(default))
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
        lit_as: place in the batch of the image whose light each is shown in, [n], its own for those that keep theirs;
            None where all do.
    """

    flipped: bool
    quarter_turns: int
    factor: Tensor
    offset: Tensor
    scale: Tensor | None
    lit_as: Tensor | None

    @classmethod
    def drawn(cls, images: int, generator: torch.Generator, *, light: bool = True) -> Augmentation:
        """Draws one for a batch of so many images; whose light they are shown in only where it is asked for."""
        flipped = bool(torch.rand((), generator=generator) < 0.5)
        quarter_turns = int(torch.randint(4, (), generator=generator))
        factor, offset = EXPOSURE * torch.randn(2, images, 1, 1, 1, generator=generator)
        # Twice as large and half as large are equally far from what it is.
        low, high = (math.log(bound) for bound in SCALES)
        scale = torch.exp(low + (high - low) * torch.rand(images, generator=generator))
        return cls(
            flipped, quarter_turns, 1 + factor, offset, scale, _drawn_lights(images, generator) if light else None
        )

    def only(self, kinds: Sequence[str]) -> Augmentation:
        """What is left of it with these of `AUGMENTATIONS`; drawn all the same, so that nothing else changes."""
        exposed = "exposure" in kinds
        return Augmentation(
            flipped=self.flipped and "mirror" in kinds,
            quarter_turns=self.quarter_turns if "turns" in kinds else 0,
            factor=self.factor if exposed else torch.ones_like(self.factor),
            offset=self.offset if exposed else torch.zeros_like(self.offset),
            scale=self.scale if "scale" in kinds else None,
            lit_as=self.lit_as if "light" in kinds else None,
        )

    def of(self, read: Callable[[Tensor], Tensor], share: slice) -> Tensor:
        """The images of a share of the batch, augmented: float [n, channels, height, width], channels last.

        Args:
            read: the images at these places of the batch, float [n, channels, height, width].
            share: which of them.
        """
        images = read(torch.arange(len(self.factor))[share])
        lit = images if self.lit_as is None else relit(images, read(self.lit_as[share]))
        scaled = lit if self.scale is None else rescaled(lit, self.scale[share])
        turned = torch.rot90(scaled.flip(3) if self.flipped else scaled, self.quarter_turns, (2, 3))
        # A new tensor, so that the place of the channels can be chosen without copying once more.
        made = torch.empty(turned.shape, memory_format=torch.channels_last)
        return torch.addcmul(self.offset[share], turned, self.factor[share], out=made)


def _drawn_lights(images: int, generator: torch.Generator) -> Tensor:
    is_relit = torch.rand(images, generator=generator) < RELIT
    return torch.where(is_relit, torch.randperm(images, generator=generator), torch.arange(images))


def relit(images: Tensor, lights: Tensor) -> Tensor:
    """Pictures of the same scenes, each in the light of another picture.

    What falls on a surface and what the surface reflects multiply (Land and McCann, "Lightness and Retinex Theory",
    1971). The light of a picture is taken for a plane in the logarithm of its brightness, in each channel: how much of
    it there is, its colour, and where it comes from. A mark on a part is too small to tilt it.

    Args:
        images: float [n, channels, height, width], in the units of the network's input.
        lights: pictures of the same size; an image that is its own light stays as it is.

    Returns:
        Of the same shape, not beyond white, as a camera's are.
    """
    height, width = images.shape[2:]
    level, across, down = (theirs - own for own, theirs in zip(_light(images), _light(lights), strict=True))
    factor = level + across * _places(width) + down * _places(height)[:, None]
    return ((images - BLACK) * factor.exp() + BLACK).clamp(max=WHITE)


def _places(count: int) -> Tensor:
    """The middles of so many equal parts of -1 to 1."""
    return (torch.arange(count) + 0.5) * 2 / count - 1


def _light(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The plane of least squares: its height in the middle, its slopes to the right and down, [n, channels, 1, 1]."""
    brightness = F.adaptive_avg_pool2d(images - BLACK, LIGHT_PLACES).clamp(min=LEAST_BRIGHTNESS).log()
    places = _places(LIGHT_PLACES)
    spread = LIGHT_PLACES * (places * places).sum()
    across = (brightness * places).sum((2, 3), keepdim=True) / spread
    down = (brightness * places[:, None]).sum((2, 3), keepdim=True) / spread
    return brightness.mean((2, 3), keepdim=True), across, down


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
