"""A network in both variants, with golden samples as this machine answers them: make_release.py <folder>.

Writes model-fp32.onnx, model-int8.onnx, golden-<n>.png and answers.json: file -> variant -> probabilities. The model is
that of the default script with the weights of its initialisation: the arithmetic is that of a trained one.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kaizen_training.onnx_model import run_images, write_fp32, write_int8
from kaizen_training.serving import load_script
from numpy.typing import NDArray
from PIL import Image
from torch import nn

SCRIPT = Path(__file__).resolve().parents[2] / "training" / "scripts" / "pytorch" / "inspect_surface.py"
SIZE = 96
SAMPLES = 4
CLASSES = ["good", "scratch", "dent"]
SEED = 7


def images() -> NDArray[np.uint8]:
    """Gratings of different direction and width, with noise: nothing that a decoder could get right by luck."""
    generator = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    pictures = []
    for index in range(SAMPLES):
        wave = np.sin((rows * (index + 1) + columns * (SAMPLES - index)) / 9)
        colours = 127 + 90 * wave[..., None] * np.array([1, 0.5, -0.7])
        pictures.append(np.clip(colours + generator.normal(0, 12, colours.shape), 0, 255).astype(np.uint8))
    return np.stack(pictures)


def spread(model: Any, samples: NDArray[np.uint8]) -> None:
    """An initialised network answers nearly the same for every image: brings its scores to mean 0 and deviation 1."""
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        scores = torch.log(model(torch.from_numpy(samples)))
        last.bias.sub_(scores.mean(dim=0))
        model.temperature.fill_(float((scores - scores.mean(dim=0)).std()))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    model = load_script(SCRIPT).Inspector(CLASSES, 0.5, resolution=SIZE).eval()
    samples = images()
    spread(model, samples)
    fp32, int8 = folder / "model-fp32.onnx", folder / "model-int8.onnx"
    write_fp32(model, SIZE, SIZE, fp32)
    write_int8(fp32, samples, int8)
    names = [f"golden-{index}.png" for index in range(SAMPLES)]
    for name, picture in zip(names, samples, strict=True):
        Image.fromarray(picture).save(folder / name)
    answers = {path.stem.removeprefix("model-"): run_images(path, samples)[0].tolist() for path in (fp32, int8)}
    by_file = {name: {variant: rows[index] for variant, rows in answers.items()} for index, name in enumerate(names)}
    (folder / "answers.json").write_text(json.dumps(by_file))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
