"""What the default script does to the images that it trains on, and that it can be told to leave it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from kaizen_training.augmentation import SCALES, Augmentation, rescaled
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

IMAGES = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)
KINDS = ("mirror", "turns", "exposure", "scale")
SEEDS = range(40)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")


def drawn_for(script: ModuleType, seed: int) -> Augmentation:
    drawn: Augmentation = script.Augmentation.drawn(len(IMAGES), torch.Generator().manual_seed(seed))
    return drawn


def augmented(script: ModuleType, seed: int, kinds: tuple[str, ...]) -> Tensor:
    return drawn_for(script, seed).only(kinds).of(IMAGES, slice(0, len(IMAGES)))


def test_all_of_it_is_what_was_drawn(script: ModuleType) -> None:
    """[S14] Nothing else is done to them."""
    for seed in SEEDS:
        assert torch.equal(augmented(script, seed, KINDS), drawn_for(script, seed).of(IMAGES, slice(0, 2)))


def test_none_of_it_leaves_images_as_they_are(script: ModuleType) -> None:
    """[S14]"""
    for seed in SEEDS:
        assert torch.equal(augmented(script, seed, ()), IMAGES)


@pytest.mark.parametrize(
    ("kinds", "views"),
    [
        (("mirror",), [IMAGES, IMAGES.flip(3)]),
        (("turns",), [IMAGES.rot90(turns, (2, 3)) for turns in range(4)]),
        (
            ("mirror", "turns"),
            [image.rot90(turns, (2, 3)) for image in (IMAGES, IMAGES.flip(3)) for turns in range(4)],
        ),
    ],
)
def test_each_kind_makes_its_own_views_and_no_other(
    script: ModuleType, kinds: tuple[str, ...], views: list[Tensor]
) -> None:
    """[S14] Every one of them comes up."""
    made = [augmented(script, seed, kinds) for seed in SEEDS]
    seen = {place for one in made for place, view in enumerate(views) if torch.equal(one, view)}
    assert seen == set(range(len(views)))
    assert all(any(torch.equal(one, view) for view in views) for one in made)


def test_exposure_moves_no_pixel(script: ModuleType) -> None:
    """[S14] The brightest stays the brightest, in each image."""
    for seed in SEEDS:
        made = augmented(script, seed, ("exposure",))
        assert not torch.equal(made, IMAGES)
        assert made.flatten(1).argmax(1).tolist() == IMAGES.flatten(1).argmax(1).tolist()


def test_scale_shows_more_of_the_scene_or_less(script: ModuleType) -> None:
    """[S14] Of each image its own: within what the module says, and both ways."""
    drawn = [drawn_for(script, seed).scale for seed in SEEDS]
    scales = torch.stack([scale for scale in drawn if scale is not None])
    assert len(scales) == len(SEEDS)
    low, high = SCALES
    assert low <= float(scales.min()) < 1 < float(scales.max()) <= high
    assert len(scales.unique()) == scales.numel()


def blob(radius: float, side: int = 96) -> Tensor:
    """A disc in the middle, brightness 1 on 0: [1, 1, side, side]."""
    axis = torch.arange(side) - (side - 1) / 2
    return (torch.hypot(axis[:, None], axis[None]) <= radius).float()[None, None]


@given(radius=st.floats(8, 20), factor=st.floats(*SCALES))
def test_what_is_in_the_middle_shrinks_by_the_factor(radius: float, factor: float) -> None:
    """[S14] Areas go by its square; within what the outermost row of pixels comes to."""
    area = float(rescaled(blob(radius), torch.tensor([factor])).sum())
    expected = math.pi * (radius / factor) ** 2
    assert area == pytest.approx(expected, abs=2 * math.pi * radius / factor)


@given(value=st.floats(-3, 3, width=32), factors=st.lists(st.floats(*SCALES), min_size=1, max_size=3))
def test_an_even_surface_stays_even(value: float, factors: list[float]) -> None:
    """[S14] Beyond the edge there is more of the same, not a bar that no camera shows."""
    even = torch.full((len(factors), 3, 32, 24), value)
    torch.testing.assert_close(rescaled(even, torch.tensor(factors)), even)


def test_a_factor_of_one_moves_nothing() -> None:
    """[S14]"""
    images = torch.rand(2, 3, 24, 32)
    torch.testing.assert_close(rescaled(images, torch.ones(2)), images, atol=1e-4, rtol=0)


def test_it_is_named_by_a_hyperparameter(script: ModuleType) -> None:
    """[S14] Any of them, in any order."""
    read = script.read_settings
    assert read({}).augmentation == ("mirror", "turns", "exposure")
    assert read({"augmentation": "none"}).augmentation == ()
    for count in range(1, len(KINDS) + 1):
        for chosen in itertools.permutations(KINDS, count):
            assert set(read({"augmentation": ", ".join(chosen)}).augmentation) == set(chosen)


@pytest.mark.parametrize("value", ["flip", "", "mirror,none", 3, None])
def test_an_unknown_one_is_refused_with_the_rule(script: ModuleType, value: object) -> None:
    """[S14] Bad input, beside other bad input."""
    with pytest.raises(ValueError, match="augmentation: must be some of mirror, turns, exposure, scale with") as caught:
        script.read_settings({"augmentation": value, "epochs": 0})
    assert "epochs: must be a whole number" in str(caught.value)


def test_images_are_left_alone_in_a_training_that_says_so(
    script: ModuleType, tiny_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[S14] The hyperparameter reaches the loop."""
    seen: list[tuple[str, ...]] = []
    only = script.Augmentation.only

    def watched(drawn: object, kinds: tuple[str, ...]) -> object:
        seen.append(kinds)
        return only(drawn, kinds)

    monkeypatch.setattr(script.Augmentation, "only", watched)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    settings = {"epochs": 1, "width_multiplier": 0.05, "resolution": 32, "augmentation": "exposure"}
    channels = {"train": str(tiny_prepared), "validation": str(tiny_prepared)}
    script.train(settings, channels, str(tmp_path), 1)
    assert set(seen) == {("exposure",)}
