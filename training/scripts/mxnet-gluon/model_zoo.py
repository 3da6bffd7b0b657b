"""A network of Gluon's model zoo, as the slides' second example: `model_fn` builds it by name and loads parameters.

Hyperparameters: `network` (a name of the model zoo, default `mobilenetv2_0.25`), `epochs` (1-1000), `batch_size`
(2-4096), `learning_rate`, `momentum` (0-0.999), `seed`. The number of classes is the dataset's: 10 for the digits.
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
from mxnet.gluon.model_zoo import vision

from kaizen_training.answers import answer_images, read_images

SIZE = 64
DEFAULT_NETWORK = "mobilenetv2_0.25"


def _network(name: str, classes: int) -> Any:
    """Raises ValueError with the names that exist."""
    return vision.get_model(name, classes=classes, pretrained=False, prefix="zoo_")


def train(
    channel_input_dirs: dict[str, str],
    hyperparameters: dict[str, Any],
    hosts: list[str],
    num_gpus: int,
    current_host: str,
    output_data_dir: str,
    **kwargs: Any,
) -> tuple[str, GluonModel]:
    """Trains on the channel `train`, reports on `validation`; returns the network's name with it.

    Raises:
        ValueError: a hyperparameter is out of range, or the model zoo has no such network.
        FloatingPointError: the loss is not finite.
    """
    settings = read_settings(hyperparameters)
    name = str(hyperparameters.get("network", DEFAULT_NETWORK))
    classes = json.loads(Path(channel_input_dirs["train"], "dataset.json").read_text(encoding="utf-8"))["classes"]
    net = _network(name, len(classes))
    model = train_network(net, SIZE, settings, channel_input_dirs, output_data_dir, hosts, current_host, num_gpus)
    return name, model


def save(trained: tuple[str, GluonModel], model_dir: str) -> None:
    """Writes `model.params` and `network.json` (name and classes): the model zoo has the rest."""
    name, model = trained
    model.net.save_parameters(f"{model_dir}/model.params")
    description = {"network": name, "classes": model.classes}
    Path(model_dir, "network.json").write_text(json.dumps(description) + "\n", encoding="utf-8")


def model_fn(model_dir: str) -> GluonModel:
    """Builds the network that `save` named, and loads its parameters."""
    description = json.loads(Path(model_dir, "network.json").read_text(encoding="utf-8"))
    net = _network(description["network"], len(description["classes"]))
    net.load_parameters(f"{model_dir}/model.params", ctx=mx.cpu())
    probabilities = with_softmax(net(mx.sym.var("data")), net.collect_params())
    return GluonModel(probabilities, description["classes"], SIZE)


def transform_fn(model: GluonModel, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    """Answers images with JSON probabilities."""
    images = read_images(input_data, content_type)
    return answer_images(model.classes, probabilities_of(model, images), accept)


def export_onnx(model: GluonModel, path: str) -> None:
    """Writes the contract's graph."""
    write_graph(model, path)
