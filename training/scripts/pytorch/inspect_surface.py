"""Default training script: an efficient network that tells surface defects apart.

Hyperparameters: `network` (a name of `kaizen_training/networks/catalogue.py`, by default `mobilenet_v2`), `epochs`
(1-1000), `learning_rate` (above 0), `width_multiplier` (0.05-2), `resolution` (32-1024, side of the square to which
images are resized for the network; without it three quarters of their own size, with their proportions), `augmentation`
(some of `mirror`, `turns`, `exposure`, `scale`, `light`, with commas between them, or `none`; by default the first
three, and `light` where a training starts from a champion), `seed`, `champion_uri` (`none`, or the model.tar.gz to
start from: the classes it knows keep their rows of the last layer, a new class gets a fresh one).

Both channels, `train` and `validation`, hold the folder that the Prepare step wrote. Images are read from it batch by
batch, so that memory does not grow with their number.

Batches are computed in shares, side by side on the processors and hosts that there are, and the model is the same on
any number of them (`kaizen_training/data_parallel.py`). The state is kept in `checkpoints` after every epoch, and on
SIGTERM between two batches; a job that starts with one goes on from it and ends with the model of a training that was
never interrupted, bit for bit.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the community's name
from torch import Tensor, nn

from kaizen_training.answers import answer_images, read_images
from kaizen_training.augmentation import (
    DEFAULT_AUGMENTATIONS,
    RETRAINING_AUGMENTATIONS,
    Augmentation,
    read_augmentation,
)
from kaizen_training.checkpoint import Checkpoints, StopRequest, checkpoint_folder
from kaizen_training.data_parallel import DataParallelNetwork, HostGroup, joined_hosts
from kaizen_training.hyperparameters import HyperparameterReader
from kaizen_training.image_policy import ImagePolicy
from kaizen_training.networks.catalogue import DEFAULT_NETWORK, NETWORKS, build_network
from kaizen_training.prepared import Split, load_description, load_split
from kaizen_training.serving import fetch_model

# Of each side of the images: 96 of 128. It saves 44 % of the arithmetic, 1 - (3 / 4)^2.
DEFAULT_SHARE = 3, 4
# Of models that do not say.
FIRST_SIZE = 96, 96
# What is positive and leaves float32 room; whether it is wise shows in the loss.
LEARNING_RATES = (1e-9, 1e30)
BATCH = 32
# From a champion the features are there already: 60 % of the epochs and of the learning rate suffice.
WARM_START_EFFORT = 0.6
# Share of the batches during which the learning rate rises: a quarter left fresh networks near chance for three epochs
# of twelve (docs/adr/0055).
WARM_UP, WARM_START_WARM_UP = 0.1, 0.25
PROGRESS_PREFIX = "KAIZEN_PROGRESS "


@dataclass(frozen=True)
class Settings:
    """The hyperparameters, checked."""

    network: str
    epochs: int
    learning_rate: float
    width_multiplier: float
    resolution: int | None
    augmentation: tuple[str, ...]
    seed: int
    champion_uri: str

    def input_size(self, policy: ImagePolicy) -> tuple[int, int]:
        """Height and width of what the network is given."""
        if self.resolution is not None:
            return self.resolution, self.resolution
        share, whole = DEFAULT_SHARE
        return policy.height * share // whole, policy.width * share // whole


def read_settings(hyperparameters: dict[str, Any]) -> Settings:
    """Parses the hyperparameters, which may be numbers or their text.

    Raises:
        ValueError: with every value that is of a wrong type or out of range.
    """
    reader = HyperparameterReader(hyperparameters)
    network = hyperparameters.get("network", DEFAULT_NETWORK)
    champion_uri = str(hyperparameters.get("champion_uri", "none"))
    if network not in NETWORKS:
        reader.problems.append(f"network: must be one of {', '.join(NETWORKS)}, got {network!r}")
    settings = Settings(
        network=network,
        epochs=reader.integer("epochs", 10, 1, 1000),
        learning_rate=reader.number("learning_rate", 0.1, *LEARNING_RATES),
        width_multiplier=reader.number("width_multiplier", 0.35, 0.05, 2),
        resolution=reader.integer("resolution", 32, 32, 1024) if "resolution" in hyperparameters else None,
        augmentation=read_augmentation(
            hyperparameters,
            reader.problems,
            DEFAULT_AUGMENTATIONS if champion_uri == "none" else RETRAINING_AUGMENTATIONS,
        ),
        seed=reader.integer("seed", 7, 0, 2**32 - 1),
        champion_uri=champion_uri,
    )
    reader.require_sound()
    return settings


class Inspector(nn.Module):
    """The whole model, from pixels to probabilities: uint8 [n, height, width, 3] -> float [n, classes].

    Resizing, normalisation, temperature and softmax are inside, so that whatever exports this module cannot forget
    them. The temperature (Guo et al., arXiv:1706.04599) is fitted on the validation split.
    """

    temperature: Tensor

    def __init__(
        self,
        classes: list[str],
        width_multiplier: float,
        network: str = DEFAULT_NETWORK,
        input_size: tuple[int, int] = FIRST_SIZE,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.width_multiplier = width_multiplier
        self.network_name = network
        self.input_size = input_size
        self.network = build_network(network, len(classes), width_multiplier)
        self.register_buffer("temperature", torch.ones(()))

    def normalised(self, images: Tensor) -> Tensor:
        """uint8 [n, height, width, 3] -> float [n, 3, *input_size] around 0."""
        pixels = images.permute(0, 3, 1, 2).float()
        resized = F.interpolate(pixels, size=self.input_size, mode="bilinear", align_corners=False)
        return (resized - 127.5) / 64.0

    def forward(self, images: Tensor) -> Tensor:
        """uint8 [n, height, width, 3] -> probabilities [n, classes]."""
        logits: Tensor = self.network(self.normalised(images))
        return torch.softmax(logits / self.temperature, dim=1)


def _logits(parallel: DataParallelNetwork, normalised: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    network = parallel.network.eval()
    return parallel.infer(lambda chunk: network(normalised(chunk)), images)


def _warm_start(inspector: Inspector, champion_uri: str) -> bool:
    """Copies the champion's weights; rows of the last layer go by class name. Its size of images may be another one."""
    if champion_uri == "none":
        return False
    with tempfile.TemporaryDirectory() as folder:
        champion = model_fn(str(fetch_model(champion_uri, Path(folder) / "champion")))
    problems = [
        f"{name}: the champion has {theirs}, got {ours}"
        for name, theirs, ours in (
            ("network", champion.network_name, inspector.network_name),
            ("width_multiplier", champion.width_multiplier, inspector.width_multiplier),
        )
        if theirs != ours
    ]
    if problems:
        raise ValueError(f"{'; '.join(problems)}; train with champion_uri none to change it")
    inspector.network.features.load_state_dict(champion.network.features.state_dict())
    with torch.no_grad():
        for row, name in enumerate(inspector.classes):
            if name in champion.classes:
                known = champion.classes.index(name)
                for ours, theirs in zip(
                    inspector.network.classifier.parameters(), champion.network.classifier.parameters(), strict=True
                ):
                    ours[row] = theirs[known]
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


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        epoch: the one that is going on, from 1.
        start: of the next batch within it.
        order: of the images in it, [n]; None before its first batch.
        losses: of its batches so far.
    """

    epoch: int = 1
    start: int = 0
    order: Tensor | None = None
    losses: list[float] = field(default_factory=list)


@dataclass
class Loop:
    """Everything that changes while a network is trained, and what it is trained on.

    Attributes:
        images: uint8 [n, height, width, 3], a map of the prepared file.
        normalised: what of them the network is given.
    """

    parallel: DataParallelNetwork
    images: Tensor
    normalised: Callable[[Tensor], Tensor]
    labels: Tensor
    class_weights: Tensor
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    generator: torch.Generator
    epochs: int
    is_primary: bool
    augmentation: tuple[str, ...] = DEFAULT_AUGMENTATIONS
    progress: Progress = field(default_factory=Progress)

    def state(self) -> dict[str, Any]:
        """What a training that goes on from here needs to end as if it had never stopped."""
        return {
            "network": self.parallel.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "generator": self.generator.get_state(),
            "global_generator": torch.get_rng_state(),
            "progress": vars(self.progress).copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes back to a state."""
        self.parallel.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["global_generator"])
        self.progress = Progress(**state["progress"])


def _train_one_epoch(loop: Loop, checkpoints: Checkpoints, stop: StopRequest) -> float:
    """Trains from where the progress is to the end of its epoch; returns the mean loss."""
    progress = loop.progress
    if progress.order is None:
        progress.order = torch.randperm(len(loop.labels), generator=loop.generator)
    # The rest that does not fill a batch is left to another epoch's order: a batch of one breaks batch normalisation.
    last_start = max(0, len(progress.order) - BATCH)
    while progress.start <= last_start:
        chosen = progress.order[progress.start : progress.start + BATCH]
        drawn = Augmentation.drawn(len(chosen), loop.generator, light="light" in loop.augmentation)
        augmentation = drawn.only(loop.augmentation)
        loss_of_share = _loss_of_batch(loop, chosen, augmentation)
        # The hosts agree, so that all of them stop at the same batch.
        loss, stops = loop.parallel.backward(loss_of_share, stop.requested)
        _require_finite(torch.tensor(loss))
        loop.optimizer.step()
        loop.scheduler.step()
        progress.losses.append(loss)
        progress.start += BATCH
        if stops:
            _stop(loop, checkpoints, stop)
    return sum(progress.losses) / len(progress.losses)


def _loss_of_batch(loop: Loop, chosen: Tensor, augmentation: Augmentation) -> Callable[[nn.Module, slice], Tensor]:
    """What a share adds to the weighted mean over the batch, whose images are those chosen."""
    total_weight = loop.class_weights[loop.labels[chosen]].sum()

    def read(places: Tensor) -> Tensor:
        return loop.normalised(loop.images[chosen[places]])

    def loss_of_share(replica: nn.Module, share: slice) -> Tensor:
        images = augmentation.of(read, share)
        labels = loop.labels[chosen[share]]
        # Without label smoothing, which makes sure and unsure answers alike (Xia et al., arXiv:2403.14715): a threshold
        # has to tell them apart (docs/adr/0047).
        weighted = F.cross_entropy(replica(images), labels, loop.class_weights, reduction="sum")
        return weighted / total_weight

    return loss_of_share


def _stop(loop: Loop, checkpoints: Checkpoints, stop: StopRequest) -> None:
    progress = loop.progress
    if loop.is_primary:
        checkpoints.save(loop.state())
        kept = "kept" if checkpoints.path else "not kept: there is no folder for checkpoints"
        print(f"stopped by SIGTERM in epoch {progress.epoch}, {len(progress.losses)} batches done, {kept}", flush=True)
    stop.end_process()


def one_cycle(
    optimizer: torch.optim.Optimizer, peak: float, batches: int, warm_up: float
) -> torch.optim.lr_scheduler.OneCycleLR:
    """The learning rate of each batch: from a 25th of the peak up to it, and down again to nearly nothing.

    Args:
        optimizer: whose rate and momentum are set, the one against the other (Smith, arXiv:1803.09820).
        peak: the largest rate.
        batches: of the whole training, at least 1.
        warm_up: share of them during which it rises; of so few that this is less than one it begins near the peak.
    """
    # One step more than there are batches, because PyTorch's last one is at the very end of the fall. The rise ends at
    # share * steps - 1, by which PyTorch divides: it has one whole step, or none.
    steps = batches + 1
    share = max(warm_up, 2 / steps) if warm_up * steps >= 1 else warm_up
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps, pct_start=share)


def _make_loop(inspector: Inspector, training: Split, settings: Settings, group: HostGroup, processors: int) -> Loop:
    network = inspector.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    labels = torch.from_numpy(training.labels)
    parallel = DataParallelNetwork(network, min(BATCH, len(labels)), group, processors)
    effort, warm_up = (1.0, WARM_UP) if settings.champion_uri == "none" else (WARM_START_EFFORT, WARM_START_WARM_UP)
    peak, epochs = settings.learning_rate * effort, max(1, round(settings.epochs * effort))
    optimizer = torch.optim.SGD(
        network.parameters(), lr=peak, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True
    )
    batches = max(1, len(labels) // BATCH) * epochs
    return Loop(
        parallel,
        torch.from_numpy(training.images),
        inspector.normalised,
        labels,
        _class_weights(labels, len(inspector.classes)),
        optimizer,
        one_cycle(optimizer, peak, batches, warm_up),
        torch.Generator().manual_seed(settings.seed),
        epochs,
        group.is_primary,
        settings.augmentation,
    )


def train(
    hyperparameters: dict[str, Any],
    channel_input_dirs: dict[str, str],
    output_data_dir: str,
    num_cpus: int,
    hosts: Sequence[str] = ("localhost",),
    current_host: str = "localhost",
) -> Inspector:
    """Trains on the channel `train`, reports on `validation`; the weights of every epoch go to `output_data_dir`.

    Raises:
        ValueError: a hyperparameter is out of range or does not fit the champion, or there are more hosts than a batch
            has shares.
        CheckpointError: the job's checkpoint is of another training.
        FloatingPointError: the loss is not finite.
    """
    settings = read_settings(hyperparameters)
    with joined_hosts(hosts, current_host, os.environ) as group, StopRequest() as stop:
        return _train(settings, channel_input_dirs, Path(output_data_dir), group, max(1, num_cpus), stop)


def _train(
    settings: Settings,
    channels: dict[str, str],
    output_data_dir: Path,
    group: HostGroup,
    processors: int,
    stop: StopRequest,
) -> Inspector:
    torch.manual_seed(settings.seed)
    folder = Path(channels["train"])
    training, description = load_split(folder, "train"), load_description(folder)
    validation = load_split(Path(channels["validation"]), "validation")
    policy = description.policy
    dataset = {"classes": description.classes, "dataset": description.manifest_sha256, "images": policy.to_json()}
    checkpoints = Checkpoints(checkpoint_folder(os.environ), {**vars(settings), **dataset})
    kept = group.of_primary(checkpoints.load() if group.is_primary else None)

    size = settings.input_size(policy)
    inspector = Inspector(description.classes, settings.width_multiplier, settings.network, size)
    if kept is None:
        _warm_start(inspector, settings.champion_uri)
    loop = _make_loop(inspector, training, settings, group, processors)
    with closing(loop.parallel):
        if kept is not None:
            loop.restore(kept)
            print(f"going on from the checkpoint, epoch {loop.progress.epoch} of {loop.epochs}", flush=True)
        held_out = torch.from_numpy(validation.images), torch.from_numpy(validation.labels)
        logits = _train_all_epochs(loop, held_out, output_data_dir, checkpoints, stop)
    inspector.temperature.fill_(_fit_temperature(logits, held_out[1]))
    return inspector.eval()


def _train_all_epochs(
    loop: Loop,
    held_out: tuple[Tensor, Tensor],
    output_data_dir: Path,
    checkpoints: Checkpoints,
    stop: StopRequest,
) -> Tensor:
    """Trains from where the progress is to the end; returns the logits of the images held out, [n, classes]."""
    images, labels = held_out
    output_data_dir.mkdir(parents=True, exist_ok=True)
    started, first = time.monotonic(), loop.progress.epoch
    logits: Tensor | None = None
    for epoch in range(first, loop.epochs + 1):
        loss = _train_one_epoch(loop, checkpoints, stop)
        loop.progress = Progress(epoch=epoch + 1)
        if not loop.is_primary:
            continue
        logits = _logits(loop.parallel, loop.normalised, images)
        _require_finite(logits)
        accuracy = float((logits.argmax(1) == labels).float().mean())
        torch.save(loop.parallel.network.state_dict(), output_data_dir / "checkpoint.pt")
        checkpoints.save(loop.state())
        seconds_left = (time.monotonic() - started) / (epoch - first + 1) * (loop.epochs - epoch)
        _report(epoch, loop.epochs, loss, accuracy, seconds_left)
    # The last epoch has asked already, unless a checkpoint of the end was all that was left to load.
    return _logits(loop.parallel, loop.normalised, images) if logits is None else logits


def save(model: Inspector, model_dir: str) -> None:
    """Writes `model.pt` (weights) and `model.json` (classes, network, width and size of its input)."""
    torch.save(model.state_dict(), os.path.join(model_dir, "model.pt"))
    description = {
        "classes": model.classes,
        "network": model.network_name,
        "widthMultiplier": model.width_multiplier,
        "inputSize": list(model.input_size),
    }
    Path(model_dir, "model.json").write_text(json.dumps(description) + "\n", encoding="utf-8")


def _size_in(description: dict[str, Any]) -> tuple[int, int]:
    """Networks were square at first, and before that all of one size."""
    if "inputSize" in description:
        height, width = description["inputSize"]
        return height, width
    side = description.get("resolution")
    return FIRST_SIZE if side is None else (side, side)


def model_fn(model_dir: str) -> Inspector:
    """Loads what `save` wrote."""
    description = json.loads(Path(model_dir, "model.json").read_text(encoding="utf-8"))
    model = Inspector(
        description["classes"],
        description["widthMultiplier"],
        # Models that were trained before there was a choice name neither.
        description.get("network", DEFAULT_NETWORK),
        _size_in(description),
    )
    model.load_state_dict(torch.load(os.path.join(model_dir, "model.pt"), weights_only=True, map_location="cpu"))
    return model.eval()


def transform_fn(model: Inspector, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    """Answers `application/x-npy` (uint8 [n, height, width, 3]) or one JPEG or PNG with JSON probabilities.

    Raises:
        ValueError: the content type or the accepted type is not supported, or the array is not images.
    """
    images = read_images(input_data, content_type)
    with torch.inference_mode():
        probabilities = model(torch.from_numpy(images))
    return answer_images(model.classes, probabilities.numpy(), accept)
