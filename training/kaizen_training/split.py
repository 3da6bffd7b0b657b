"""Which split a group belongs to.

The one that its source gave, else a hash of its id, so that a growing dataset never moves an item.
"""

from __future__ import annotations

import hashlib
from typing import Any

SPLITS = ("train", "validation", "test")

TRAIN_BELOW = 0.70
VALIDATION_BELOW = 0.85


def split_of(group_id: str) -> str:
    """Returns the split of a group.

    The first four bytes of SHA-256 over the UTF-8 id, big endian, divided by 2^32: below 0.70 train, below 0.85
    validation, else test (docs/architecture.md, section 2; golden vectors in contracts/examples/split.json).
    """
    position = int.from_bytes(hashlib.sha256(group_id.encode()).digest()[:4], "big") / 2**32
    if position < TRAIN_BELOW:
        return "train"
    return "validation" if position < VALIDATION_BELOW else "test"


def place_of(item: dict[str, Any]) -> str:
    """Returns the split of an item (contract dataset-item): the one that its source gave, else that of its group."""
    return str(item["split"]) if item.get("splitGiven") else split_of(item["groupId"])
