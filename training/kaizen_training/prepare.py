"""Prepare step: from an accepted manifest and its images to arrays.

`python -m kaizen_training.prepare --manifest-uri s3://... --use-case X` in a SageMaker Processing container.
An image that cannot be decoded is skipped and listed; a digest that does not match stops the step, because then the
manifest does not describe these bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.prepared import IMAGE_SIZE, DatasetDescription, Split, save_split
from kaizen_training.split import SPLITS, split_of

# 16 megapixels, the device's own limit: a larger image is an attack or a mistake, not a frame.
MAXIMUM_PIXELS = 16_777_216
MOST_PROBLEMS_REPORTED = 1000


class PreparationError(ValueError):
    """The dataset cannot be used. `problems` holds every reason."""

    def __init__(self, problems: list[str]) -> None:
        shown = "\n".join(f"  - {problem}" for problem in problems[:MOST_PROBLEMS_REPORTED])
        more = len(problems) - MOST_PROBLEMS_REPORTED
        super().__init__(f"the dataset cannot be used:\n{shown}" + (f"\n  ... and {more} more" if more > 0 else ""))
        self.problems = problems


def parse_manifest(text: str) -> list[dict[str, Any]]:
    """Reads a manifest (JSON Lines of the contract dataset-item), assigning splits where they are absent.

    Raises:
        PreparationError: with the line number and reason of every bad line.
    """
    from kaizen_training.contracts import problems_of

    items: list[dict[str, Any]] = []
    problems: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"line {number}: not JSON: {error}")
            continue
        found = problems_of("dataset-item", item)
        if found:
            problems += [f"line {number}: {problem}" for problem in found]
            continue
        if item["id"] in seen:
            problems.append(f"line {number}: id: must be unique, '{item['id']}' came before")
        seen.add(item["id"])
        split = split_of(item["groupId"])
        if item.setdefault("split", split) != split:
            problems.append(f"line {number}: split: group '{item['groupId']}' belongs to {split}, got {item['split']}")
        items.append(item)
    if not items and not problems:
        problems.append("the manifest is empty")
    if problems:
        raise PreparationError(problems)
    return items


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decodes to RGB, uint8 [128, 128, 3]; another size is resized (bilinear, antialiased).

    Raises:
        ValueError: the bytes are not a whole image of a sensible size.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAXIMUM_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are more than {MAXIMUM_PIXELS}")
            rgb = image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be decoded: {error}") from error
    if rgb.size != (IMAGE_SIZE, IMAGE_SIZE):
        rgb = rgb.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BILINEAR)
    return np.asarray(rgb, dtype=np.uint8)


def _read_image(item: dict[str, Any], root: Path) -> bytes:
    path = (root / item["key"]).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ValueError(f"item '{item['id']}': key: must stay inside the dataset, got {item['key']}")
    if not path.is_file():
        raise ValueError(f"item '{item['id']}': {item['key']} is missing")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != item["sha256"]:
        raise ValueError(f"item '{item['id']}': sha256: {item['key']} has {digest}, the manifest says {item['sha256']}")
    return content


def _check_counts(counts: dict[str, dict[str, int]], classes: list[str]) -> list[str]:
    if len(classes) < 2:
        return [f"there must be at least two classes, got {', '.join(classes) or 'none'}"]
    return [
        f"class '{name}' has no usable image in the {split} split"
        for split in SPLITS
        for name in classes
        if counts[split].get(name, 0) == 0
    ]


def prepare(manifest: bytes, images_root: Path, output: Path) -> DatasetDescription:
    """Writes `train.npz`, `validation.npz`, `test.npz` and `dataset.json` into `output`.

    Classes are in alphabetical order.

    Raises:
        PreparationError: with every problem; nothing is written.
    """
    items = parse_manifest(manifest.decode())
    classes = sorted({item["label"] for item in items})
    rows: dict[str, list[tuple[NDArray[np.uint8], int, str]]] = {split: [] for split in SPLITS}
    problems: list[str] = []
    corrupt: list[dict[str, str]] = []
    for item in items:
        try:
            content = _read_image(item, images_root)
        except ValueError as error:
            problems.append(str(error))
            continue
        try:
            pixels = decode_image(content)
        except ValueError as error:
            corrupt.append({"id": item["id"], "key": item["key"], "reason": str(error)})
            continue
        rows[item["split"]].append((pixels, classes.index(item["label"]), item["id"]))

    counts = {split: dict(Counter(classes[label] for _, label, _ in rows[split])) for split in SPLITS}
    problems += _check_counts(counts, classes)
    if problems:
        raise PreparationError(problems)

    output.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        images, labels, ids = zip(*rows[split], strict=True)
        save_split(output, split, Split(np.stack(images), np.asarray(labels, dtype=np.int64), np.asarray(ids)))
    description = DatasetDescription(classes, counts, hashlib.sha256(manifest).hexdigest(), corrupt)
    (output / "dataset.json").write_text(json.dumps(description.to_json(), indent=2) + "\n", encoding="utf-8")
    return description


def _the_manifest(folder: Path, uri: str) -> bytes:
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if len(files) != 1:
        raise PreparationError([f"--manifest: must hold exactly one file, {folder} holds {len(files)}"])
    content = files[0].read_bytes()
    # Accepted manifests are named by their digest: manifests/accepted/<sha256>.jsonl.
    named = Path(uri).stem
    digest = hashlib.sha256(content).hexdigest()
    if len(named) == len(digest) and named != digest:
        raise PreparationError([f"--manifest-uri: {uri} promises the digest {named}, the file has {digest}"])
    return content


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest-uri", required=True)
    parser.add_argument("--manifest", type=Path, default=Path("/opt/ml/processing/input/manifest"))
    parser.add_argument("--input", type=Path, default=Path("/opt/ml/processing/input/dataset"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/prepared"))
    parser.add_argument("--use-case", required=True)
    options = parser.parse_args(arguments)
    ensure_requirements()
    try:
        description = prepare(_the_manifest(options.manifest, options.manifest_uri), options.input, options.output)
    except PreparationError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"useCase": options.use_case, **description.to_json()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
