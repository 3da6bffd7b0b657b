"""`python -m tests.peak_memory <what> <folder>` prints the most anonymous memory, in bytes, that a step has needed.

Pages of mapped files do not count: the system takes them back when it needs them. So neither tracemalloc, which does
not see other allocators, nor the resident size tells it, but RssAnon of /proc/self/status does (man 5 proc), looked at
all the time from a thread of its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

BETWEEN_LOOKS_SECONDS = 0.005


def anonymous_bytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no RssAnon")


def peak_of(work: Callable[[], object]) -> int:
    """The most of it while `work` ran, less what there was before."""
    ended = threading.Event()
    before = anonymous_bytes()
    most = before

    def look() -> None:
        nonlocal most
        while not ended.wait(BETWEEN_LOOKS_SECONDS):
            most = max(most, anonymous_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        work()
    finally:
        ended.set()
        thread.join()
    return most - before


def _prepare(folder: Path) -> Callable[[], object]:
    from kaizen_training.image_policy import ImagePolicy
    from kaizen_training.manifest import check_manifest
    from kaizen_training.prepare import prepare

    manifest = folder / "manifest.jsonl"
    # Reads the schemas and compiles the rules.
    with manifest.open("rb") as file:
        check_manifest(file.readline())
    return lambda: prepare(manifest, folder, folder / "prepared", ImagePolicy(width=512, height=512))


def _check(folder: Path) -> Callable[[], object]:
    from kaizen_training.manifest import check_manifest

    manifest = folder / "manifest.jsonl"
    with manifest.open("rb") as file:
        check_manifest(file.readline())

    def read_it_through() -> None:
        for _ in check_manifest(manifest).items():
            pass

    return read_it_through


def _train(folder: Path) -> Callable[[], object]:
    from kaizen_training.serving import load_script

    script = load_script(Path(__file__).resolve().parents[1] / "scripts/pytorch/inspect_surface.py")
    channels = {"train": str(folder / "prepared"), "validation": str(folder / "prepared")}
    hyperparameters = {"epochs": 1, "width_multiplier": 0.05, "resolution": 32}
    return lambda: script.train(hyperparameters, channels, str(folder / "output"), 2)


def _gluon(folder: Path) -> Callable[[], object]:
    from kaizen_training.serving import load_script

    script = load_script(Path(__file__).resolve().parents[1] / "scripts/mxnet-gluon/model_zoo.py")
    channels = {"train": str(folder), "validation": str(folder)}
    return lambda: script.train(channels, {"epochs": 1}, ["algo-1"], 0, "algo-1", str(folder / "output"))


if __name__ == "__main__":
    print(
        peak_of(
            {"check": _check, "gluon": _gluon, "prepare": _prepare, "train": _train}[sys.argv[1]](Path(sys.argv[2]))
        )
    )
