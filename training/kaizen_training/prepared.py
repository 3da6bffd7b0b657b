"""The prepared dataset: what the Prepare step writes and every later step reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE_SIZE = 128


@dataclass(frozen=True)
class Split:
    """One split. `images` uint8 [n, 128, 128, 3]; `labels` int64 [n], index into the classes; `ids` [n]."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    ids: NDArray[np.str_]


@dataclass(frozen=True)
class DatasetDescription:
    """`dataset.json`: classes in label order, items per split and class, digest of the manifest, skipped images."""

    classes: list[str]
    counts: dict[str, dict[str, int]]
    manifest_sha256: str
    corrupt: list[dict[str, str]]

    def to_json(self) -> dict[str, Any]:
        """The JSON form, field names in the spelling of the contracts."""
        return {
            "classes": self.classes,
            "counts": self.counts,
            "manifestSha256": self.manifest_sha256,
            "corrupt": self.corrupt,
        }


def load_description(folder: Path) -> DatasetDescription:
    """Reads `dataset.json`.

    Raises:
        FileNotFoundError: the folder was not written by the Prepare step.
    """
    path = folder / "dataset.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the folder was not written by the Prepare step")
    value = json.loads(path.read_text(encoding="utf-8"))
    return DatasetDescription(value["classes"], value["counts"], value["manifestSha256"], value["corrupt"])


def save_split(folder: Path, name: str, split: Split) -> None:
    """Writes `<name>.npz`, uncompressed: JPEG-decoded pixels hardly compress, and time matters more."""
    np.savez(folder / f"{name}.npz", images=split.images, labels=split.labels, ids=split.ids)


def load_split(folder: Path, name: str) -> Split:
    """Reads `<name>.npz`.

    Raises:
        FileNotFoundError: the file is missing.
    """
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        return Split(arrays["images"], arrays["labels"], arrays["ids"])
