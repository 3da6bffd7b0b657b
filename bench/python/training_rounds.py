"""What the training benchmarks time: the default script against a loop as PyTorch's tutorials write it.

`python bench/python/training_rounds.py --work <folder>` renders and prepares a dataset, then reads one JSON request a
line and answers one JSON line, so that neither is measured:

    {"do": "script"}    -> {"seconds": s, "images": n, "cores": c}    the default script, whole
    {"do": "plain"}     -> the same, of the plain loop
    {"do": "export"}    -> {"seconds": s}    the Export step's work on the model that the script has trained
    {"do": "libraries"} -> {"seconds": s}    of that, what torch.onnx and ONNX Runtime's quantizer do
    {"do": "prepare"}   -> {"folder": f}    where the prepared dataset lies

`cores` is processor time over time over the number of processors: 1.0 keeps all of them busy.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "training"))
# As the Train step's entry point has it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch  # noqa: E402
from kaizen_training.export import export  # noqa: E402
from kaizen_training.image_policy import DEFAULT_POLICY  # noqa: E402
from kaizen_training.networks.mobilenet_v2 import MobileNetV2  # noqa: E402
from kaizen_training.onnx_model import CALIBRATION_IMAGES, write_fp32, write_int8  # noqa: E402
from kaizen_training.operating_point import Plant  # noqa: E402
from kaizen_training.prepared import load_split  # noqa: E402
from kaizen_training.serving import ServedModel, load_script  # noqa: E402
from rendered_dataset import prepared_dataset  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

ITEMS = 1200
EPOCHS = 2
SEED = 20261125
BATCH = 32
LEARNING_RATE = 0.1
WIDTH_MULTIPLIER = 0.35
PROCESSORS = os.cpu_count() or 1
PLANT = Plant({"good": "pass"}, "reject", 100, 1, 0.5, 0.98, 1, 1)


class TrainingRounds:
    """The prepared dataset, the script, and the model that it trained last."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.prepared = prepared_dataset(work, ITEMS, SEED)
        self.script = load_script(ROOT / "training" / "scripts" / "pytorch" / "inspect_surface.py")
        self.images = len(load_split(self.prepared, "train").labels) * EPOCHS
        self.model: Any = None

    def script_round(self) -> dict[str, float]:
        """Everything from the prepared folder to the trained network, with checkpoints and progress."""
        # A folder of its own: a checkpoint of the round before would be taken up.
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            os.environ["SAGEMAKER_BASE_DIR"] = folder

            def train() -> None:
                self.model = self.script.train(
                    hyperparameters={
                        "epochs": EPOCHS,
                        "learning_rate": LEARNING_RATE,
                        "width_multiplier": WIDTH_MULTIPLIER,
                        "seed": SEED,
                    },
                    channel_input_dirs={"train": str(self.prepared), "validation": str(self.prepared)},
                    output_data_dir=str(Path(folder) / "data"),
                    num_cpus=PROCESSORS,
                )

            return self._timed(train)

    def plain_round(self) -> dict[str, float]:
        """The same network, images, batches, optimizer and validation, without anything else."""

        def train() -> None:
            torch.set_num_threads(PROCESSORS)
            network = MobileNetV2(4, WIDTH_MULTIPLIER)
            # torch says it in its documentation and not in its types.
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            loaders = {name: self._loader(name) for name in ("train", "validation")}
            optimizer = torch.optim.SGD(
                network.parameters(), lr=LEARNING_RATE, momentum=0.9, nesterov=True, weight_decay=5e-4
            )
            for _ in range(EPOCHS):
                network.train()
                for images, labels in loaders["train"]:
                    batch = images.contiguous(memory_format=torch.channels_last)
                    loss = torch.nn.functional.cross_entropy(network(batch), labels)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                network.eval()
                with torch.inference_mode():
                    for images, labels in loaders["validation"]:
                        (network(images).argmax(1) == labels).float().mean()
            torch.save(network.state_dict(), self.work / "plain.pt")

        return self._timed(train)

    def export_round(self) -> dict[str, float]:
        """The Export step's work: graphs, parity, golden samples, thresholds, baselines."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            served = ServedModel(self.script, self.model)
            return self._timed(lambda: export(served, self.prepared, Path(folder), "bench", [], PLANT))

    def libraries_round(self) -> dict[str, float]:
        """The two calls without which there is no graph in fp32 and int8."""
        images = load_split(self.prepared, "train").images
        step = max(1, len(images) // CALIBRATION_IMAGES)
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            fp32 = Path(folder) / "fp32.onnx"

            def write() -> None:
                write_fp32(self.model, DEFAULT_POLICY.height, DEFAULT_POLICY.width, fp32)
                write_int8(fp32, images[::step][:CALIBRATION_IMAGES], Path(folder) / "int8.onnx")

            return self._timed(write)

    def _loader(self, name: str) -> DataLoader[tuple[torch.Tensor, ...]]:
        split = load_split(self.prepared, name)
        pixels = torch.from_numpy(split.images).permute(0, 3, 1, 2).float()
        size = (96, 96)
        resized = torch.nn.functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
        dataset = TensorDataset((resized - 127.5) / 64, torch.from_numpy(split.labels))
        training = name == "train"
        return DataLoader(dataset, batch_size=BATCH if training else 128, shuffle=training, drop_last=training)

    def _timed(self, work: Callable[[], Any]) -> dict[str, float]:
        processor, started = time.process_time(), time.perf_counter()
        # The script's progress lines would stand between the answers.
        with contextlib.redirect_stdout(io.StringIO()):
            work()
        seconds = time.perf_counter() - started
        cores = (time.process_time() - processor) / seconds / PROCESSORS
        return {"seconds": seconds, "images": self.images, "cores": cores}


def main() -> int:
    """Answers requests until its input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    rounds = TrainingRounds(parser.parse_args().work)
    actions = {
        "script": rounds.script_round,
        "plain": rounds.plain_round,
        "export": rounds.export_round,
        "libraries": rounds.libraries_round,
        "prepare": lambda: {"folder": str(rounds.prepared)},
    }
    for line in sys.stdin:
        print(json.dumps(actions[json.loads(line)["do"]]()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
