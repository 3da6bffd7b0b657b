"""A few images as the Prepare step would leave them, to try a script on: rendered ones, or some of a folder.

A folder holds one folder for each class. Every class gets images in every split, in the order of their names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from kaizen_training.prepare import decode_image, prepare
from kaizen_training.prepared import DatasetDescription
from kaizen_training.split import SPLITS
from kaizen_training.surfaces import CONDITIONS, encode_jpeg, make_part, render_view
from kaizen_training.surfaces.camera import draw_view

MOST_IMAGES = 64
# One for each split.
LEAST_PER_CLASS = len(SPLITS)
RENDERED_CLASSES = ("dent", "good", "scratch", "stain")
_SUFFIXES = (".jpg", ".jpeg", ".png")
_JPEG_QUALITY = 90
# Half of a class's images are trained on.
_ORDER = ("train", "validation", "test", "train")


def class_name(folder: str) -> str:
    """A folder's name as the contract takes names of classes: `Defect A` is `defect-a`."""
    return re.sub(r"[^a-z0-9_-]+", "-", folder.lower()).strip("-_")[:40]


def images_per_class(classes: int) -> int:
    """How many images of each class are taken, so that all together are 64 at most and each has 3 at least."""
    return max(LEAST_PER_CLASS, MOST_IMAGES // max(classes, 1))


def most_classes() -> int:
    """More classes than this cannot have an image in every split among 64."""
    return MOST_IMAGES // LEAST_PER_CLASS


@cache
def rendered_images() -> dict[str, list[bytes]]:
    """64 JPEGs of the demo's parts, 16 of a class; the same ones each time."""
    count = images_per_class(len(RENDERED_CLASSES))
    images: dict[str, list[bytes]] = {}
    for place, label in enumerate(RENDERED_CLASSES):
        rngs = [np.random.default_rng([place, number]) for number in range(count)]
        images[label] = [
            encode_jpeg(render_view(make_part(label, rng), draw_view(CONDITIONS["normal"], rng), rng), _JPEG_QUALITY)
            for rng in rngs
        ]
    return images


def _usable(folder: Path, wanted: int, taken: set[str]) -> list[bytes]:
    """The first images of a folder and below that can be decoded; one that came before counts once."""
    found: list[bytes] = []
    for path in sorted(folder.rglob("*")):
        if len(found) == wanted:
            break
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        try:
            decode_image(content)
        except ValueError:
            continue
        if digest not in taken:
            taken.add(digest)
            found.append(content)
    return found


def folder_images(folder: Path) -> dict[str, list[bytes]]:
    """Some images of each class of a folder, 64 in all; of more than 21 classes the first 21 in order.

    Raises:
        ValueError: with every problem: no folder, fewer than two classes, a class of fewer than 3 images that can be
            used, two folders of one name.
    """
    if not folder.is_dir():
        raise ValueError(f"--images: must be a folder, got {folder}")
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(folders) < 2:
        raise ValueError(f"--images: must hold a folder for each class, two at least; {folder} holds {len(folders)}")
    chosen = folders[: most_classes()]
    wanted = images_per_class(len(chosen))
    taken: set[str] = set()
    images: dict[str, list[bytes]] = {}
    problems = []
    for one in chosen:
        name = class_name(one.name)
        if not name or name in images:
            rule = (
                "must have a letter or a digit in its name" if not name else f"is class '{name}', as is another folder"
            )
            problems.append(f"--images: {one.name}: {rule}")
            continue
        images[name] = _usable(one, wanted, taken)
        if len(images[name]) < LEAST_PER_CLASS:
            problems.append(
                f"--images: {one.name}: must hold {LEAST_PER_CLASS} different JPEG or PNG images at least that can be "
                f"decoded, got {len(images[name])}"
            )
    if problems:
        raise ValueError("; ".join(problems))
    return images


def write_prepared(images: Mapping[str, Sequence[bytes]], work: Path) -> tuple[Path, DatasetDescription]:
    """Runs the Prepare step on the images, below `work`.

    Args:
        images: class -> images as files, `LEAST_PER_CLASS` at least.
        work: an empty folder.

    Returns:
        The folder that Prepare wrote, and what it says.

    Raises:
        PreparationError: Prepare refuses them.
    """
    root = work / "dataset"
    (root / "images").mkdir(parents=True)
    lines = []
    for label, contents in images.items():
        for number, content in enumerate(contents):
            name = f"{label}-{number}"
            # Decoders read the content, not the name.
            (root / "images" / name).write_bytes(content)
            item = {
                "id": name,
                "groupId": name,
                "key": f"images/{name}",
                "sha256": hashlib.sha256(content).hexdigest(),
                "label": label,
                "origin": "imported",
                "capturedAt": "2026-01-01T00:00:00Z",
                "split": _ORDER[number % len(_ORDER)],
                "splitGiven": True,
            }
            lines.append(json.dumps(item) + "\n")
    description = prepare("".join(lines).encode(), root, work / "prepared")
    return work / "prepared", description
