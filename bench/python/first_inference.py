"""A Python device program up to its first answer: `python first_inference.py <model> <frame> <size>`."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

model, frame, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
image = cv2.imdecode(np.frombuffer(Path(frame).read_bytes(), dtype=np.uint8), cv2.IMREAD_COLOR)
pixels = cv2.cvtColor(cv2.resize(image, (size, size)), cv2.COLOR_BGR2RGB)
(probabilities,) = session.run(["probabilities"], {"image": pixels})
print(int(probabilities.argmax()), flush=True)
