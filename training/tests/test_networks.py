"""[S15] The efficient networks against their papers' numbers, and the cost law of separable convolutions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kaizen_training.networks.blocks import channel_shuffle, round_channels, separable_convolution
from kaizen_training.networks.catalogue import NETWORKS, build_network
from kaizen_training.networks.cost import count_cost
from kaizen_training.networks.mobilenet_v1 import MobileNetV1
from kaizen_training.networks.mobilenet_v2 import MobileNetV2
from kaizen_training.networks.shufflenet_v1 import ShuffleNetV1
from kaizen_training.networks.shufflenet_v2 import ShuffleNetV2
from kaizen_training.networks.squeezenet import SqueezeNet

CLASSES = 1000


@pytest.mark.parametrize(
    ("network", "size", "millions_of_macs", "millions_of_parameters", "tolerance"),
    [
        # arXiv:1704.04861, tables 4, 6 and 7, and tensorflow/models, research/slim/nets/mobilenet_v1.md.
        (lambda: MobileNetV1(CLASSES), 224, 569, 4.24, 0.01),
        (lambda: MobileNetV1(CLASSES, 0.5), 224, 150, 1.34, 0.01),
        (lambda: MobileNetV1(CLASSES), 160, 291, 4.24, 0.01),
        # arXiv:1704.04861, table 4, "Conv MobileNet".
        (lambda: MobileNetV1(CLASSES, full_convolutions=True), 224, 4866, 29.3, 0.001),
        # tensorflow/models, research/slim/nets/mobilenet/README.md; arXiv:1801.04381, table 4, has 300 and 3.4. The
        # parameters there leave out what batch normalisation and the last layer's biases come to: 1 %.
        (lambda: MobileNetV2(CLASSES, 1.0, last_channels=1280), 224, 300, 3.47, 0.015),
        (lambda: MobileNetV2(CLASSES, 0.5, last_channels=1280), 224, 97, 1.95, 0.015),
        # docs.pytorch.org/vision, squeezenet1_0 and squeezenet1_1: num_params 1248424 and 1235496, GFLOPS 0.82 and
        # 0.35, where one is a multiply-accumulate; arXiv:1602.07360, table 1: 1,248,424 parameters.
        (lambda: SqueezeNet(CLASSES, version="1.0", batch_normalisation=False), 224, 820, 1.248424, 0.005),
        (lambda: SqueezeNet(CLASSES, version="1.1", batch_normalisation=False), 224, 350, 1.235496, 0.005),
        # The authors' megvii-model/ShuffleNet-Series, ShuffleNetV1/README.md, group = 3; arXiv:1707.01083, table 2,
        # has 38 and 140 for the same. FLOPs there are multiply-accumulates.
        (lambda: ShuffleNetV1(CLASSES, 0.5), 224, 38, 0.7, 0.03),
        (lambda: ShuffleNetV1(CLASSES, 1.0), 224, 138, 1.9, 0.02),
        (lambda: ShuffleNetV1(CLASSES, 2.0), 224, 524, 5.4, 0.01),
        # arXiv:1807.11164, tables 5 and 8: FLOPs are multiply-accumulates, and 41 is rounded up from 40.5.
        (lambda: ShuffleNetV2(CLASSES, 0.5, last_channels=1024), 224, 41, 1.4, 0.025),
        (lambda: ShuffleNetV2(CLASSES, 1.0, last_channels=1024), 224, 146, 2.3, 0.01),
        (lambda: ShuffleNetV2(CLASSES, 1.5, last_channels=1024), 224, 299, 3.5, 0.012),
        (lambda: ShuffleNetV2(CLASSES, 2.0, last_channels=2048), 224, 591, 7.4, 0.015),
    ],
)
def test_s15_a_network_costs_what_its_paper_says(
    network: Callable[[], nn.Module],
    size: int,
    millions_of_macs: float,
    millions_of_parameters: float,
    tolerance: float,
) -> None:
    """[S15] Multiply-accumulates and parameters at 1000 classes."""
    cost = count_cost(network(), size, size)
    assert cost.multiply_accumulates / 1e6 == pytest.approx(millions_of_macs, rel=tolerance)
    assert cost.parameters / 1e6 == pytest.approx(millions_of_parameters, rel=tolerance)


def test_s15_squeezenet_and_shufflenet_v2_have_the_published_parameters_to_the_last_one() -> None:
    """[S15] num_params of torchvision's squeezenet1_0, squeezenet1_1 and shufflenet_v2_x1_0."""
    networks = [SqueezeNet(CLASSES, version=version, batch_normalisation=False) for version in ("1.0", "1.1")]
    counted = [count_cost(network, 32, 32).parameters for network in (*networks, ShuffleNetV2(CLASSES, 1.0))]
    assert counted == [1_248_424, 1_235_496, 2_278_604]


def test_s15_the_default_network_is_small_enough_for_a_weak_device() -> None:
    """[S15] [S11] A hundredth of a second per frame at 1 GMAC/s."""
    cost = count_cost(MobileNetV2(4, 0.35), 96, 96)
    assert cost.multiply_accumulates < 12e6
    assert cost.parameters < 0.6e6


@settings(max_examples=25)
@given(
    inputs=st.integers(4, 24), outputs=st.integers(4, 48), kernel=st.sampled_from([3, 5, 7]), size=st.integers(7, 16)
)
def test_s15_a_separable_convolution_costs_one_over_n_plus_one_over_k_squared(
    inputs: int, outputs: int, kernel: int, size: int
) -> None:
    """[S15] arXiv:1704.04861, section 3.1: 1/N + 1/Dk^2 of a full convolution, in whole numbers."""
    padding = kernel // 2
    stem = nn.Conv2d(3, inputs, 1, bias=False)
    full = nn.Sequential(stem, nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False))
    separable = nn.Sequential(
        stem,
        nn.Conv2d(inputs, inputs, kernel, padding=padding, groups=inputs, bias=False),
        nn.Conv2d(inputs, outputs, 1, bias=False),
    )
    stem_cost = count_cost(stem, size, size).multiply_accumulates
    full_cost = count_cost(full, size, size).multiply_accumulates - stem_cost
    separable_cost = count_cost(separable, size, size).multiply_accumulates - stem_cost
    # Both sides of the law times N * Dk^2 * full: no rounding can hide a difference.
    assert separable_cost * outputs * kernel**2 == full_cost * (outputs + kernel**2)


@settings(max_examples=15)
@given(inputs=st.integers(3, 32), outputs=st.integers(3, 64), stride=st.sampled_from([1, 2]))
def test_s15_the_networks_own_block_obeys_the_law(inputs: int, outputs: int, stride: int) -> None:
    """[S15] With a stride the filter per channel and the 1x1 both run at the smaller size: the law is the same."""
    stem = nn.Conv2d(3, inputs, 1, bias=False)
    stem_cost = count_cost(stem, 16, 16).multiply_accumulates
    full = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    full_cost = count_cost(nn.Sequential(stem, full), 16, 16).multiply_accumulates - stem_cost
    block = nn.Sequential(stem, separable_convolution(inputs, outputs, stride=stride))
    block_cost = count_cost(block, 16, 16).multiply_accumulates - stem_cost
    assert block_cost * outputs * 9 == full_cost * (outputs + 9)


def test_s15_the_control_network_differs_from_mobilenet_by_the_law_layer_by_layer() -> None:
    """[S15] 4866 to 569: the sum of the law over the thirteen layers, beside what both networks share."""
    from kaizen_training.networks.mobilenet_v1 import LAYERS, STEM_CHANNELS

    control = count_cost(MobileNetV1(CLASSES, full_convolutions=True), 224, 224).multiply_accumulates
    size, channels = 112, STEM_CHANNELS
    shared = size**2 * channels * 27 + 1024 * CLASSES
    expected = 0
    for outputs, stride in LAYERS:
        size //= stride
        full = size**2 * channels * outputs * 9
        expected += full * (outputs + 9) // (outputs * 9)
        channels = outputs
    assert count_cost(MobileNetV1(CLASSES), 224, 224).multiply_accumulates == shared + expected
    assert control / (shared + expected) == pytest.approx(8.56, abs=0.01)


@pytest.mark.parametrize("name", NETWORKS)
def test_s15_every_network_answers_and_learns_at_its_least_width(name: str) -> None:
    """[S15] One logit per class, and a gradient for every parameter."""
    torch.manual_seed(1)
    network = build_network(name, 5, 0.03)
    logits = network(torch.randn(2, 3, 48, 40))
    assert logits.shape == (2, 5)
    logits.square().sum().backward()
    assert [key for key, parameter in network.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("width", [0.1, 0.33, 0.77, 1.25, 2.0])
def test_s15_every_network_can_be_built_at_any_width(name: str, width: float) -> None:
    """[S15] No rounding of channels leaves groups or halves that do not divide; shapes only, nothing is computed."""
    with torch.device("meta"):
        assert build_network(name, 3, width)(torch.empty(1, 3, 64, 64)).shape == (1, 3)


@given(channels=st.integers(1, 6), groups=st.integers(1, 6))
def test_s15_a_shuffle_deals_every_group_out_to_all_groups(channels: int, groups: int) -> None:
    """[S15] arXiv:1707.01083, section 3.1: reshape to (g, n), transpose, flatten."""
    x = torch.arange(channels * groups).float().reshape(1, -1, 1, 1)
    dealt = channel_shuffle(x, groups).flatten().tolist()
    assert dealt == [group * channels + index for index in range(channels) for group in range(groups)]


@given(st.floats(1, 2000))
def test_channels_are_multiples_of_eight_and_never_fall_by_more_than_a_tenth(channels: float) -> None:
    rounded = round_channels(channels)
    assert rounded % 8 == 0
    assert rounded >= 0.9 * channels


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("classes", "width"), [(1, 1.0), (4, 0.0), (4, -1.0), (4, 3.0)])
def test_impossible_sizes_are_refused(name: str, classes: int, width: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        build_network(name, classes, width)


def test_unknown_networks_are_refused_with_those_that_there_are() -> None:
    """[S15]"""
    with pytest.raises(ValueError, match=r"network: must be one of mobilenet_v1, .*squeezenet_1_1, got 'resnet50'"):
        build_network("resnet50", 4, 1.0)
    with pytest.raises(ValueError, match=r"version: must be one of 1\.0, 1\.1, got 2\.0"):
        SqueezeNet(4, version="2.0")
