"""A Gluon network of our own, in the manner of the slides: `save` of symbol and parameters, `model_fn` by SymbolBlock.

The slides train on MNIST; scikit-learn's digits are its smaller relative and need no download
(`python -m kaizen_training.digits`). Any other prepared dataset will do as well.

Hyperparameters: `epochs` (1-1000), `batch_size` (2-4096), `learning_rate`, `momentum` (0-0.999), `seed`; as text, as
the slides' contract gives them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mxnet as mx
from gluon_inspection import (
    GluonModel,
    probabilities_of,
    read_settings,
    train_network,
    with_softmax,
    write_graph,
)
from mxnet import gluon

from kaizen_training.answers import answer_images, read_images

HYPERPARAMETER_TYPES = "text"
SIZE = 32


def define_network(classes: int) -> Any:
    """Float [n, 3, 32, 32] -> logits [n, classes]."""
    net = gluon.nn.HybridSequential(prefix="digits_")
    with net.name_scope():
        for channels in (16, 32, 64):
            net.add(gluon.nn.Conv2D(channels, kernel_size=3, strides=2, padding=1, use_bias=False))
            net.add(gluon.nn.BatchNorm())
            net.add(gluon.nn.Activation("relu"))
        net.add(gluon.nn.Flatten())
        net.add(gluon.nn.Dense(classes))
    return net


def train(
    channel_input_dirs: dict[str, str],
    hyperparameters: dict[str, str],
    hosts: list[str],
    num_gpus: int,
    current_host: str,
    output_data_dir: str,
    **kwargs: Any,
) -> GluonModel:
    """Trains on the channel `train`, reports on `validation`.

    Raises:
        ValueError: a hyperparameter is out of range.
        FloatingPointError: the loss is not finite.
    """
    settings = read_settings(hyperparameters)
    classes = json.loads(Path(channel_input_dirs["train"], "dataset.json").read_text(encoding="utf-8"))["classes"]
    net = define_network(len(classes))
    return train_network(net, SIZE, settings, channel_input_dirs, output_data_dir, hosts, current_host, num_gpus)


def save(model: GluonModel, model_dir: str) -> None:
    """Writes `model.json` (symbol), `model.params` and `classes.json`."""
    y = model.net(mx.sym.var("data"))
    y.save(f"{model_dir}/model.json")
    model.net.collect_params().save(f"{model_dir}/model.params")
    Path(model_dir, "classes.json").write_text(json.dumps(model.classes) + "\n", encoding="utf-8")


def model_fn(model_dir: str) -> GluonModel:
    """Loads what `save` wrote, without the code that defined the network."""
    classes = json.loads(Path(model_dir, "classes.json").read_text(encoding="utf-8"))
    net = with_softmax(mx.sym.load(f"{model_dir}/model.json"), gluon.ParameterDict())
    net.collect_params().load(f"{model_dir}/model.params", ctx=mx.cpu())
    return GluonModel(net, classes, SIZE)


def transform_fn(model: GluonModel, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    """Answers images with JSON probabilities."""
    images = read_images(input_data, content_type)
    return answer_images(model.classes, probabilities_of(model, images), accept)


def export_onnx(model: GluonModel, path: str) -> None:
    """Writes the contract's graph."""
    write_graph(model, path)
