"""What is made of a camera's frame before a network sees it (contract image-policy, docs/image-size.md).

The geometry is integer arithmetic, the same as in contracts/image-policy.ts; the pixels are Pillow's, whose arithmetic
the device has in edge-components/inference/src/models/resample.ts. contracts/examples/image-policy.json holds both to
it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Of a frame: JPEG's own. A PNG of millions of rows would take gigabytes between the two passes of a resize.
MAXIMUM_SIDE = 65_535
# What the bars of `letterbox` hold: what object detectors pad with, no edge of full strength beside any picture.
PADDING = 114
# Shares are read to this fraction: under half a pixel of any frame with less than 5,000 a side.
_PARTS = 10_000


def _parts(share: float) -> int:
    return math.floor(share * _PARTS + 0.5)


@dataclass(frozen=True)
class Rectangle:
    """Pixels from the upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge, as Pillow has them."""
        return self.left, self.top, self.left + self.width, self.top + self.height


@dataclass(frozen=True)
class Region:
    """Part of the frame that counts, in shares of it."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class ImagePolicy:
    """The contract image-policy with its defaults filled in.

    Attributes:
        width: of the network's input, 64 to 1024 pixels.
        height: the same.
        fit: `stretch`, `letterbox` or `crop`.
        colour: `rgb` or `gray`.
        region: what counts of a frame; None for all of it.
    """

    width: int = 128
    height: int = 128
    fit: str = "stretch"
    colour: str = "rgb"
    region: Region | None = None

    @staticmethod
    def of_json(value: object) -> ImagePolicy:
        """From the contract image-policy.

        Raises:
            ContractError: with every problem.
        """
        from kaizen_training.contracts import ContractError, problems_of

        problems = problems_of("image-policy", value)
        if not isinstance(value, dict) or problems:
            raise ContractError("image-policy", "the image policy", problems)
        region = Region(**value["region"]) if "region" in value else None
        problems = _region_problems(region)
        if problems:
            raise ContractError("image-policy", "the image policy", problems)
        fields = {**DEFAULT_POLICY.to_json(), **value}
        # 128.0 is an integer to JSON Schema.
        return ImagePolicy(int(fields["width"]), int(fields["height"]), fields["fit"], fields["colour"], region)

    def to_json(self) -> dict[str, Any]:
        """The contract image-policy, with every field."""
        value = {"width": self.width, "height": self.height, "fit": self.fit, "colour": self.colour}
        return {**value, **({"region": vars(self.region)} if self.region else {})}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as Pillow has them."""
        return self.width, self.height


DEFAULT_POLICY = ImagePolicy()


def _region_problems(region: Region | None) -> list[str]:
    """What a schema cannot say of a region: that it lies inside of the frame."""
    if region is None:
        return []
    return [
        f"region.{size}: must be at most 1 - {start} ({start} is {vars(region)[start]}), got {vars(region)[size]}"
        for start, size in (("x", "width"), ("y", "height"))
        if _parts(vars(region)[start]) + _parts(vars(region)[size]) > _PARTS
    ]


def _rounded_quotient(dividend: int, divisor: int) -> int:
    """Quotient of two positive integers, half a unit upwards."""
    return (2 * dividend + divisor) // (2 * divisor)


def _span(start: float, size: float, pixels: int) -> tuple[int, int]:
    """The pixels that a region touches: at least one."""
    first = _parts(start) * pixels // _PARTS
    return first, -(-(_parts(start) + _parts(size)) * pixels // _PARTS) - first


def _region_of(region: Region | None, width: int, height: int) -> Rectangle:
    if region is None:
        return Rectangle(0, 0, width, height)
    left, wide = _span(region.x, region.width, width)
    top, high = _span(region.y, region.height, height)
    return Rectangle(left, top, wide, high)


def _middle(outer: Rectangle, shape: Rectangle) -> Rectangle:
    """The largest part of `outer` with the proportions of `shape`, in its middle; the rest is to the right or below."""
    if outer.width * shape.height >= outer.height * shape.width:
        width, height = max(1, _rounded_quotient(outer.height * shape.width, shape.height)), outer.height
    else:
        width, height = outer.width, max(1, _rounded_quotient(outer.width * shape.height, shape.width))
    left, top = outer.left + (outer.width - width) // 2, outer.top + (outer.height - height) // 2
    return Rectangle(left, top, width, height)


def image_geometry(policy: ImagePolicy, width: int, height: int) -> tuple[Rectangle, Rectangle]:
    """What is cut out of a frame of this size, and where it comes to lie in the network's input."""
    region = _region_of(policy.region, width, height)
    whole = Rectangle(0, 0, policy.width, policy.height)
    if policy.fit == "letterbox":
        return region, _middle(whole, region)
    return (_middle(region, whole) if policy.fit == "crop" else region), whole


def _resized(image: Image.Image, width: int, height: int) -> Image.Image:
    """Bilinear and antialiased; across first, then down.

    In two calls, because which pass comes first decides how the bytes between them are rounded, and Pillow 13 takes
    the cheaper one where earlier versions began across.
    """
    across = image if image.width == width else image.resize((width, image.height), Image.Resampling.BILINEAR)
    return across if across.height == height else across.resize((width, height), Image.Resampling.BILINEAR)


def apply_policy(frame: Image.Image, policy: ImagePolicy) -> NDArray[np.uint8]:
    """What the network sees of a frame, uint8 [height, width, 3].

    Cut out first and resized then, never by Pillow's `box`, whose edges are fractions: so the arithmetic of the device
    starts from whole pixels.

    Args:
        frame: in mode RGB, of any size.
        policy: what to make of it.
    """
    source, target = image_geometry(policy, frame.width, frame.height)
    part = frame if source == Rectangle(0, 0, frame.width, frame.height) else frame.crop(source.box)
    resized = _resized(part, target.width, target.height)
    if policy.colour == "gray":
        resized = resized.convert("L").convert("RGB")
    pixels = np.asarray(resized, dtype=np.uint8)
    if pixels.shape == (policy.height, policy.width, 3):
        return pixels
    padded = np.full((policy.height, policy.width, 3), PADDING, dtype=np.uint8)
    left, top, right, bottom = target.box
    padded[top:bottom, left:right] = pixels
    return padded
