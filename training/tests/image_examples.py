"""Images of every kind that a camera writes, with the pixels that everybody has to see in them.

`python -m tests.image_examples` (in training/) writes contracts/examples/image-decoding.json. The PNG files are put
together byte by byte, because no library writes all of these kinds; what they show follows from the rules and not from
a decoder: 16 bits become the upper 8, fewer than 8 fill the range, gray becomes three equal channels, alpha is dropped.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.contracts import contracts_folder

WIDTH, HEIGHT = 16, 8
GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
EXAMPLES = contracts_folder() / "examples/image-decoding.json"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _rows(samples: NDArray[np.uint16], depth: int) -> bytes:
    """Each row with its filter byte; samples below 8 bits are packed, the first in the highest bits."""
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in samples]
    elif depth == 8:
        rows = [row.astype(np.uint8).tobytes() for row in samples]
    else:
        bits = (samples[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]
    return b"".join(b"\0" + row for row in rows)


def png(samples: NDArray[np.uint16], depth: int, kind: int, **chunks: bytes) -> bytes:
    """`samples`: [height, width, channels] below 2^depth; chunks before the pixels by name."""
    height, width, channels = samples.shape
    assert channels == _CHANNELS[kind]
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    middle = b"".join(_chunk(name.encode(), content) for name, content in chunks.items())
    pixels = zlib.compress(_rows(samples.reshape(height, -1), depth), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + middle + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _samples(channels: int, limit: int, seed: int) -> NDArray[np.uint16]:
    values = np.random.default_rng(seed).integers(0, limit, (HEIGHT, WIDTH, channels), dtype=np.uint16)
    values[0, 0], values[0, 1] = 0, limit - 1
    return values


def _seen(values: NDArray[np.uint16], depth: int) -> NDArray[np.uint8]:
    in_8_bits = values >> 8 if depth == 16 else values * (255 // (2**depth - 1))
    return in_8_bits.astype(np.uint8)


def _as_rgb(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(gray, 3, axis=2)


@dataclass(frozen=True)
class Example:
    name: str
    file: bytes
    # [height, width, 3]
    pixels: NDArray[np.uint8]


def _gray_examples() -> Iterator[Example]:
    for depth in (1, 2, 4, 8, 16):
        values = _samples(1, 2**depth, depth)
        yield Example(f"gray, {depth} bits", png(values, depth, GRAY), _as_rgb(_seen(values, depth)))
    for bits, place, shift in ((10, "upper", 6), (12, "upper", 4), (10, "lower", 0), (12, "lower", 0)):
        values = np.left_shift(_samples(1, 2**bits, 10 * bits + shift), shift)
        name = f"gray, {bits} bits in the {place} of 16"
        yield Example(name, png(values, 16, GRAY), _as_rgb(_seen(values, 16)))
    values = _samples(1, 256, 70)
    transparent = png(values, 8, GRAY, tRNS=struct.pack(">H", 255))
    yield Example("gray with a transparent value", transparent, _as_rgb(_seen(values, 8)))


def _direct_examples() -> Iterator[Example]:
    for depth in (8, 16):
        values = _samples(3, 2**depth, 20 + depth)
        yield Example(f"RGB, {depth} bits", png(values, depth, RGB), _seen(values, depth))
        values = _samples(4, 2**depth, 30 + depth)
        yield Example(f"RGB with alpha, {depth} bits", png(values, depth, RGB_ALPHA), _seen(values[..., :3], depth))
        values = _samples(2, 2**depth, 40 + depth)
        pixels = _as_rgb(_seen(values[..., :1], depth))
        yield Example(f"gray with alpha, {depth} bits", png(values, depth, GRAY_ALPHA), pixels)


def _palette_examples() -> Iterator[Example]:
    for depth in (1, 2, 4, 8):
        colours = np.random.default_rng(50 + depth).integers(0, 256, (2**depth, 3), dtype=np.uint8)
        values = _samples(1, 2**depth, 60 + depth)
        pixels = colours[values[..., 0]]
        table = colours.tobytes()
        yield Example(f"palette, {depth} bits", png(values, depth, PALETTE, PLTE=table), pixels)
        alpha = bytes(range(min(2**depth, 16)))
        transparent = png(values, depth, PALETTE, PLTE=table, tRNS=alpha)
        yield Example(f"palette with alpha, {depth} bits", transparent, pixels)


def document() -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "examples": [
            {
                "name": example.name,
                "file": base64.b64encode(example.file).decode(),
                "pixels": base64.b64encode(example.pixels.tobytes()).decode(),
            }
            for example in (*_gray_examples(), *_direct_examples(), *_palette_examples())
        ],
    }


if __name__ == "__main__":
    EXAMPLES.write_text(json.dumps(document(), indent=2) + "\n", encoding="utf-8")
