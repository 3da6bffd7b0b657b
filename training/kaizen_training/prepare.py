"""Prepare step: from an accepted manifest and its images to arrays.

`python -m kaizen_training.prepare --manifest-uri s3://... --use-case X` in a SageMaker Processing container. Images are
decoded on every core and written as they come, and the manifest is read line by line, so that a large dataset takes
time and disk, and no memory.
An image that cannot be decoded is skipped and listed, as long as few are; a digest that does not match stops the step,
because then the manifest does not describe these bytes. So does one image in two splits, or with two labels.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from kaizen_training.bootstrap import ensure_requirements
from kaizen_training.image_policy import DEFAULT_POLICY, MAXIMUM_SIDE, ImagePolicy, apply_policy
from kaizen_training.manifest import CheckedManifest, ManifestSource, PreparationError, check_manifest, sha256_of
from kaizen_training.prepared import DatasetDescription, SplitWriter
from kaizen_training.split import SPLITS

# 16 megapixels, the device's own limit: a larger image is an attack or a mistake, not a frame.
MAXIMUM_PIXELS = 16_777_216
# One block of JPEG, and the side of the smallest pictures that anybody trains on (scikit-learn's digits). The same in
# cli/dataset/inspect-image.ts.
MINIMUM_SIDE = 8
# More than one image in twenty is a broken transfer, not bad luck. The same in cli/dataset/dataset-rules.ts.
MAXIMUM_CORRUPT_SHARE = 0.05
# Images under way for each thread: one that it decodes, one that waits to be written in its turn.
AHEAD = 2

Item = TypeVar("Item")
Made = TypeVar("Made")


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
            if max(image.size) > MAXIMUM_SIDE:
                raise ValueError(f"{size}: a side has at most {MAXIMUM_SIDE}")
            if min(image.size) < MINIMUM_SIDE:
                raise ValueError(f"{size}: each side must have at least {MINIMUM_SIDE}")
            if image.mode == "CMYK":
                # Decoders disagree about it, so devices refuse it.
                raise ValueError("is CMYK: only gray and RGB images are taken")
            return _as_rgb(image)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be decoded: {error}") from error


def decode_image(content: bytes, policy: ImagePolicy = DEFAULT_POLICY) -> NDArray[np.uint8]:
    """Decodes, and makes of it what the policy says: uint8 [height, width, 3].

    Raises:
        ValueError: as `decode_pixels`, or every pixel is the same: there is nothing to learn from it.
    """
    rgb = decode_pixels(content)
    if all(low == high for low, high in cast("tuple[tuple[int, int], ...]", rgb.getextrema())):
        raise ValueError(f"every pixel is {rgb.getpixel((0, 0))}: the camera saw nothing, or its values were lost")
    return apply_policy(rgb, policy)


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


def in_order(function: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yields what a function makes of each item, in their order, and works on a few of them ahead, side by side."""
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[Made]] = deque()
        try:
            for item in items:
                under_way.append(pool.submit(function, item))
                if len(under_way) >= AHEAD * threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


class _UnusableError(Exception):
    """An image that is not what the manifest says: nothing may be trained on this dataset."""


def _pixels_of(item: dict[str, Any], root: Path, policy: ImagePolicy) -> NDArray[np.uint8] | str | _UnusableError:
    """The pixels; why there are none, where the image is corrupt; or what is wrong with the dataset."""
    try:
        content = _read_image(item, root)
    except ValueError as error:
        return _UnusableError(str(error))
    try:
        return decode_image(content, policy)
    except ValueError as error:
        return str(error)


def _write_splits(
    manifest: CheckedManifest, root: Path, output: Path, policy: ImagePolicy
) -> tuple[dict[str, dict[str, int]], list[dict[str, str]]]:
    """Writes the files of every split; returns counts by split and class, and the images that were skipped.

    Raises:
        PreparationError: with every problem.
    """
    classes = manifest.classes
    label_of = {name: label for label, name in enumerate(classes)}
    problems: list[str] = []
    corrupt: list[dict[str, str]] = []
    with ExitStack() as stack:
        writers = {
            split: stack.enter_context(SplitWriter(output, split, policy, manifest.longest_id)) for split in SPLITS
        }
        # Pillow lets other threads run while it decodes and resizes.
        made = in_order(lambda item: (item, _pixels_of(item, root, policy)), manifest.items(), os.cpu_count() or 1)
        for item, pixels in made:
            if isinstance(pixels, _UnusableError):
                problems.append(str(pixels))
            elif isinstance(pixels, str):
                corrupt.append({"id": item["id"], "key": item["key"], "reason": pixels})
            else:
                writers[item["split"]].add(pixels, label_of[item["label"]], item["id"])
        counts = {split: {classes[label]: count for label, count in writers[split].counts.items()} for split in SPLITS}
        problems += _check_corrupt(len(corrupt), manifest.count) + _check_counts(counts, classes)
        if problems:
            raise PreparationError(problems)
    return counts, corrupt


def prepare(
    manifest: ManifestSource, images_root: Path, output: Path, policy: ImagePolicy = DEFAULT_POLICY
) -> DatasetDescription:
    """Writes the files of `train`, `validation` and `test`, and `dataset.json`, into `output`.

    Classes are in alphabetical order. Memory is for a few images for each processor.

    Args:
        manifest: JSON Lines of the contract dataset-item, or the file with them, which is read twice.
        images_root: where its keys begin.
        output: created when missing.
        policy: what networks see of an image.

    Raises:
        PreparationError: with every problem; nothing is left in `output`.
    """
    checked = check_manifest(manifest)
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    try:
        counts, corrupt = _write_splits(checked, images_root, output, policy)
    except BaseException:
        for path in (path for split in SPLITS for path in output.glob(f"{split}-*.npy")):
            path.unlink()
        if is_new:
            output.rmdir()
        raise
    description = DatasetDescription(checked.classes, counts, checked.sha256, corrupt, policy)
    (output / "dataset.json").write_text(json.dumps(description.to_json(), indent=2) + "\n", encoding="utf-8")
    return description


def _image_policy(text: str) -> ImagePolicy:
    try:
        return ImagePolicy.of_json(json.loads(text))
    except ValueError as error:
        raise PreparationError([f"--image-policy: {error}, got {text}"]) from error


def _the_manifest(folder: Path, uri: str) -> Path:
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if len(files) != 1:
        raise PreparationError([f"--manifest: must hold exactly one file, {folder} holds {len(files)}"])
    # Accepted manifests are named by their digest: manifests/accepted/<sha256>.jsonl.
    named = Path(uri).stem
    digest = sha256_of(files[0])
    if len(named) == len(digest) and named != digest:
        raise PreparationError([f"--manifest-uri: {uri} promises the digest {named}, the file has {digest}"])
    return files[0]


def main(arguments: list[str] | None = None) -> int:
    """Runs the step; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest-uri", required=True)
    parser.add_argument("--manifest", type=Path, default=Path("/opt/ml/processing/input/dataset/manifests/accepted"))
    parser.add_argument("--input", type=Path, default=Path("/opt/ml/processing/input/dataset"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/prepared"))
    parser.add_argument("--use-case", required=True)
    # Parsed below: checking it takes what a SageMaker image lacks until the requirements are installed.
    parser.add_argument("--image-policy", default="{}", help="JSON of the contract image-policy")
    options = parser.parse_args(arguments)
    ensure_requirements()
    try:
        policy = _image_policy(options.image_policy)
        manifest = _the_manifest(options.manifest, options.manifest_uri)
        description = prepare(manifest, options.input, options.output, policy)
    except PreparationError as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"useCase": options.use_case, **description.to_json()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
