"""Prepare step: from an accepted manifest and its images to arrays.

`python -m kaizen_training.prepare --manifest-uri s3://... --use-case X` in a SageMaker Processing container.
An image that cannot be decoded is skipped and listed, as long as few are; a digest that does not match stops the step,
because then the manifest does not describe these bytes. So does one image in two splits, or with two labels.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.prepared import IMAGE_SIZE, DatasetDescription, Split, save_split
from kaizen_training.split import SPLITS, place_of

# 16 megapixels, the device's own limit: a larger image is an attack or a mistake, not a frame.
MAXIMUM_PIXELS = 16_777_216
# One block of JPEG, and the side of the smallest pictures that anybody trains on (scikit-learn's digits). The same in
# cli/dataset/inspect-image.ts.
MINIMUM_SIDE = 8
# More than one image in twenty is a broken transfer, not bad luck. The same in cli/dataset/dataset-rules.ts.
MAXIMUM_CORRUPT_SHARE = 0.05
MOST_PROBLEMS_REPORTED = 1000


class PreparationError(ValueError):
    """The dataset cannot be used. `problems` holds every reason."""

    def __init__(self, problems: list[str]) -> None:
        shown = "\n".join(f"  - {problem}" for problem in problems[:MOST_PROBLEMS_REPORTED])
        more = len(problems) - MOST_PROBLEMS_REPORTED
        super().__init__(f"the dataset cannot be used:\n{shown}" + (f"\n  ... and {more} more" if more > 0 else ""))
        self.problems = problems


class _ManifestReader:
    """Takes lines one by one and keeps what the rules between lines need."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self._lines_by_id: dict[str, int] = {}
        self._first_of_groups: dict[str, tuple[int, str]] = {}
        self._first_uses: dict[str, tuple[int, dict[str, Any]]] = {}

    def add(self, number: int, line: str) -> None:
        from kaizen_training.contracts import problems_of

        try:
            item = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            self.problems.append(f"line {number}: not JSON: {error}")
            return
        found = problems_of("dataset-item", item) or self._rules_between_lines(number, item)
        self.problems += [f"line {number}: {problem}" for problem in found]
        self.items.append(item)

    def _rules_between_lines(self, number: int, item: dict[str, Any]) -> list[str]:
        problems = []
        twin = self._lines_by_id.setdefault(item["id"], number)
        if twin != number:
            problems.append(f"id: must be unique, '{item['id']}' came in line {twin}")
        group, split = item["groupId"], place_of(item)
        if item.setdefault("split", split) != split:
            problems.append(f"split: group '{group}' belongs to {split}, got {item['split']}")
        line, there = self._first_of_groups.setdefault(group, (number, split))
        if there != split:
            # Only a split that was given can differ from that of the group's other items.
            problems.append(f"split: the group '{group}' is in {there} in line {line}, here in {split}")
        first, same = self._first_uses.setdefault(item["sha256"], (number, item))
        there = place_of(same)
        if split != there:
            # Leakage: the model would be tested on what it has learnt.
            problems.append(f"sha256: the image of line {first} again, there in {there}, here in {split}")
        if item["label"] != same["label"]:
            problems.append(f"label: the image of line {first} again, there '{same['label']}', here '{item['label']}'")
        return problems


def parse_manifest(text: str) -> list[dict[str, Any]]:
    """Reads a manifest (JSON Lines of the contract dataset-item), assigning splits where they are absent.

    Raises:
        PreparationError: with the line number and reason of every bad line: one that breaks the contract, an id that
            comes twice, a split that is not that of the group, a group or an image (by digest) in two splits, an image
            with two labels.
    """
    reader = _ManifestReader()
    # Only the line feed ends a line: JSON may hold the other separators that `splitlines` knows.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            reader.add(number, line)
    if not reader.items and not reader.problems:
        reader.problems.append("the manifest is empty")
    if reader.problems:
        raise PreparationError(reader.problems)
    return reader.items


def _as_rgb(image: Image.Image) -> Image.Image:
    """What a device sees, for every kind of image in contracts/examples/image-decoding.json."""
    if image.mode.startswith("I"):
        # Gray of 16 bits; Pillow's own conversion cuts everything above 255 off, and leaves a white image.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "P":
        # Pillow warns that it drops the transparency of a palette, which is what a device does.
        image.info.pop("transparency", None)
    return image.convert("RGB")


def decode_pixels(content: bytes) -> Image.Image:
    """Decodes to RGB, in the image's own size.

    Raises:
        ValueError: the bytes are no whole JPEG or PNG of 8x8 to 16,777,216 pixels in gray or RGB; says which.
    """
    if not content:
        raise ValueError("is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            size = f"{image.width}x{image.height} pixels"
            if image.width * image.height > MAXIMUM_PIXELS:
                raise ValueError(f"{size} are more than {MAXIMUM_PIXELS}")
            if min(image.size) < MINIMUM_SIDE:
                raise ValueError(f"{size}: each side must have at least {MINIMUM_SIDE}")
            if image.mode == "CMYK":
                # Decoders disagree about it, so devices refuse it.
                raise ValueError("is CMYK: only gray and RGB images are taken")
            return _as_rgb(image)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be decoded: {error}") from error


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decodes to RGB, uint8 [128, 128, 3]; another size is resized (bilinear, antialiased).

    Raises:
        ValueError: as `decode_pixels`, or every pixel is the same: there is nothing to learn from it.
    """
    rgb = decode_pixels(content)
    if all(low == high for low, high in cast("tuple[tuple[int, int], ...]", rgb.getextrema())):
        raise ValueError(f"every pixel is {rgb.getpixel((0, 0))}: the camera saw nothing, or its values were lost")
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


def _check_corrupt(corrupt: int, items: int) -> list[str]:
    if corrupt <= MAXIMUM_CORRUPT_SHARE * items:
        return []
    return [
        f"{corrupt} of {items} images are corrupt, more than {MAXIMUM_CORRUPT_SHARE:.0%}: look at how they came here"
    ]


class _SplitWriter:
    """Collects one split in an array of its final size, so that the pixels are in memory once."""

    def __init__(self, capacity: int) -> None:
        # Pages that are never written cost nothing.
        self._images = np.empty((capacity, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
        self.labels: list[int] = []
        self._ids: list[str] = []

    def add(self, pixels: NDArray[np.uint8], label: int, item_id: str) -> None:
        self._images[len(self._ids)] = pixels
        self.labels.append(label)
        self._ids.append(item_id)

    def split(self) -> Split:
        used = len(self._ids)
        return Split(self._images[:used], np.asarray(self.labels, dtype=np.int64), np.asarray(self._ids))


def prepare(manifest: bytes, images_root: Path, output: Path) -> DatasetDescription:
    """Writes `train.npz`, `validation.npz`, `test.npz` and `dataset.json` into `output`.

    Classes are in alphabetical order. Needs 49,152 bytes of memory per image, and little besides.

    Raises:
        PreparationError: with every problem; nothing is written.
    """
    try:
        text = manifest.decode()
    except UnicodeDecodeError as error:
        raise PreparationError([f"the manifest is not UTF-8: {error}"]) from error
    items = parse_manifest(text)
    classes = sorted({item["label"] for item in items})
    sizes = Counter(item["split"] for item in items)
    writers = {split: _SplitWriter(sizes[split]) for split in SPLITS}
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
        writers[item["split"]].add(pixels, classes.index(item["label"]), item["id"])

    counts = {split: dict(Counter(classes[label] for label in writers[split].labels)) for split in SPLITS}
    problems += _check_corrupt(len(corrupt), len(items)) + _check_counts(counts, classes)
    if problems:
        raise PreparationError(problems)

    output.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        save_split(output, split, writers[split].split())
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
    parser.add_argument("--manifest", type=Path, default=Path("/opt/ml/processing/input/dataset/manifests/accepted"))
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
