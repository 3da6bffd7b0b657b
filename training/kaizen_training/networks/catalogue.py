"""The networks by name: what the hyperparameter `network` chooses among."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kaizen_training.networks.blocks import ImageClassifier
from kaizen_training.networks.mobilenet_v1 import MobileNetV1
from kaizen_training.networks.mobilenet_v2 import MobileNetV2
from kaizen_training.networks.shufflenet_v1 import ShuffleNetV1
from kaizen_training.networks.shufflenet_v2 import ShuffleNetV2
from kaizen_training.networks.squeezenet import SqueezeNet

# Called with the number of classes and the width multiplier.
NETWORKS: dict[str, Callable[[int, float], ImageClassifier]] = {
    "mobilenet_v1": MobileNetV1,
    "mobilenet_v1_full_convolution": partial(MobileNetV1, full_convolutions=True),
    "mobilenet_v2": MobileNetV2,
    "shufflenet_v1": ShuffleNetV1,
    "shufflenet_v2": ShuffleNetV2,
    "squeezenet_1_0": partial(SqueezeNet, version="1.0"),
    "squeezenet_1_1": partial(SqueezeNet, version="1.1"),
}
DEFAULT_NETWORK = "mobilenet_v2"


def build_network(name: str, classes: int, width_multiplier: float) -> ImageClassifier:
    """Makes a network with fresh weights.

    Raises:
        ValueError: there is no network of this name, or an argument is out of range.
    """
    if name not in NETWORKS:
        raise ValueError(f"network: must be one of {', '.join(NETWORKS)}, got '{name}'")
    return NETWORKS[name](classes, width_multiplier)
