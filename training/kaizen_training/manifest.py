"""A manifest (JSON Lines of the contract dataset-item), read line by line and never held as a whole.

What the rules between lines need of earlier ones (which ids, groups and images came, and where) lies in a temporary
database on disk, of which SQLite keeps two megabytes in memory: a manifest of a million lines takes as much as one of a
thousand.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kaizen_training.split import place_of

MOST_PROBLEMS_REPORTED = 1000
_CHUNK_BYTES = 1 << 20

# Its content, or the file that holds it.
ManifestSource = bytes | Path


class PreparationError(ValueError):
    """The dataset cannot be used. `problems` holds every reason."""

    def __init__(self, problems: list[str]) -> None:
        shown = "\n".join(f"  - {problem}" for problem in problems[:MOST_PROBLEMS_REPORTED])
        more = len(problems) - MOST_PROBLEMS_REPORTED
        super().__init__(f"the dataset cannot be used:\n{shown}" + (f"\n  ... and {more} more" if more > 0 else ""))
        self.problems = problems


def _opened(manifest: ManifestSource) -> BinaryIO:
    """The manifest as a file to read."""
    return manifest.open("rb") if isinstance(manifest, Path) else io.BytesIO(manifest)


def _lines(manifest: ManifestSource) -> Iterator[tuple[int, bytes]]:
    """Line numbers from 1, and lines that hold something.

    Only the line feed ends a line: JSON may hold the other separators that `str.splitlines` knows.
    """
    with _opened(manifest) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line


class _EarlierLines:
    """The first line of each name of a kind, with a value. On disk; gone when it is closed."""

    def __init__(self) -> None:
        # An empty name is a file that SQLite makes among the temporary ones, and deletes.
        self._database = sqlite3.connect("", isolation_level=None)
        # It need not survive anything.
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE first (kind TEXT, name TEXT, line INTEGER, value TEXT, PRIMARY KEY (kind, name))"
            " WITHOUT ROWID; BEGIN"
        )

    def first(self, kind: str, name: str, line: int, value: str = "") -> tuple[int, str]:
        """Line and value of the first call with this name, which may be this one."""
        fresh = self._database.execute("INSERT OR IGNORE INTO first VALUES (?, ?, ?, ?)", (kind, name, line, value))
        if fresh.rowcount:
            return line, value
        found = self._database.execute("SELECT line, value FROM first WHERE kind = ? AND name = ?", (kind, name))
        number, there = found.fetchone()
        return int(number), str(there)

    def close(self) -> None:
        self._database.close()


def _rules_between_lines(number: int, item: dict[str, Any], earlier: _EarlierLines) -> list[str]:
    problems = []
    twin, _ = earlier.first("id", item["id"], number)
    if twin != number:
        problems.append(f"id: must be unique, '{item['id']}' came in line {twin}")
    group, split, label = item["groupId"], place_of(item), item["label"]
    if item.get("split", split) != split:
        problems.append(f"split: group '{group}' belongs to {split}, got {item['split']}")
    line, there = earlier.first("group", group, number, split)
    if there != split:
        # Only a split that was given can differ from that of the group's other items.
        problems.append(f"split: the group '{group}' is in {there} in line {line}, here in {split}")
    first, use = earlier.first("image", item["sha256"], number, f"{split} {label}")
    there, called = use.split(" ")
    if split != there:
        # Leakage: the model would be tested on what it has learnt.
        problems.append(f"sha256: the image of line {first} again, there in {there}, here in {split}")
    if label != called:
        problems.append(f"label: the image of line {first} again, there '{called}', here '{label}'")
    return problems


@dataclass(frozen=True)
class CheckedManifest:
    """A manifest of which every line is right.

    Attributes:
        source: where it can be read again.
        sha256: its digest.
        count: how many items it has.
        classes: their labels, in alphabetical order.
        longest_id: characters of the longest id.
    """

    source: ManifestSource
    sha256: str
    count: int
    classes: list[str]
    longest_id: int

    def items(self) -> Iterator[dict[str, Any]]:
        """Reads the items (contract dataset-item), one by one, each with its split."""
        for _, line in _lines(self.source):
            item = json.loads(line)
            item["split"] = place_of(item)
            yield item


class _Check:
    """Takes lines one by one, and keeps what has been found."""

    def __init__(self, earlier: _EarlierLines) -> None:
        self.problems: list[str] = []
        self.classes: set[str] = set()
        self.count = 0
        self.longest_id = 0
        self._earlier = earlier

    def add(self, number: int, line: bytes) -> None:
        # Here, because it takes what a SageMaker image lacks until the requirements are installed.
        from kaizen_training.contracts import problems_of

        try:
            item = json.loads(line.decode())
        except UnicodeDecodeError as error:
            self.problems.append(f"line {number}: the manifest is not UTF-8: {error}")
            return
        except (json.JSONDecodeError, RecursionError) as error:
            self.problems.append(f"line {number}: not JSON: {error}")
            return
        found = problems_of("dataset-item", item)
        if not found:
            found = _rules_between_lines(number, item, self._earlier)
            self.classes.add(item["label"])
            self.longest_id = max(self.longest_id, len(item["id"]))
        self.problems += [f"line {number}: {problem}" for problem in found]
        self.count += 1


def sha256_of(manifest: ManifestSource) -> str:
    """The digest of a manifest."""
    digest = hashlib.sha256()
    with _opened(manifest) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def check_manifest(manifest: ManifestSource) -> CheckedManifest:
    """Reads a manifest through.

    Raises:
        PreparationError: with the line number and reason of every bad line: one that breaks the contract, an id that
            comes twice, a split that is not that of the group, a group or an image (by digest) in two splits, an image
            with two labels.
    """
    with closing(_EarlierLines()) as earlier:
        check = _Check(earlier)
        for number, line in _lines(manifest):
            check.add(number, line)
    if not check.count and not check.problems:
        check.problems.append("the manifest is empty")
    if check.problems:
        raise PreparationError(check.problems)
    return CheckedManifest(manifest, sha256_of(manifest), check.count, sorted(check.classes), check.longest_id)
