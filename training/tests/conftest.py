"""Builders shared by the tests."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings

from kaizen_training.prepare import prepare
from kaizen_training.split import split_of
from kaizen_training.surfaces import CONDITIONS, encode_jpeg, make_part, render_view
from kaizen_training.surfaces.camera import draw_view
from tests.finished_job import finish_job

SOURCE_DIR = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def untraced_exporter() -> Iterator[None]:
    """Hides PyTorch's exporter from coverage.py, which is called at every call and return: the exporter makes millions,
    none of them ours, and the tests of networks took half as long again.
    """
    original = torch.onnx.export

    def export(*arguments: Any, **options: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return original(*arguments, **options)
        finally:
            sys.settrace(tracer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", export)
        yield


# Hypothesis's own: the same examples in every run, and no limits of time, which a busy machine would break.
settings.load_profile("ci")


def rendered_jpeg(label: str, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    part = make_part(label, rng)
    return encode_jpeg(render_view(part, draw_view(CONDITIONS["normal"], rng), rng), 90)


@dataclass
class DatasetFolder:
    """A dataset on disk whose manifest lines can be changed before they are used."""

    root: Path
    items: list[dict[str, Any]] = field(default_factory=list)

    def add(self, content: bytes, label: str, group_id: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        item = {
            "id": f"item-{len(self.items)}",
            "groupId": group_id,
            "key": f"images/sha256/{digest[:2]}/{digest}.jpg",
            "sha256": digest,
            "label": label,
            "origin": "rendered",
            "capturedAt": "2026-01-01T00:00:00Z",
        }
        path = self.root / str(item["key"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.items.append(item)
        return item

    def manifest(self) -> bytes:
        return "".join(json.dumps(item) + "\n" for item in self.items).encode()


def group_in(split: str, start: int = 0) -> str:
    return next(name for n in range(start, start + 1000) if split_of(name := f"group-{n}") == split)


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., DatasetFolder]:
    """Makes a small dataset: `per_split` images of every label in every split."""

    def make(labels: tuple[str, ...] = ("good", "stain"), per_split: int = 1) -> DatasetFolder:
        folder = DatasetFolder(tmp_path / "dataset")
        for split in ("train", "validation", "test"):
            for number in range(per_split):
                group = group_in(split, 100 * number)
                for label in labels:
                    folder.add(rendered_jpeg(label, len(folder.items)), label, group)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 80 rendered images of four classes, prepared."""
    root = tmp_path_factory.mktemp("tiny")
    folder = DatasetFolder(root / "dataset")
    for number in range(80):
        label = ("dent", "good", "scratch", "stain")[number % 4]
        split = ("train", "train", "train", "validation", "test")[number // 4 % 5]
        folder.add(rendered_jpeg(label, number), label, group_in(split, number * 7))
    prepare(folder.manifest(), folder.root, root / "prepared")
    return root / "prepared"


@pytest.fixture(scope="session")
def job(tiny_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training job, evaluated and exported."""
    folder = tmp_path_factory.mktemp("job")
    finish_job(folder, tiny_prepared)
    return folder
