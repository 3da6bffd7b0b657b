"""Training side of Kaizen Edge: data, networks and the steps of the SageMaker pipeline."""

import os

# ONNX Runtime 1.30 sends usage data to its maker unless this is set before it loads. A job connects to nothing that is
# not configured, and in an isolated network it would wait for it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
