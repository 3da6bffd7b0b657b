"""Requests and answers of the serving contract, for scripts that need nothing special."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def read_images(body: bytes, content_type: str) -> NDArray[np.uint8]:
    """Reads `application/x-npy` (uint8 [n, height, width, 3]), or one JPEG or PNG.

    Returns:
        uint8 [n, height, width, 3].

    Raises:
        ValueError: the content type is not supported, or the array is not images.
    """
    if content_type == "application/x-npy":
        images = np.load(io.BytesIO(body), allow_pickle=False)
    elif content_type in ("image/jpeg", "image/png"):
        with Image.open(io.BytesIO(body)) as image:
            images = np.asarray(image.convert("RGB"))[None]
    else:
        raise ValueError(f"content_type: must be application/x-npy, image/jpeg or image/png, got {content_type}")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images: must be uint8 [n, height, width, 3], got {images.dtype} {images.shape}")
    return np.ascontiguousarray(images)


def answer_images(classes: list[str], probabilities: NDArray[np.floating[Any]], accept: str) -> tuple[str, str]:
    """JSON of classes and probabilities [n, classes], with its content type.

    Raises:
        ValueError: the client does not accept JSON.
    """
    if accept not in ("application/json", "*/*"):
        raise ValueError(f"accept: must be application/json, got {accept}")
    return json.dumps({"classes": classes, "probabilities": probabilities.tolist()}), "application/json"
