"""A JPEG image with stray bytes before its restart markers, as some USB cameras write them, and the same without.

`python -m tests.stray_bytes_example` (in training/) writes contracts/examples/jpeg-stray-bytes.json.
"""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
from PIL import Image

from kaizen_training.contracts import contracts_folder

EXAMPLE = contracts_folder() / "examples/jpeg-stray-bytes.json"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def _clean() -> bytes:
    """48x40 pixels with structure, colours at half the resolution, a restart marker behind every second unit."""
    noise = np.random.default_rng(10).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "JPEG", quality=80, subsampling="4:2:0", restart_marker_blocks=2)
    return content.getvalue()


def _with_stray_bytes(clean: bytes) -> bytes:
    """One to four bytes before each marker in the scan's data, as an encoder that pads to whole words writes them."""
    data = clean.index(b"\xff\xda")
    count = 0

    def padded(marker: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        return bytes(range(count, count + 1 + count % 4)) + marker[0]

    return clean[:data] + _RESTART.sub(padded, clean[data:])


def example() -> dict[str, str]:
    """Both files, base64."""
    clean = _clean()
    files = {"clean": clean, "stray": _with_stray_bytes(clean)}
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


if __name__ == "__main__":
    EXAMPLE.write_text(json.dumps(example(), indent=2) + "\n", encoding="utf-8")
