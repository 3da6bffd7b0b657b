"""From a part and a view to pixels: sample the texture, add the defect, light it, photograph it."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from kaizen_training.surfaces.camera import View
from kaizen_training.surfaces.part import Part
from kaizen_training.surfaces.textures import load_texture

IMAGE_SIZE = 128

Field = NDArray[np.float32]

_AXIS = np.arange(IMAGE_SIZE, dtype=np.float32) - (IMAGE_SIZE - 1) / 2
_ROWS, _COLUMNS = (np.ascontiguousarray(grid) for grid in np.meshgrid(_AXIS, _AXIS, indexing="ij"))


def _turned(x: Field, y: Field, angle: float) -> tuple[Field, Field]:
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cosine * x + sine * y, cosine * y - sine * x


def _soft_step(value: Field, softness: float) -> Field:
    """0 below -softness, 1 above +softness, linear between."""
    return np.clip(value / np.float32(2 * softness) + np.float32(0.5), 0, 1)


def _stroke(along: Field, across: Field, length: float, width: float) -> Field:
    """A line of Gaussian profile with tapering ends, 0..1."""
    profile = np.exp(-0.5 * np.square(across / np.float32(width)))
    return profile * _soft_step(np.float32(length / 2) - np.abs(along), length * 0.12)


def _scratch_mask(part: Part, x: Field, y: Field) -> Field:
    shape = part.defect
    along, across = _turned(x - np.float32(shape["x"]), y - np.float32(shape["y"]), shape["angle"])
    return _stroke(along, across - np.float32(shape["bend"]) * along * along, shape["length"], shape["width"])


def _crack_mask(part: Part, x: Field, y: Field) -> Field:
    shape = part.defect
    along, across = _turned(x - np.float32(shape["x"]), y - np.float32(shape["y"]), shape["angle"])
    length = shape["length"]
    knots = np.linspace(-length / 2, length / 2, len(part.walk))
    path = np.interp(along, knots, part.walk).astype(np.float32)
    main = _stroke(along, across - path, length, shape["width"])
    from_fork = along - np.float32(shape["branch_at"] * length)
    fork_height = np.float32(np.interp(shape["branch_at"] * length, knots, part.walk))
    branch = _stroke(
        from_fork - np.float32(length * 0.15),
        across - fork_height - np.float32(shape["branch_slope"]) * from_fork,
        length * 0.3,
        shape["width"] * 0.8,
    )
    return np.maximum(main, branch)


def _stain_mask(part: Part, x: Field, y: Field) -> Field:
    shape = part.defect
    dx, dy = x - np.float32(shape["x"]), y - np.float32(shape["y"])
    angle = np.arctan2(dy, dx)
    outline = np.float32(shape["radius"]) * (
        1
        + np.float32(0.20) * np.sin(2 * angle + np.float32(shape["phase2"]))
        + np.float32(0.14) * np.sin(3 * angle + np.float32(shape["phase3"]))
        + np.float32(0.08) * np.sin(5 * angle + np.float32(shape["phase5"]))
    )
    return _soft_step(outline - np.hypot(dx, dy), shape["softness"])


def _dent_profile(part: Part, x: Field, y: Field) -> tuple[Field, Field, Field]:
    """Depth (0..1) of the hollow and its slope along x and y, the slope scaled to a maximum of about 1."""
    shape = part.defect
    dx, dy = x - np.float32(shape["x"]), y - np.float32(shape["y"])
    along, across = _turned(dx, dy, shape["angle"])
    radius, aspect = np.float32(shape["radius"]), np.float32(shape["aspect"])
    depth = np.exp(-2 * (np.square(along / radius) + np.square(across / (aspect * radius))))
    # d/dr exp(-2 r^2) has its maximum 2 * exp(-1/2) = 1.21 at r = 1/2.
    return depth, depth * dx * np.float32(3.3) / radius, depth * dy * np.float32(3.3) / radius


def _sample_texture(part: Part, x: Field, y: Field) -> Field:
    turned_x, turned_y = _turned(x, y, part.angle)
    coordinates = np.stack([turned_y + np.float32(part.centre[1]), turned_x + np.float32(part.centre[0])])
    return ndimage.map_coordinates(load_texture(part.texture), coordinates, order=1, mode="reflect")


def _reflectance(part: Part, view: View, x: Field, y: Field) -> Field:
    """Reflectance of the part as the camera sees it, [3, height, width], before light."""
    shading = np.zeros_like(x)
    stain: Field | None = None
    if part.label == "scratch":
        shading += np.float32(part.defect["strength"]) * _scratch_mask(part, x, y)
    elif part.label == "crack":
        shading += np.float32(part.defect["strength"]) * _crack_mask(part, x, y)
    elif part.label == "stain":
        stain = _stain_mask(part, x, y)
    elif part.label == "dent":
        depth, slope_x, slope_y = _dent_profile(part, x, y)
        light_x, light_y = np.cos(view.light_angle), np.sin(view.light_angle)
        shading += np.float32(part.defect["strength"]) * (slope_x * np.float32(light_x) + slope_y * np.float32(light_y))
        squeeze = 1 + np.float32(0.35) * depth
        x = np.float32(part.defect["x"]) + (x - np.float32(part.defect["x"])) * squeeze
        y = np.float32(part.defect["y"]) + (y - np.float32(part.defect["y"])) * squeeze

    relative = 1 + np.float32(part.texture_contrast / 0.5) * _sample_texture(part, x, y) + shading
    reflectance = np.asarray(part.tint, dtype=np.float32)[:, None, None] * relative
    if stain is not None:
        strength, warmth = part.defect["strength"], part.defect["warmth"]
        absorbed = np.asarray([strength - warmth, strength, strength + warmth], dtype=np.float32)
        reflectance *= 1 - absorbed[:, None, None] * stain
    return reflectance


def _light(view: View) -> Field:
    """Intensity of the lamp over the picture: a slope across it."""
    slope = (np.cos(view.light_angle) * _COLUMNS + np.sin(view.light_angle) * _ROWS) / (IMAGE_SIZE / 2)
    return np.float32(view.gain) * (1 + np.float32(view.gradient) * slope.astype(np.float32))


def render_view(part: Part, view: View, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Photographs a part.

    Returns:
        RGB image, uint8 [128, 128, 3].
    """
    x, y = _turned(_COLUMNS * np.float32(view.scale), _ROWS * np.float32(view.scale), view.rotation)
    x, y = x + np.float32(view.offset[0]), y + np.float32(view.offset[1])
    image = _reflectance(part, view, x, y) * _light(view)
    warm = np.asarray([1 + view.warmth, 1, 1 - view.warmth], dtype=np.float32)
    image = ndimage.gaussian_filter(image * warm[:, None, None], (0, view.blur, view.blur), truncate=2.5)
    image = np.power(np.clip(image, 0, 1), np.float32(view.gamma), dtype=np.float32)
    image += np.float32(view.noise) * rng.standard_normal(image.shape, dtype=np.float32)
    return (np.clip(image, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8).transpose(1, 2, 0)


def encode_jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Encodes as baseline JPEG, 4:2:0."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()
