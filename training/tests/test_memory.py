"""[G24] Prepare and Train need as much memory for eight times the images, which would be 330 MB more at once.

Nor does it grow with what a manifest says of them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import SOURCE_DIR, DatasetFolder, group_in
from tests.job_environment import PATIENCE_SECONDS

FEW, MANY = 60, 480
BYTES_OF_IMAGE = 512 * 512 * 3
# Of what the images would take. What differs is how far the heaps of the threads had grown when the few were over.
MOST_GROWTH_SHARE = 0.3
FEW_LINES, MANY_LINES = 500, 4500
# Items as they are in Python take 2,000. What grows is the part of its database that SQLite keeps, until it is full.
MOST_BYTES_OF_LINE = 500


def small_png(number: int) -> bytes:
    """A few dozen pixels for each of which Prepare makes thousands."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def dataset_of(folder: Path, images: int) -> Path:
    dataset = DatasetFolder(folder)
    groups = {split: group_in(split) for split in ("train", "validation", "test")}
    for number in range(images):
        split = ("train", "train", "train", "validation", "test")[number // 2 % 5]
        dataset.add(small_png(number), ("good", "stain")[number % 2], groups[split])
    (folder / "manifest.jsonl").write_bytes(dataset.manifest())
    return folder


def peak_of(step: str, folder: Path) -> int:
    program = [sys.executable, "-m", "tests.peak_memory", step, str(folder)]
    # One heap for all threads: with one for each, what they leave in them differs from run to run.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        program, cwd=SOURCE_DIR, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_g24_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    few, many = (dataset_of(tmp_path / str(count), count) for count in (FEW, MANY))
    at_once = (MANY - FEW) * BYTES_OF_IMAGE
    for step in ("prepare", "train"):
        growth = peak_of(step, many) - peak_of(step, few)
        assert growth < MOST_GROWTH_SHARE * at_once, f"{step}: {growth:,} bytes more for eight times the images"
    description = json.loads((many / "prepared/dataset.json").read_text())
    assert sum(sum(counts.values()) for counts in description["counts"].values()) == MANY


def manifest_of(folder: Path, lines: int) -> Path:
    folder.mkdir()
    with (folder / "manifest.jsonl").open("w", encoding="utf-8") as file:
        for number in range(lines):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            item = {
                "id": digest[:36],
                "groupId": f"part-{number}",
                "key": f"images/sha256/{digest[:2]}/{digest}.jpg",
                "sha256": digest,
                "label": ("good", "stain")[number % 2],
                "origin": "imported",
                "capturedAt": "2026-01-01T00:00:00Z",
            }
            file.write(json.dumps(item) + "\n")
    return folder


def test_g24_memory_does_not_grow_with_the_manifest(tmp_path: Path) -> None:
    """[G24]"""
    few, many = (manifest_of(tmp_path / str(lines), lines) for lines in (FEW_LINES, MANY_LINES))
    growth = peak_of("check", many) - peak_of("check", few)
    assert growth < MOST_BYTES_OF_LINE * (MANY_LINES - FEW_LINES), f"{growth:,} bytes more for nine times the lines"
