"""The program that the edge component is compared with: OpenCV and ONNX Runtime in one loop, as samples do it.

Reads one JSON request a line and answers one JSON line, so that the start of the interpreter is not measured:

    {"do": "load", "model": path, "threads": n}             -> {}
    {"do": "run", "image": path, "size": n, "count": n}     -> {"milliseconds": [of each run]}
    {"do": "loop", "frames": [paths], "size": n, "count": n} -> {"millisecondsPerFrame": n}
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"


class Incumbent:
    """One loaded graph, and frames that were read from disk once."""

    def __init__(self) -> None:
        self.loaded: onnxruntime.InferenceSession | None = None
        self.frames: dict[str, np.ndarray] = {}

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

    def loop(self, frames: list[str], size: int, count: int) -> dict[str, Any]:
        """Decodes, resizes and classifies frames one after the other."""
        encoded = [self._frame(path) for path in frames]
        started = time.perf_counter()
        for index in range(count):
            image = cv2.imdecode(encoded[index % len(encoded)], cv2.IMREAD_COLOR)
            resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
            pixels = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
            (probabilities,) = self.session.run([OUTPUT_NAME], {INPUT_NAME: pixels})
            int(probabilities.argmax())
        return {"millisecondsPerFrame": (time.perf_counter() - started) * 1000 / count}

    def _frame(self, path: str) -> np.ndarray:
        if path not in self.frames:
            self.frames[path] = np.frombuffer(Path(path).read_bytes(), dtype=np.uint8)
        return self.frames[path]


def main() -> None:
    """Answers until standard input ends."""
    incumbent = Incumbent()
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "load": incumbent.load,
        "run": incumbent.run,
        "loop": incumbent.loop,
    }
    for line in sys.stdin:
        request = json.loads(line)
        answer = actions[request.pop("do")](**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
