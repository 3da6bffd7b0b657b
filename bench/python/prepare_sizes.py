"""What Prepare takes for a data set of some size: `python bench/python/prepare_sizes.py --items <n> --work <folder>`.

Prints {"bytes": b, "seconds": s, "processorSeconds": p, "items": n}: the most anonymous memory that the process had
while it prepared (training/tests/peak_memory.py says why this), time, and time of processors. The photographs are 500
of 128 x 128 pixels, each named by many items: memory and speed are of items, and a hundred thousand files would measure
the disk.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from kaizen_training.image_policy import ImagePolicy  # noqa: E402
from kaizen_training.manifest import check_manifest  # noqa: E402
from kaizen_training.prepare import prepare  # noqa: E402
from tests.peak_memory import anonymous_bytes, peak_of  # noqa: E402

PHOTOGRAPHS = 500
SIDE = 128
# Of what is written: the disk of 100,000 is 1.2 GB.
PREPARED_SIDE = 64
QUALITY = 90


def _photograph(number: int) -> bytes:
    """Smooth, as photographs are, and different."""
    coarse = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _write_dataset(folder: Path, items: int) -> Path:
    """The photographs, and a manifest of which item n shows photograph n modulo their number."""
    keys = []
    for number in range(PHOTOGRAPHS):
        content = _photograph(number)
        digest = hashlib.sha256(content).hexdigest()
        path = folder / f"images/sha256/{digest[:2]}/{digest}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        keys.append((digest, str(path.relative_to(folder))))
    manifest = folder / "manifest.jsonl"
    with manifest.open("w", encoding="utf-8") as file:
        for number in range(items):
            photograph = number % PHOTOGRAPHS
            digest, key = keys[photograph]
            item = {
                "id": hashlib.sha256(str(number).encode()).hexdigest()[:36],
                "groupId": f"part-{photograph}",
                "key": key,
                "sha256": digest,
                "label": ("good", "scratch")[photograph % 2],
                "origin": "imported",
                "capturedAt": "2026-01-01T00:00:00Z",
            }
            file.write(json.dumps(item) + "\n")
    return manifest


def main() -> None:
    """Writes the data set, prepares it, and says what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    folder = options.work / str(options.items)
    try:
        manifest = _write_dataset(folder, options.items)
        with manifest.open("rb") as file:
            # Reads the schemas and compiles the rules.
            check_manifest(file.readline())
        policy = ImagePolicy(width=PREPARED_SIDE, height=PREPARED_SIDE)
        before = anonymous_bytes()
        started, worked = time.perf_counter(), time.process_time()
        growth = peak_of(lambda: prepare(manifest, folder, folder / "prepared", policy))
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
        taken = {"bytes": before + growth, "seconds": seconds, "processorSeconds": processor, "items": options.items}
        print(json.dumps(taken))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
