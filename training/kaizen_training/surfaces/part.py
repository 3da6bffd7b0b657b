"""Parts: which surface, where on it, and which defect with which shape."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kaizen_training.surfaces.textures import TEXTURES

CLASSES = ("good", "scratch", "dent", "stain", "crack")

# Colour of each material under white light, as RGB reflectance. Close to each other on purpose: colour must not
# give the class away, and a linear model must not find the material.
TINTS = {
    "brick": (0.60, 0.53, 0.50),
    "gravel": (0.55, 0.55, 0.55),
    "grass": (0.53, 0.56, 0.50),
}


@dataclass(frozen=True)
class Part:
    """One physical piece. Lengths are in texture pixels, angles in radians, strengths in reflectance (0..1)."""

    label: str
    texture: str
    tint: tuple[float, float, float]
    texture_contrast: float
    centre: tuple[float, float]
    angle: float
    defect: dict[str, float] = field(default_factory=dict)
    walk: tuple[float, ...] = ()


def _line(rng: np.random.Generator) -> dict[str, float]:
    return {
        "x": rng.uniform(-26, 26),
        "y": rng.uniform(-26, 26),
        "angle": rng.uniform(0, np.pi),
        "length": rng.uniform(44, 96),
    }


def _scratch(rng: np.random.Generator) -> dict[str, float]:
    """A thin, gently curved groove: bright where it catches the light, or dark."""
    sign = 1.0 if rng.random() < 0.7 else -1.0
    return _line(rng) | {
        "width": rng.uniform(1.4, 2.6),
        "bend": rng.uniform(-0.004, 0.004),
        "strength": sign * rng.uniform(0.28, 0.72),
    }


def _dent(rng: np.random.Generator) -> dict[str, float]:
    """A smooth hollow, seen by its shading and by the bend of the texture."""
    return {
        "x": rng.uniform(-28, 28),
        "y": rng.uniform(-28, 28),
        "angle": rng.uniform(0, np.pi),
        "radius": rng.uniform(11, 21),
        "aspect": rng.uniform(0.7, 1.0),
        "strength": rng.uniform(0.32, 0.68),
    }


def _stain(rng: np.random.Generator) -> dict[str, float]:
    """A blot with an uneven outline that darkens and colours what is under it."""
    return {
        "x": rng.uniform(-28, 28),
        "y": rng.uniform(-28, 28),
        "radius": rng.uniform(10, 24),
        "softness": rng.uniform(1.5, 4.0),
        "strength": rng.uniform(0.18, 0.46),
        "warmth": rng.uniform(-0.06, 0.10),
        "phase2": rng.uniform(0, 2 * np.pi),
        "phase3": rng.uniform(0, 2 * np.pi),
        "phase5": rng.uniform(0, 2 * np.pi),
    }


def _crack(rng: np.random.Generator) -> dict[str, float]:
    """A dark, jagged line with one branch."""
    return _line(rng) | {
        "length": rng.uniform(64, 112),
        "width": rng.uniform(1.8, 3.0),
        "strength": -rng.uniform(0.45, 0.80),
        "branch_at": rng.uniform(-0.25, 0.25),
        "branch_slope": rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.1),
    }


_DEFECTS = {"scratch": _scratch, "dent": _dent, "stain": _stain, "crack": _crack}
_WALK_KNOTS = 17


def make_part(label: str, rng: np.random.Generator) -> Part:
    """Draws a part of the class `label`.

    Raises:
        ValueError: the class is not one of `CLASSES`.
    """
    if label not in CLASSES:
        raise ValueError(f"label: must be one of {', '.join(CLASSES)}, got '{label}'")
    texture = TEXTURES[int(rng.integers(len(TEXTURES)))]
    base = np.asarray(TINTS[texture]) * rng.uniform(0.9, 1.1) + rng.uniform(-0.02, 0.02, 3)
    walk = np.cumsum(rng.normal(0.0, 3.2, _WALK_KNOTS))
    return Part(
        label=label,
        texture=texture,
        tint=(float(base[0]), float(base[1]), float(base[2])),
        texture_contrast=float(rng.uniform(0.028, 0.060)),
        # Half the diagonal of the widest view is 64 * sqrt(2) * 1.25 = 113 pixels, plus 10 of camera offset:
        # a centre this far inside never looks over the edge of the 512-pixel photograph.
        centre=(float(rng.uniform(126, 386)), float(rng.uniform(126, 386))),
        angle=float(rng.uniform(0, 2 * np.pi)),
        defect=_DEFECTS[label](rng) if label in _DEFECTS else {},
        walk=tuple(float(step) for step in walk - np.linspace(walk[0], walk[-1], _WALK_KNOTS)),
    )
