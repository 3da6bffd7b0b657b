"""Makes camera frames for the edge benchmarks: `python bench/python/make_frames.py --output <folder>`.

Writes `<width>x<height>-<n>.jpg`: photographed surfaces of the project's renderer at the sizes of common cameras.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

from finished_folder import finished_folder
from kaizen_training.surfaces.part import TINTS
from kaizen_training.surfaces.textures import load_texture

SEED = 20261123
# VGA, and common machine-vision sensors: 1.2, 2 and 5 megapixels.
SIZES = ((640, 480), (1280, 960), (1920, 1080), (2592, 1944))
FRAMES_PER_SIZE = 8
QUALITY = 90
# Standard deviations: of the surface, as a share of its mean, and of the sensor, as a share of full scale. Both lie
# within the renderer's normal condition.
CONTRAST = 0.09
NOISE = 0.012
# Of a texture, twice that of its photograph.
TILE = 1024


def camera_frame(width: int, height: int, rng: np.random.Generator) -> bytes:
    """A JPEG (4:2:0) of mirrored tiles of a texture, tinted, with sensor noise."""
    name = str(rng.choice(list(TINTS)))
    large = np.asarray(Image.fromarray(load_texture(name)).resize((TILE, TILE), Image.Resampling.BICUBIC))
    mirrored = np.block([[large, large[:, ::-1]], [large[::-1], large[::-1, ::-1]]])
    row, column = (int(value) for value in rng.integers(0, TILE, 2))
    rows = (np.arange(height) + row) % len(mirrored)
    columns = (np.arange(width) + column) % len(mirrored)
    relative = 1 + CONTRAST * mirrored[rows][:, columns]
    image = relative[:, :, None] * np.asarray(TINTS[name], dtype=np.float32)
    image += NOISE * rng.standard_normal(image.shape, dtype=np.float32)
    buffer = io.BytesIO()
    Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, format="JPEG", quality=QUALITY)
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Writes the frames; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    with finished_folder(output) as unfinished:
        for width, height in SIZES:
            for number in range(FRAMES_PER_SIZE):
                frame = camera_frame(width, height, np.random.default_rng([SEED, width, number]))
                (unfinished / f"{width}x{height}-{number}.jpg").write_bytes(frame)
    return 0


if __name__ == "__main__":
    sys.exit(main())
