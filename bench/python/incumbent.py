"""The programs that the edge component is compared with: decoding, resizing and ONNX Runtime in one loop.

As samples do it, with OpenCV (`"by": "opencv"`); and with the functions by which the network's images were made for the
training (`"by": "trainer"`), so that the network sees the same pixels as on a device.

Reads one JSON request a line and answers one JSON line, so that the start of the interpreter is not measured:

    {"do": "load", "model": path, "threads": n}                           -> {}
    {"do": "run", "image": path, "size": n, "count": n}                   -> {"milliseconds": [of each run]}
    {"do": "loop", "frames": [paths], "size": n, "count": n, "by": which} -> {"millisecondsPerFrame": n}
    {"do": "pixels", "frame": path, "size": n, "by": which}               -> {"sha256": of the pixels, RGB}
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

from kaizen_training.image_policy import ImagePolicy, apply_policy

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"

Pixels = NDArray[np.uint8]


def by_opencv(encoded: bytes, size: int) -> Pixels:
    """A few pixels of the frame for each of the result: not what the network was trained on."""
    image = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_COLOR)
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def by_trainer(encoded: bytes, size: int) -> Pixels:
    """Every pixel of the frame, as Prepare decodes and resizes."""
    with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as image:
        return apply_policy(image.convert("RGB"), ImagePolicy(width=size, height=size))


WAYS: dict[str, Callable[[bytes, int], Pixels]] = {"opencv": by_opencv, "trainer": by_trainer}


class Incumbent:
    """One loaded graph, and frames that were read from disk once."""

    def __init__(self) -> None:
        self.loaded: onnxruntime.InferenceSession | None = None
        self.frames: dict[str, bytes] = {}

    def load(self, model: str, threads: int) -> dict[str, Any]:
        """Takes a graph in place of the one before."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.loaded = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return {}

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """The graph; a request before ``load`` is an error of the benchmark."""
        if self.loaded is None:
            raise RuntimeError("no model is loaded: send load first")
        return self.loaded

    def run(self, image: str, size: int, count: int) -> dict[str, Any]:
        """Runs the graph alone, on the first image of a file of raw RGB pixels."""
        pixels = np.fromfile(image, dtype=np.uint8)[: size * size * 3].reshape(size, size, 3)
        times = []
        session = self.session
        for _ in range(count):
            started = time.perf_counter()
            session.run([OUTPUT_NAME], {INPUT_NAME: pixels})
            times.append((time.perf_counter() - started) * 1000)
        return {"milliseconds": times}

    def loop(self, frames: list[str], size: int, count: int, by: str) -> dict[str, Any]:
        """Decodes, resizes and classifies frames one after the other."""
        encoded = [self._frame(path) for path in frames]
        way = WAYS[by]
        started = time.perf_counter()
        for index in range(count):
            pixels = way(encoded[index % len(encoded)], size)
            (probabilities,) = self.session.run([OUTPUT_NAME], {INPUT_NAME: pixels})
            int(probabilities.argmax())
        return {"millisecondsPerFrame": (time.perf_counter() - started) * 1000 / count}

    def pixels(self, frame: str, size: int, by: str) -> dict[str, Any]:
        """What the network would see of a frame."""
        return {"sha256": hashlib.sha256(WAYS[by](self._frame(frame), size).tobytes()).hexdigest()}

    def _frame(self, path: str) -> bytes:
        if path not in self.frames:
            self.frames[path] = Path(path).read_bytes()
        return self.frames[path]


def main() -> None:
    """Answers until standard input ends."""
    incumbent = Incumbent()
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "load": incumbent.load,
        "run": incumbent.run,
        "loop": incumbent.loop,
        "pixels": incumbent.pixels,
    }
    for line in sys.stdin:
        request = json.loads(line)
        answer = actions[request.pop("do")](**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
