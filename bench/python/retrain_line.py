"""A line whose light has changed, answered by a retraining: what of its defects the release that answers it lets pass.

`python bench/python/retrain_line.py --output <folder>` trains the default script on the rendered dataset, as the demo
does; adds photographs of the same line under the drifted light as a line's labels have them, 97 % of them good; and
trains from that champion twice, with the augmentation `light` and without. Writes `retrained.json`: per seed and
training, what it says of frames that none of them has seen, in the old light and in the new one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))

from finished_folder import finished_folder  # noqa: E402
from inspected_line import decoded, photograph  # noqa: E402
from kaizen_training.augmentation import DEFAULT_AUGMENTATIONS, RETRAINING_AUGMENTATIONS  # noqa: E402
from kaizen_training.prepare import prepare  # noqa: E402
from kaizen_training.serving import ServedModel, load_script  # noqa: E402
from kaizen_training.surfaces import CONDITIONS  # noqa: E402
from kaizen_training.surfaces.__main__ import DEFAULT_CLASSES  # noqa: E402
from kaizen_training.surfaces.camera import draw_view  # noqa: E402
from packed_model import packed_model  # noqa: E402
from rendered_dataset import photographed_dataset  # noqa: E402

# As the demo's: images of the first dataset, labels of the change, epochs.
ITEMS, LABELS, EPOCHS = 1600, 300, 12
LABELLED = "good:0.97,scratch:0.01,dent:0.01,stain:0.01"
SEEDS = (5, 6)
FRAMES = 500
LIGHTS = {"old": "normal", "new": "drifted"}
TRAININGS = {"without": DEFAULT_AUGMENTATIONS, "with": RETRAINING_AUGMENTATIONS}


def _prepared(manifest: list[str], images: Path, folder: Path) -> Path:
    prepare(("\n".join(manifest) + "\n").encode(), images, folder)
    return folder


def _trained(script: ModuleType, prepared: Path, work: Path, **changes: Any) -> Any:
    return script.train(
        {"epochs": EPOCHS, "learning_rate": 0.1, "width_multiplier": 0.35, "seed": 7, **changes},
        channel_input_dirs={"train": str(prepared), "validation": str(prepared)},
        output_data_dir=str(work / "checkpoints"),
        num_cpus=os.cpu_count() or 1,
    )


def _answers(script: ModuleType, model: Any, frames: dict[str, tuple[NDArray[np.uint8], list[str]]]) -> dict[str, Any]:
    """Per light: the label of each frame, its predicted class, and the probability of `good`."""
    served = ServedModel(script, model)
    answers = {}
    for light, (images, labels) in frames.items():
        classes, probabilities = served.probabilities(images)
        good = classes.index("good")
        answers[light] = [
            [label, classes[int(row.argmax())], round(float(row[good]), 6)]
            for label, row in zip(labels, probabilities, strict=True)
        ]
    return answers


def _of_seed(script: ModuleType, seed: int, work: Path) -> dict[str, Any]:
    images = work / "images"
    manifest = photographed_dataset(images, ITEMS, seed, "normal", DEFAULT_CLASSES).read_text().splitlines()
    first = _trained(script, _prepared(manifest, images, work / "first"), work)
    champion = packed_model(script, first, work)
    # Beside the others: images are named by their content.
    manifest += photographed_dataset(images, LABELS, seed + 1000, "drifted", LABELLED).read_text().splitlines()
    second = _prepared(manifest, images, work / "second")
    frames = {}
    for light, condition in LIGHTS.items():
        jpegs, labels = photograph(FRAMES, f"{light} light, {seed}", partial(draw_view, CONDITIONS[condition]))
        frames[light] = decoded(jpegs), labels
    trainings = {
        name: _answers(
            script,
            _trained(script, second, work / name, champion_uri=str(champion), augmentation=",".join(augmentation)),
            frames,
        )
        for name, augmentation in TRAININGS.items()
    }
    defects = sum(json.loads(line)["label"] != "good" for line in manifest[ITEMS:])
    return {"seed": seed, "labels": LABELS, "labelledDefects": defects, "trainings": trainings}


def main(arguments: list[str] | None = None) -> int:
    """Trains; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
    with finished_folder(output) as unfinished:
        lines = []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                lines.append(_of_seed(script, seed, Path(folder)))
        (unfinished / "retrained.json").write_text(json.dumps(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
