"""The prepared dataset: what the Prepare step writes and every later step reads.

Of each split, `<name>-images.npy`, `<name>-labels.npy` and `<name>-ids.npy`, and `dataset.json`. Images are mapped into
memory and not read: a step needs as much memory for a million of them as for a thousand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.image_policy import DEFAULT_POLICY, ImagePolicy


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


class SplitWriter:
    """Writes a split item by item. Its files are complete when the `with` block has ended without an error."""

    def __init__(self, folder: Path, name: str, policy: ImagePolicy) -> None:
        self._paths = {part: folder / f"{name}-{part}.npy" for part in ("images", "labels", "ids")}
        self._shape = (policy.height, policy.width, 3)
        self.labels: list[int] = []
        self._ids: list[str] = []

    def __enter__(self) -> SplitWriter:
        self._file = self._paths["images"].open("wb")
        self._write_header()
        return self

    def add(self, pixels: NDArray[np.uint8], label: int, item_id: str) -> None:
        """Appends an item.

        Raises:
            ValueError: the pixels are not uint8 [height, width, 3] of the policy.
            OSError: the disk is full.
        """
        if pixels.shape != self._shape or pixels.dtype != np.uint8:
            raise ValueError(f"pixels: must be uint8 {self._shape}, got {pixels.dtype} {pixels.shape}")
        self._file.write(np.ascontiguousarray(pixels).data)
        self.labels.append(label)
        self._ids.append(item_id)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file as file:
            if error is None:
                file.seek(0)
                self._write_header()
        if error is None:
            np.save(self._paths["labels"], np.asarray(self.labels, dtype=np.int64))
            np.save(self._paths["ids"], np.asarray(self._ids, dtype=np.str_))

    def _write_header(self) -> None:
        """Padded to 128 bytes whatever the number of items, so that it may be written again at the end."""
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(self._ids), *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


def save_split(folder: Path, name: str, split: Split) -> None:
    """Writes a split that is in memory."""
    for part in ("images", "labels", "ids"):
        np.save(folder / f"{name}-{part}.npy", getattr(split, part))


def load_split(folder: Path, name: str) -> Split:
    """Maps the images of a split and reads the rest of it.

    The map is copy-on-write: frameworks want arrays that could be written to, and the file stays as it is.

    Raises:
        FileNotFoundError: a file is missing.
    """
    images = np.load(folder / f"{name}-images.npy", mmap_mode="c", allow_pickle=False)
    labels, ids = (np.load(folder / f"{name}-{part}.npy", allow_pickle=False) for part in ("labels", "ids"))
    return Split(images, labels, ids)
