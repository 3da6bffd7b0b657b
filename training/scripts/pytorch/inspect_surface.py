"""Default training script: a MobileNetV2 that tells surface defects apart.

Hyperparameters: `epochs` (1-1000), `learning_rate` (above 0), `width_multiplier` (above 0, at most 2), `seed`,
`champion_uri` (`none`, or the model.tar.gz to start from: the classes it knows keep their rows of the last layer, a
new class gets a fresh one).

Both channels, `train` and `validation`, hold the folder that the Prepare step wrote.
"""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the community's name
from PIL import Image
from torch import Tensor, nn

from kaizen_training.networks.mobilenet_v2 import MobileNetV2
from kaizen_training.prepared import load_description, load_split
from kaizen_training.serving import fetch_model

NETWORK_SIZE = 96
BATCH = 32
# From a champion the features are there already: 60 % of the epochs and of the learning rate suffice.
WARM_START_SHARE = 0.6
PROGRESS_PREFIX = "KAIZEN_PROGRESS "


@dataclass(frozen=True)
class Settings:
    """The hyperparameters, checked."""

    epochs: int
    learning_rate: float
    width_multiplier: float
    seed: int
    champion_uri: str


def read_settings(hyperparameters: dict[str, Any]) -> Settings:
    """Parses the hyperparameters, which may be numbers or their text.

    Raises:
        ValueError: with every value that is out of range.
    """
    settings = Settings(
        epochs=int(hyperparameters.get("epochs", 10)),
        learning_rate=float(hyperparameters.get("learning_rate", 0.1)),
        width_multiplier=float(hyperparameters.get("width_multiplier", 0.35)),
        seed=int(hyperparameters.get("seed", 7)),
        champion_uri=str(hyperparameters.get("champion_uri", "none")),
    )
    problems = []
    if not 1 <= settings.epochs <= 1000:
        problems.append(f"epochs: must be between 1 and 1000, got {settings.epochs}")
    if not 0 < settings.learning_rate < math.inf:
        problems.append(f"learning_rate: must be above 0, got {settings.learning_rate}")
    if not 0 < settings.width_multiplier <= 2:
        problems.append(f"width_multiplier: must be above 0 and at most 2, got {settings.width_multiplier}")
    if problems:
        raise ValueError("; ".join(problems))
    return settings


class Inspector(nn.Module):
    """The whole model, from pixels to probabilities: uint8 [n, height, width, 3] -> float [n, classes].

    Resizing, normalisation, temperature and softmax are inside, so that whatever exports this module cannot forget
    them. The temperature (Guo et al., arXiv:1706.04599) is fitted on the validation split.
    """

    temperature: Tensor

    def __init__(self, classes: list[str], width_multiplier: float) -> None:
        super().__init__()
        self.classes = classes
        self.width_multiplier = width_multiplier
        self.network = MobileNetV2(len(classes), width_multiplier)
        self.register_buffer("temperature", torch.ones(()))

    def normalised(self, images: Tensor) -> Tensor:
        """uint8 [n, height, width, 3] -> float [n, 3, 96, 96] around 0."""
        pixels = images.permute(0, 3, 1, 2).float()
        resized = F.interpolate(pixels, size=(NETWORK_SIZE, NETWORK_SIZE), mode="bilinear", align_corners=False)
        return (resized - 127.5) / 64.0

    def forward(self, images: Tensor) -> Tensor:
        """uint8 [n, height, width, 3] -> probabilities [n, classes]."""
        logits: Tensor = self.network(self.normalised(images))
        return torch.softmax(logits / self.temperature, dim=1)


def _augment(batch: Tensor, generator: torch.Generator) -> Tensor:
    """The eight symmetries of a square, alike for the batch, and per image a little exposure and offset.

    A part may lie on the belt in any direction. Exposure varies by 10 % only: the model must know this station, and a
    station that has changed is for drift detection and retraining, not for guessing.
    """
    if torch.rand((), generator=generator) < 0.5:
        batch = batch.flip(3)
    batch = torch.rot90(batch, int(torch.randint(4, (), generator=generator)), (2, 3))
    factor, offset = 0.1 * torch.randn(2, len(batch), 1, 1, 1, generator=generator)
    return batch * (1 + factor) + offset


def _normalise_all(inspector: Inspector, images: np.ndarray) -> Tensor:
    with torch.inference_mode():
        chunks = [inspector.normalised(torch.from_numpy(images[i : i + 256])) for i in range(0, len(images), 256)]
    return torch.cat(chunks).clone()


def _logits(network: nn.Module, pixels: Tensor) -> Tensor:
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(pixels[i : i + 128]) for i in range(0, len(pixels), 128)]).clone()


def _warm_start(inspector: Inspector, champion_uri: str) -> bool:
    """Copies the champion's weights; rows of the last layer go by class name."""
    if champion_uri == "none":
        return False
    with tempfile.TemporaryDirectory() as folder:
        champion = model_fn(str(fetch_model(champion_uri, Path(folder) / "champion")))
    if champion.width_multiplier != inspector.width_multiplier:
        raise ValueError(
            f"width_multiplier: the champion has {champion.width_multiplier}, got {inspector.width_multiplier}; "
            "train with champion_uri none to change it"
        )
    inspector.network.features.load_state_dict(champion.network.features.state_dict())
    with torch.no_grad():
        for row, name in enumerate(inspector.classes):
            if name in champion.classes:
                known = champion.classes.index(name)
                inspector.network.classifier.weight[row] = champion.network.classifier.weight[known]
                inspector.network.classifier.bias[row] = champion.network.classifier.bias[known]
    return True


def _fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature of least validation loss, over a grid of 61 between 0.3 and 3."""
    grid = torch.logspace(math.log10(0.3), math.log10(3.0), 61)
    losses = torch.stack([F.cross_entropy(logits / temperature, labels) for temperature in grid])
    return float(grid[int(losses.argmin())])


def _report(epoch: int, epochs: int, loss: float, accuracy: float, seconds_left: float) -> None:
    progress = {
        "epoch": epoch,
        "epochs": epochs,
        "loss": round(loss, 4),
        "accuracy": round(accuracy, 4),
        "secondsLeft": round(seconds_left, 1),
    }
    print(PROGRESS_PREFIX + json.dumps(progress), flush=True)


def _require_finite(values: Tensor) -> None:
    if not torch.isfinite(values).all():
        raise FloatingPointError("the training diverged, the loss is not finite: lower learning_rate")


def _class_weights(labels: Tensor, classes: int) -> Tensor:
    """Weights of the loss, [classes], mean 1: the inverse cube root of a class's share.

    A new class arrives with a few dozen images among two thousand; unweighted, it is given up for the others;
    weighted by the full inverse, it takes their images.
    """
    weights = torch.bincount(labels, minlength=classes).clamp(min=1).float().pow(-1 / 3)
    return weights / weights.mean()


def _train_one_epoch(
    network: nn.Module,
    pixels: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
    class_weights: Tensor,
    generator: torch.Generator,
) -> float:
    network.train()
    losses = []
    order = torch.randperm(len(labels), generator=generator)
    # The rest that does not fill a batch is left to another epoch's order: a batch of one breaks batch normalisation.
    for start in range(0, max(1, len(order) - BATCH + 1), BATCH):
        chosen = order[start : start + BATCH]
        batch = _augment(pixels[chosen], generator).contiguous(memory_format=torch.channels_last)
        loss = F.cross_entropy(network(batch), labels[chosen], class_weights, label_smoothing=0.05)
        value = loss.item()
        _require_finite(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(value)
    return sum(losses) / len(losses)


def train(
    hyperparameters: dict[str, Any], channel_input_dirs: dict[str, str], output_data_dir: str, num_cpus: int
) -> Inspector:
    """Trains on the channel `train`, reports on `validation`; checkpoints every epoch in `output_data_dir`.

    Raises:
        ValueError: a hyperparameter is out of range or does not fit the champion.
        FloatingPointError: the loss is not finite.
    """
    settings = read_settings(hyperparameters)
    torch.set_num_threads(max(1, num_cpus))
    torch.manual_seed(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    folder = Path(channel_input_dirs["train"])
    training = load_split(folder, "train")
    validation = load_split(Path(channel_input_dirs["validation"]), "validation")

    inspector = Inspector(load_description(folder).classes, settings.width_multiplier)
    warm = _warm_start(inspector, settings.champion_uri)
    share = WARM_START_SHARE if warm else 1.0
    epochs = max(1, round(settings.epochs * share))
    network = inspector.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pixels, labels = _normalise_all(inspector, training.images), torch.from_numpy(training.labels)
    held_out, held_out_labels = _normalise_all(inspector, validation.images), torch.from_numpy(validation.labels)

    weights = _class_weights(labels, len(inspector.classes))
    peak = settings.learning_rate * share
    optimizer = torch.optim.SGD(network.parameters(), lr=peak, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = max(1, len(labels) // BATCH) * epochs
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps + 1, pct_start=0.25)
    checkpoints = Path(output_data_dir)
    checkpoints.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    for epoch in range(1, epochs + 1):
        loss = _train_one_epoch(network, pixels, labels, optimizer, scheduler, weights, generator)
        logits = _logits(network, held_out)
        _require_finite(logits)
        accuracy = float((logits.argmax(1) == held_out_labels).float().mean())
        torch.save(network.state_dict(), checkpoints / "checkpoint.pt")
        _report(epoch, epochs, loss, accuracy, (time.monotonic() - started) / epoch * (epochs - epoch))
    inspector.temperature.fill_(_fit_temperature(_logits(network, held_out), held_out_labels))
    return inspector.eval()


def save(model: Inspector, model_dir: str) -> None:
    """Writes `model.pt` (weights) and `model.json` (classes and width)."""
    torch.save(model.state_dict(), os.path.join(model_dir, "model.pt"))
    description = {"classes": model.classes, "widthMultiplier": model.width_multiplier}
    Path(model_dir, "model.json").write_text(json.dumps(description) + "\n", encoding="utf-8")


def model_fn(model_dir: str) -> Inspector:
    """Loads what `save` wrote."""
    description = json.loads(Path(model_dir, "model.json").read_text(encoding="utf-8"))
    model = Inspector(description["classes"], description["widthMultiplier"])
    model.load_state_dict(torch.load(os.path.join(model_dir, "model.pt"), weights_only=True, map_location="cpu"))
    return model.eval()


def transform_fn(model: Inspector, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    """Answers `application/x-npy` (uint8 [n, height, width, 3]) or one JPEG or PNG with JSON probabilities.

    Raises:
        ValueError: the content type or the accepted type is not supported, or the array is not images.
    """
    if content_type == "application/x-npy":
        images = np.load(io.BytesIO(input_data), allow_pickle=False)
    elif content_type in ("image/jpeg", "image/png"):
        with Image.open(io.BytesIO(input_data)) as image:
            images = np.asarray(image.convert("RGB"))[None]
    else:
        raise ValueError(f"content_type: must be application/x-npy, image/jpeg or image/png, got {content_type}")
    if accept not in ("application/json", "*/*"):
        raise ValueError(f"accept: must be application/json, got {accept}")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images: must be uint8 [n, height, width, 3], got {images.dtype} {images.shape}")
    with torch.inference_mode():
        probabilities = model(torch.from_numpy(np.ascontiguousarray(images)))
    return json.dumps({"classes": model.classes, "probabilities": probabilities.tolist()}), "application/json"
