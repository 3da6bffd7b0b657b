"""Image policies with what they make of frames, for the tests of both languages.

`python -m tests.image_policy_examples` (in training/) writes contracts/examples/image-policy.json. Pictures are not
stored but made, from the same numbers on both sides; what stands in the file is the digest of what a network must see.
Only JPEGs are stored: what is in them, a decoder has to find out.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaizen_training.contracts import contracts_folder
from kaizen_training.image_policy import ImagePolicy, apply_policy, image_geometry
from kaizen_training.prepare import decode_pixels
from tests.image_examples import document as decoding_examples

EXAMPLES = contracts_folder() / "examples/image-policy.json"
FITS = ("stretch", "letterbox", "crop")
REGIONS: tuple[dict[str, float] | None, ...] = (
    None,
    {"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.75},
    {"x": 0.333, "y": 0, "width": 0.667, "height": 0.01},
    {"x": 0.99, "y": 0.9871, "width": 0.01, "height": 0.0129},
)
# Cameras' own; primes, so that nothing divides; long ones; smaller ones than any input; exactly an input.
FRAMES = (
    (640, 480),
    (1920, 1080),
    (641, 479),
    (97, 1201),
    (2048, 16),
    (16, 8),
    (9, 127),
    (128, 128),
    (64, 200),
    (1, 1),
)
SIZES = ((128, 128), (64, 64), (200, 113), (96, 320), (512, 384), (1024, 64))
NOISE_FRAMES = ((640, 480), (641, 479), (97, 301), (300, 16), (16, 8), (128, 128), (130, 127), (64, 200), (1, 1))
NOISE_SIZES = ((128, 128), (64, 64), (200, 113), (96, 320))


def noise(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """[height, width, 3] by xorshift32 (Marsaglia, 2003), a step for each byte, its highest 8 bits."""
    state, values = seed, bytearray(width * height * 3)
    for index in range(len(values)):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        values[index] = state >> 24
    return np.frombuffer(bytes(values), np.uint8).reshape(height, width, 3)


def digest_of(pixels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


def _policies(sizes: tuple[tuple[int, int], ...], colours: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for (width, height), fit, region, colour in itertools.product(sizes, FITS, REGIONS, colours):
        policy = {"width": width, "height": height, "fit": fit, "colour": colour}
        yield policy if region is None else {**policy, "region": region}


def _geometries() -> dict[str, Any]:
    policies = list(_policies(SIZES, ("rgb",)))
    rows = []
    for width, height in FRAMES:
        found = [image_geometry(ImagePolicy.of_json(policy), width, height) for policy in policies]
        rows.append(
            {"frame": [width, height], "found": [[*astuple(source), *astuple(target)] for source, target in found]}
        )
    return {"policies": policies, "frames": rows}


def _noise_examples() -> dict[str, Any]:
    policies = list(_policies(NOISE_SIZES, ("rgb", "gray")))
    rows = []
    for seed, (width, height) in enumerate(NOISE_FRAMES, start=1):
        frame = Image.fromarray(noise(width, height, seed))
        seen = [digest_of(apply_policy(frame, ImagePolicy.of_json(policy))) for policy in policies]
        rows.append({"frame": [width, height], "seed": seed, "seen": seen})
    return {"policies": policies, "frames": rows}


def _jpegs() -> Iterator[tuple[str, bytes]]:
    rows, columns = np.mgrid[0:90, 0:122]
    waves = np.stack([columns * 2, rows * 2.5, 128 + 100 * np.sin(columns / 3) * np.cos(rows / 5)], axis=2)
    picture = Image.fromarray(np.clip(waves, 0, 255).astype(np.uint8))
    encodings: dict[str, dict[str, Any]] = {
        "baseline 4:2:0": {"subsampling": 2},
        "baseline 4:2:2": {"subsampling": 1},
        "baseline 4:4:4": {"subsampling": 0},
        "progressive 4:2:0": {"subsampling": 2, "progressive": True},
        "gray": {},
    }
    for name, options in encodings.items():
        buffer = io.BytesIO()
        (picture.convert("L") if name == "gray" else picture).save(buffer, "JPEG", quality=85, **options)
        yield name, buffer.getvalue()


def _files() -> dict[str, Any]:
    """JPEGs, and the PNGs of every depth and kind that contracts/examples/image-decoding.json has by the same names."""
    policies = [
        {"width": 64, "height": 64},
        {"width": 80, "height": 64, "fit": "letterbox", "colour": "gray"},
        {"width": 64, "height": 100, "fit": "crop", "region": REGIONS[1]},
    ]
    known = {example["name"]: base64.b64decode(example["file"]) for example in decoding_examples()["examples"]}
    rows = []
    for name, content in (*_jpegs(), *known.items()):
        frame = decode_pixels(content)
        seen = [digest_of(apply_policy(frame, ImagePolicy.of_json(policy))) for policy in policies]
        file = {} if name in known else {"file": base64.b64encode(content).decode()}
        rows.append({"name": name, **file, "seen": seen})
    return {"policies": policies, "files": rows}


def document() -> dict[str, Any]:
    """Each with policies and, for each frame, what every one of them comes to, in their order.

    `geometries`: left, top, width and height of what is cut out and of where it comes to lie. `noise` and `files`: the
    first 16 digits of the SHA-256 of the pixels.
    """
    return {"geometries": _geometries(), "noise": _noise_examples(), "files": _files()}


def text_of(document: dict[str, Any]) -> str:
    """A policy or a frame a line: a change shows what it changes."""

    def listed(rows: list[dict[str, Any]]) -> str:
        return "[\n" + ",\n".join(f"      {json.dumps(row)}" for row in rows) + "\n    ]"

    parts = [
        f'  "{name}": {{\n' + ",\n".join(f'    "{field}": {listed(rows)}' for field, rows in part.items()) + "\n  }"
        for name, part in document.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    EXAMPLES.write_text(text_of(document()), encoding="utf-8")
