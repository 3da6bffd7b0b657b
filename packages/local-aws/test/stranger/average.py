"""The stranger's job: the average of some numbers."""

import sys
from pathlib import Path

readings = [float(reading) for reading in sys.argv[1].split(",")]
Path(sys.argv[2]).write_text(str(sum(readings) / len(readings)))
