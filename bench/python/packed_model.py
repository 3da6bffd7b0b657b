"""A trained model as the pipeline keeps it, so that another training can start from it."""

from __future__ import annotations

import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any


def packed_model(script: ModuleType, model: Any, folder: Path) -> Path:
    """Writes what the script saves of the model into an archive in `folder`, and returns its path."""
    files = folder / "champion"
    files.mkdir()
    script.save(model, str(files))
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in files.iterdir():
            tar.add(path, path.name)
    return archive
