"""Program of the Train step: hands the job over to the adapter.

Hyperparameters also come as `--name value` arguments; they are the same values as in SM_HPS and are not read twice.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The training toolkit runs this file by its path, which puts this folder, not the one above it, on the module path.
_SOURCE_DIR = str(Path(__file__).resolve().parent.parent)
if _SOURCE_DIR not in sys.path:
    sys.path.insert(0, _SOURCE_DIR)

from kaizen_training.adapter import main  # noqa: E402 - needs the module path above

if __name__ == "__main__":
    sys.exit(main())
