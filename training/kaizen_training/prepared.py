"""The prepared dataset: what the Prepare step writes and every later step reads.

Of each split, `<name>-images.npy`, `<name>-labels.npy` and `<name>-ids.npy`, and `dataset.json`. Images are mapped into
memory and not read: a step needs as much memory for a million of them as for a thousand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.image_policy import DEFAULT_POLICY, ImagePolicy

# Characters of an identifier of the contracts (contracts/schemas/common.schema.json).
LONGEST_ID = 128


@dataclass(frozen=True)
class Split:
    """One split, each item at the same place of all three.

    Attributes:
        images: uint8 [n, height, width, 3]; of a loaded split a map of the file: take from it what is needed at a time.
        labels: int64 [n], index into the classes.
        ids: [n].
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    ids: NDArray[np.str_]


@dataclass(frozen=True)
class DatasetDescription:
    """`dataset.json`.

    Attributes:
        classes: in label order.
        counts: items per split and class.
        manifest_sha256: digest of the manifest.
        corrupt: images that were skipped: id, key, reason.
        policy: what was made of every image.
    """

    classes: list[str]
    counts: dict[str, dict[str, int]]
    manifest_sha256: str
    corrupt: list[dict[str, str]]
    policy: ImagePolicy = DEFAULT_POLICY

    def to_json(self) -> dict[str, Any]:
        """The JSON form, field names in the spelling of the contracts."""
        return {
            "classes": self.classes,
            "counts": self.counts,
            "manifestSha256": self.manifest_sha256,
            "imagePolicy": self.policy.to_json(),
            "corrupt": self.corrupt,
        }


def load_description(folder: Path) -> DatasetDescription:
    """Reads `dataset.json`.

    Raises:
        FileNotFoundError: the folder was not written by the Prepare step.
        ContractError: its image policy is none.
    """
    path = folder / "dataset.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the folder was not written by the Prepare step")
    value = json.loads(path.read_text(encoding="utf-8"))
    policy = ImagePolicy.of_json(value["imagePolicy"])
    return DatasetDescription(value["classes"], value["counts"], value["manifestSha256"], value["corrupt"], policy)


class _Column:
    """A .npy file that grows by rows. Complete when it is closed."""

    def __init__(self, path: Path, dtype: np.dtype[Any], row: tuple[int, ...] = ()) -> None:
        self._row, self._dtype = row, dtype
        self._rows = 0
        self._file = path.open("wb")
        self._write_header()

    def add(self, values: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(values, dtype=self._dtype).tobytes())
        self._rows += 1

    def close(self) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def abandon(self) -> None:
        self._file.close()

    def _write_header(self) -> None:
        """Padded to 128 bytes whatever the number of items, so that it may be written again at the end."""
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self._rows, *self._row)}
        np.lib.format.write_array_header_1_0(self._file, header)


class SplitWriter:
    """Writes a split item by item. Its files are complete when the `with` block has ended without an error.

    Attributes:
        counts: items of each label so far.
    """

    def __init__(self, folder: Path, name: str, policy: ImagePolicy, longest_id: int = LONGEST_ID) -> None:
        """The files are those of `name` in `folder`; ids have at most `longest_id` characters."""
        self._paths = {part: folder / f"{name}-{part}.npy" for part in ("images", "labels", "ids")}
        self._shape = (policy.height, policy.width, 3)
        self._longest_id = max(1, longest_id)
        self.counts: Counter[int] = Counter()

    def __enter__(self) -> SplitWriter:
        self._images = _Column(self._paths["images"], np.dtype(np.uint8), self._shape)
        self._labels = _Column(self._paths["labels"], np.dtype(np.int64))
        self._ids = _Column(self._paths["ids"], np.dtype((np.str_, self._longest_id)))
        return self

    def add(self, pixels: NDArray[np.uint8], label: int, item_id: str) -> None:
        """Appends an item.

        Raises:
            ValueError: the pixels are not uint8 [height, width, 3] of the policy, or the id is too long.
            OSError: the disk is full.
        """
        if pixels.shape != self._shape or pixels.dtype != np.uint8:
            raise ValueError(f"pixels: must be uint8 {self._shape}, got {pixels.dtype} {pixels.shape}")
        if len(item_id) > self._longest_id:
            raise ValueError(f"item_id: must have at most {self._longest_id} characters, got '{item_id}'")
        self._images.add(np.ascontiguousarray(pixels))
        self._labels.add(np.asarray(label))
        self._ids.add(np.asarray(item_id))
        self.counts[label] += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for column in (self._images, self._labels, self._ids):
            if error is None:
                column.close()
            else:
                column.abandon()


def save_split(folder: Path, name: str, split: Split) -> None:
    """Writes a split that is in memory."""
    for part in ("images", "labels", "ids"):
        np.save(folder / f"{name}-{part}.npy", getattr(split, part))


def load_split(folder: Path, name: str) -> Split:
    """Maps the images and the ids of a split, and reads its labels.

    A map is copy-on-write: frameworks want arrays that could be written to, and the file stays as it is.

    Raises:
        FileNotFoundError: a file is missing.
    """
    images, ids = (
        np.load(folder / f"{name}-{part}.npy", mmap_mode="c", allow_pickle=False) for part in ("images", "ids")
    )
    labels = np.load(folder / f"{name}-labels.npy", allow_pickle=False)
    return Split(images, labels, ids)


def read_ahead(
    split: Split, batches: Iterable[NDArray[np.int64]]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Yields the images and labels of each batch, of which the next is read while the network learns from this one.

    Args:
        split: as loaded, so that nothing but two batches is ever in memory.
        batches: places of items, each int [n].
    """

    def read(places: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        return np.asarray(split.images[places]), split.labels[places]

    with ThreadPoolExecutor(1) as reader:
        reading: Future[tuple[NDArray[np.uint8], NDArray[np.int64]]] | None = None
        for places in batches:
            following = reader.submit(read, places)
            if reading is not None:
                yield reading.result()
            reading = following
        if reading is not None:
            yield reading.result()
