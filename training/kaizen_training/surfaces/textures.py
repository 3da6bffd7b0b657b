"""The photographs that surfaces are made of: brick, gravel and grass from scikit-image's own package data."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TEXTURES = ("brick", "gravel", "grass")


@cache
def load_texture(name: str) -> NDArray[np.float32]:
    """Returns a 512 x 512 photograph with mean 0 and standard deviation 1.

    The file is read from the installed package's folder: `skimage.data` itself may reach for the network.

    Raises:
        FileNotFoundError: scikit-image is not installed, or does not ship the photograph.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("scikit-image is not installed; it carries the photographs surfaces are made of")
    path = Path(spec.origin).parent / "data" / f"{name}.png"
    if not path.is_file():
        raise FileNotFoundError(f"scikit-image does not ship the photograph {path}")
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L"), dtype=np.float32)
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32)
