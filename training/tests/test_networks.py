"""MobileNetV2 against the paper's numbers, and the cost law of separable convolutions."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kaizen_training.networks.mobilenet_v2 import MobileNetV2, count_cost, round_channels


def test_s15_the_full_network_costs_what_the_paper_says() -> None:
    """[S15] arXiv:1801.04381, table 4: 300 M multiply-adds, 3.4 M parameters at 224 x 224 and 1000 classes."""
    cost = count_cost(MobileNetV2(1000, 1.0, last_channels=1280), 224, 224)
    assert cost.multiply_accumulates == pytest.approx(300e6, rel=0.02)
    assert cost.parameters == pytest.approx(3.5e6, rel=0.02)


def test_s15_the_default_network_is_small_enough_for_a_weak_device() -> None:
    """[S15] [S11] A hundredth of a second per frame at 1 GMAC/s."""
    cost = count_cost(MobileNetV2(4, 0.35), 96, 96)
    assert cost.multiply_accumulates < 12e6
    assert cost.parameters < 0.6e6


@settings(deadline=None, max_examples=25)
@given(
    inputs=st.integers(4, 24), outputs=st.integers(4, 48), kernel=st.sampled_from([3, 5, 7]), size=st.integers(7, 16)
)
def test_s15_a_separable_convolution_costs_one_over_n_plus_one_over_k_squared(
    inputs: int, outputs: int, kernel: int, size: int
) -> None:
    """[S15] arXiv:1704.04861, section 3.1: 1/N + 1/Dk^2 of a full convolution."""
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
    assert separable_cost / full_cost == pytest.approx(1 / outputs + 1 / kernel**2)


def test_the_output_has_one_logit_per_class_at_any_size() -> None:
    network = MobileNetV2(5, 0.25).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 96, 64)).shape == (2, 5)


@given(st.floats(1, 2000))
def test_channels_are_multiples_of_eight_and_never_fall_by_more_than_a_tenth(channels: float) -> None:
    rounded = round_channels(channels)
    assert rounded % 8 == 0
    assert rounded >= 0.9 * channels


@pytest.mark.parametrize(("classes", "width"), [(1, 1.0), (4, 0.0), (4, -1.0), (4, 3.0)])
def test_impossible_sizes_are_refused(classes: int, width: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        MobileNetV2(classes, width)
