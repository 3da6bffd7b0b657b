"""The camera and the light: everything that differs between two photographs of the same part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Condition:
    """State of an inspection station. Every field is a range that each view is drawn from, uniformly.

    Attributes:
        gain: exposure, a factor on linear intensity.
        gamma: exponent of the tone curve.
        gradient: how much darker the far edge of the picture is, as a share of the mean.
        warmth: shift from blue to red, as a share.
        blur: standard deviation of the focus blur, pixels.
        noise: standard deviation of the sensor noise, share of full scale.
        jpeg_quality: quality setting of the camera's encoder, 1-95.
    """

    gain: Range
    gamma: Range
    gradient: Range
    warmth: Range
    blur: Range
    noise: Range
    jpeg_quality: Range


NORMAL = Condition(
    gain=(0.85, 1.15),
    gamma=(0.90, 1.10),
    gradient=(0.0, 0.25),
    warmth=(-0.03, 0.03),
    blur=(0.2, 0.8),
    noise=(0.008, 0.022),
    jpeg_quality=(80, 95),
)

# A lamp that ages: it grows dim and yellow, one of its two tubes fails, and the dust on the lens softens edges.
DRIFTED = Condition(
    gain=(0.42, 0.58),
    gamma=(1.00, 1.15),
    gradient=(0.35, 0.60),
    warmth=(0.12, 0.22),
    blur=(0.7, 1.2),
    noise=(0.012, 0.026),
    jpeg_quality=(80, 95),
)

CONDITIONS = {"normal": NORMAL, "drifted": DRIFTED}


@dataclass(frozen=True)
class View:
    """One photograph's settings, drawn from a `Condition`. Lengths in pixels, angles in radians."""

    offset: tuple[float, float]
    rotation: float
    scale: float
    light_angle: float
    gain: float
    gamma: float
    gradient: float
    warmth: float
    blur: float
    noise: float
    jpeg_quality: int


def draw_view(condition: Condition, rng: np.random.Generator) -> View:
    """Draws the settings of one photograph."""
    return View(
        offset=(float(rng.uniform(-10, 10)), float(rng.uniform(-10, 10))),
        rotation=float(rng.normal(0, 0.25)),
        scale=float(rng.uniform(0.85, 1.2)),
        light_angle=float(rng.uniform(0, 2 * np.pi)),
        gain=float(rng.uniform(*condition.gain)),
        gamma=float(rng.uniform(*condition.gamma)),
        gradient=float(rng.uniform(*condition.gradient)),
        warmth=float(rng.uniform(*condition.warmth)),
        blur=float(rng.uniform(*condition.blur)),
        noise=float(rng.uniform(*condition.noise)),
        jpeg_quality=int(rng.integers(int(condition.jpeg_quality[0]), int(condition.jpeg_quality[1]) + 1)),
    )
