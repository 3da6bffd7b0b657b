"""A usual image classifier becomes what a release needs, when its script says that it is one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from kaizen_training.forward import FORMS, LOGITS, PIXELS, as_inspector, forward_form


class Classifier(nn.Module):
    """float [n, 3, 128, 128] -> logits [n, 5]; no other size fits."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 128 * 128, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(images.flatten(1))


def images_of(height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8, generator=generator)


@torch.inference_mode()
def test_s3_images_of_the_prepared_size_reach_the_classifier_as_they_are() -> None:
    """[S3] Bit for bit what a script computes itself: scaled, channels first, softmax."""
    classifier, images = Classifier().eval(), images_of(128, 128)
    expected = torch.softmax(classifier(images.permute(0, 3, 1, 2).float() / 255), dim=1)
    assert torch.equal(as_inspector(classifier, LOGITS, (128, 128))(images), expected)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (64, 200), (480, 640)])
@torch.inference_mode()
def test_s3_images_of_other_sizes_are_resized(height: int, width: int) -> None:
    """[S3] A camera's frame has any size."""
    probabilities = as_inspector(Classifier().eval(), LOGITS, (128, 128))(images_of(height, width))
    assert probabilities.shape == (2, 5)
    assert probabilities.sum(1).numpy() == pytest.approx(1, abs=1e-6)


def test_what_takes_pixels_itself_and_what_is_no_network_is_left_alone() -> None:
    """[S3]"""
    classifier = Classifier()
    assert as_inspector(classifier, PIXELS, (128, 128)) is classifier
    assert as_inspector("a path", LOGITS, (128, 128)) == "a path"


@pytest.mark.parametrize("form", [None, *FORMS])
def test_the_script_says_what_its_forward_takes(form: str | None) -> None:
    """[S1]"""
    script: Any = SimpleNamespace() if form is None else SimpleNamespace(FORWARD=form)
    assert forward_form(script) == (form or PIXELS)


def test_a_form_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    """[S1] Bad input."""
    script: Any = SimpleNamespace(FORWARD="nchw")
    with pytest.raises(ValueError, match="FORWARD: must be one of uint8-nhwc-probabilities, float-nchw-logits, got"):
        forward_form(script)
