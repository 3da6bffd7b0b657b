"""What the Gluon scripts of this folder share: data, training loop, answers, and the ONNX graph.

Apache MXNet 1.9.1 is its last release (2022); it runs on Python up to 3.11 with numpy below 1.24.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mxnet as mx
import numpy as np
import onnx
from kvstore import choose_kvstore, start_parameter_server
from mxnet import autograd, gluon
from onnx import TensorProto, helper, numpy_helper

from kaizen_training.hyperparameters import HyperparameterReader
from kaizen_training.onnx_model import INPUT_NAME, OUTPUT_NAME
from kaizen_training.prepared import Split, load_description, load_split, read_ahead

# The exporter of MXNet 1.9 translates to operators of opset 13, whatever version the installed onnx makes it write.
EXPORTED_OPSET = 13
_IR_VERSION = 8
_CHUNK = 128


@dataclass(frozen=True)
class Settings:
    """The hyperparameters, checked."""

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    seed: int


@dataclass(frozen=True)
class GluonModel:
    """A network with what is needed to use it.

    Attributes:
        net: float [n, 3, size, size] around 0 -> probabilities [n, classes]; from `train`: logits.
        classes: in the order of its answers.
        size: side of the square that images are resized to.
    """

    net: Any
    classes: list[str]
    size: int


def read_settings(hyperparameters: dict[str, Any]) -> Settings:
    """Reads `epochs`, `batch_size`, `learning_rate`, `momentum`, `seed`, decoded or text.

    Raises:
        ValueError: with every value that is out of range.
    """
    reader = HyperparameterReader(hyperparameters)
    settings = Settings(
        epochs=reader.integer("epochs", 10, 1, 1000),
        batch_size=reader.integer("batch_size", 32, 2, 4096),
        learning_rate=reader.number("learning_rate", 0.1, 1e-6, 10),
        momentum=reader.number("momentum", 0.9, 0, 0.999),
        seed=reader.integer("seed", 7, 0, 2**31 - 1),
    )
    reader.require_sound()
    return settings


def normalised(images: np.ndarray, size: int) -> Any:
    """uint8 [n, height, width, 3] -> float [n, 3, size, size] around 0; the graph of `write_graph` does the same."""
    pixels = mx.nd.array(images, dtype="float32").transpose((0, 3, 1, 2))
    resized = mx.nd.contrib.BilinearResize2D(pixels, height=size, width=size, align_corners=False)
    return (resized - 127.5) / 64.0


def _batches(items: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Indices in random order; the rest that does not fill a batch is left to another epoch's order."""
    order = rng.permutation(items)
    for start in range(0, max(1, len(items) - size + 1), size):
        yield order[start : start + size]


def _accuracy(net: Any, split: Split, size: int, ctx: Any) -> float:
    places = np.arange(len(split.labels))
    chunks = read_ahead(split, (places[i : i + _CHUNK] for i in range(0, len(places), _CHUNK)))
    right = [
        (net(normalised(images, size).as_in_context(ctx)).asnumpy().argmax(axis=1) == labels).sum()
        for images, labels in chunks
    ]
    return float(np.sum(right) / len(places))


def _one_epoch(
    net: Any, trainer: Any, batches: Iterator[tuple[np.ndarray, np.ndarray]], size: int, workers: int, ctx: Any
) -> float:
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    losses = []
    for images, labels in batches:
        pixels = normalised(images, size).as_in_context(ctx)
        with autograd.record():
            loss = loss_of(net(pixels), mx.nd.array(labels, ctx=ctx))
        loss.backward()
        # The servers add up what all workers send.
        trainer.step(len(labels) * workers)
        losses.append(float(loss.mean().asscalar()))
    return float(np.mean(losses))


def train_network(
    net: Any,
    size: int,
    settings: Settings,
    channel_input_dirs: dict[str, str],
    output_data_dir: str,
    hosts: list[str],
    current_host: str,
    num_gpus: int,
) -> GluonModel:
    """Trains a Gluon network on the channel `train`, reports on `validation`; a checkpoint every epoch.

    Each of several hosts takes every n-th image; gradients go through parameter servers.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    mx.random.seed(settings.seed)
    folder = Path(channel_input_dirs["train"])
    classes = load_description(folder).classes
    training = load_split(folder, "train")
    validation = load_split(Path(channel_input_dirs["validation"]), "validation")

    kvstore: Any = choose_kvstore(hosts, num_gpus)
    if len(hosts) > 1:
        start_parameter_server(hosts, current_host)
        kvstore = mx.kv.create(kvstore)
    ctx = mx.gpu() if num_gpus > 0 else mx.cpu()
    net.initialize(mx.init.Xavier(magnitude=2.24), ctx=ctx)
    net.hybridize()
    trainer = gluon.Trainer(
        net.collect_params(),
        "nag",
        {"learning_rate": settings.learning_rate, "momentum": settings.momentum, "wd": 5e-4},
        kvstore=kvstore,
    )
    # All workers take the same number of steps, or the servers would wait for ever for the last one.
    share = len(training.labels) // len(hosts)
    mine = np.arange(sorted(hosts).index(current_host), share * len(hosts), len(hosts))
    rng = np.random.default_rng(settings.seed)
    checkpoints = Path(output_data_dir)
    checkpoints.mkdir(parents=True, exist_ok=True)
    for epoch in range(1, settings.epochs + 1):
        # From the full rate to a tenth of it, along a cosine. On several hosts it stays as it is: the servers update
        # the weights, and do not hear of a change.
        progress = (1 + math.cos(math.pi * (epoch - 1) / settings.epochs)) / 2
        if len(hosts) == 1:
            trainer.set_learning_rate(settings.learning_rate * (0.1 + 0.9 * progress))
        batches = read_ahead(training, _batches(mine, settings.batch_size, rng))
        loss = _one_epoch(net, trainer, batches, size, len(hosts), ctx)
        if not np.isfinite(loss):
            raise FloatingPointError(f"the training diverged, the loss of epoch {epoch} is {loss}: lower learning_rate")
        net.save_parameters(str(checkpoints / "checkpoint.params"))
        accuracy = _accuracy(net, validation, size, ctx)
        print(f"epoch {epoch} of {settings.epochs}: loss {loss:.4f}, accuracy on validation {accuracy:.4f}", flush=True)
    return GluonModel(net, classes, size)


def with_softmax(symbol: Any, parameters: Any) -> Any:
    """A block that answers probabilities, from the symbol of one that answers logits."""
    return gluon.SymbolBlock(mx.sym.softmax(data=symbol, name="softmax_label"), mx.sym.var("data"), params=parameters)


def probabilities_of(model: GluonModel, images: np.ndarray) -> np.ndarray:
    """Probabilities [n, classes] for images, uint8 [n, height, width, 3]."""
    answers: np.ndarray = model.net(normalised(images, model.size)).asnumpy()
    return answers


def _exported_network(model: GluonModel) -> Any:
    """MXNet's own export, with its two mistakes mended: initializers listed as inputs, and the opset's number."""
    symbol = model.net(mx.sym.var("data"))
    parameters = {name: parameter.data() for name, parameter in model.net.collect_params().items()}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        shape = (1, 3, model.size, model.size)
        mx.onnx.export_model(symbol, parameters, in_shapes=[shape], in_types=np.float32, onnx_file_path=path)
        exported = onnx.load(path)
    graph = exported.graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    del graph.input[:]
    graph.input.extend(inputs)
    return graph


def write_graph(model: GluonModel, path: str) -> None:
    """Writes the contract's graph: uint8 [height, width, 3] of any size -> probabilities [classes].

    Resizing and normalisation, which MXNet does outside of the network, are put before it.
    """
    network = _exported_network(model)
    size = model.size
    constants: dict[str, np.ndarray] = {
        "unsqueeze_axes": np.array([0], dtype=np.int64),
        "network_shape": np.array([1, 3, size, size], dtype=np.int64),
        "pixel_mean": np.array(127.5, dtype=np.float32),
        "pixel_scale": np.array(64.0, dtype=np.float32),
    }
    before = [
        helper.make_node("Cast", [INPUT_NAME], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["channels_first"], perm=[2, 0, 1]),
        helper.make_node("Unsqueeze", ["channels_first", "unsqueeze_axes"], ["one_image"]),
        helper.make_node(
            "Resize",
            ["one_image", "", "", "network_shape"],
            ["resized"],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        ),
        helper.make_node("Sub", ["resized", "pixel_mean"], ["centred"]),
        helper.make_node("Div", ["centred", "pixel_scale"], [network.input[0].name]),
    ]
    after = [helper.make_node("Squeeze", [network.output[0].name, "unsqueeze_axes"], [OUTPUT_NAME])]
    graph = helper.make_graph(
        [*before, *network.node, *after],
        "inspection",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, ["height", "width", 3])],
        [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [len(model.classes)])],
        [*network.initializer, *(numpy_helper.from_array(value, name) for name, value in constants.items())],
    )
    written = helper.make_model(graph, opset_imports=[helper.make_opsetid("", EXPORTED_OPSET)])
    written.ir_version = _IR_VERSION
    onnx.checker.check_model(written, full_check=True)
    onnx.save(written, path)
