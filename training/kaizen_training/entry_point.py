"""Program of the Train step: hands the job over to the adapter.

Hyperparameters also come as `--name value` arguments; they are the same values as in SM_HPS and are not read twice.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The training toolkit runs this file by its path, which puts this folder, not the one above it, on the module path.
_SOURCE_DIR = str(Path(__file__).resolve().parent.parent)
if _SOURCE_DIR not in sys.path:
    sys.path.insert(0, _SOURCE_DIR)

# Threads that wait for each other in a spin take the processor from whatever else runs on the machine, and from each
# other: on two busy cores a one-epoch job cost 14 to 21 s of processor time spinning, 13.5 s sleeping. It must be set
# before OpenMP is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from kaizen_training.adapter import main  # noqa: E402 - needs the module path above
from kaizen_training.supervisor import supervised  # noqa: E402

if __name__ == "__main__":
    sys.exit(supervised(main, os.environ))
