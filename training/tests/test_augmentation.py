"""What the default script does to the images that it trains on, and that it can be told to leave it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from kaizen_training.augmentation import BLACK, SCALES, WHITE, Augmentation, relit, rescaled
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

IMAGES = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)
KINDS = ("mirror", "turns", "exposure", "scale", "light")
SEEDS = range(40)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")


def drawn_for(script: ModuleType, seed: int) -> Augmentation:
    drawn: Augmentation = script.Augmentation.drawn(len(IMAGES), torch.Generator().manual_seed(seed))
    return drawn


def augmented(script: ModuleType, seed: int, kinds: tuple[str, ...]) -> Tensor:
    return drawn_for(script, seed).only(kinds).of(IMAGES.__getitem__, slice(0, len(IMAGES)))


def test_all_of_it_is_what_was_drawn(script: ModuleType) -> None:
    """[S14] Nothing else is done to them."""
    for seed in SEEDS:
        assert torch.equal(augmented(script, seed, KINDS), drawn_for(script, seed).of(IMAGES.__getitem__, slice(0, 2)))


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


def surface(seed: int, side: int = 48) -> Tensor:
    """Two textured parts, each with a dark mark, evenly lit: [2, 3, side, side], between black and white."""
    generator = torch.Generator().manual_seed(seed)
    brightness = 1.2 + 0.1 * torch.rand(2, 3, side, side, generator=generator)
    row, column = torch.randint(4, side - 8, (2,), generator=generator).tolist()
    brightness[:, :, row : row + 4, column : column + 4] *= 0.6
    return BLACK + brightness


def lit(surfaces: Tensor, factor: Sequence[float], across: float, down: float) -> Tensor:
    """The same, in a light of this strength in each channel that falls off to the right and downwards."""
    axis = (torch.arange(surfaces.shape[3]) + 0.5) * 2 / surfaces.shape[3] - 1
    light = torch.tensor(factor)[:, None, None] * torch.exp(across * axis + down * axis[:, None])
    return BLACK + (surfaces - BLACK) * light


SLOPES = st.floats(-0.5, 0.5)


@given(factor=st.lists(st.floats(0.4, 1.2), min_size=3, max_size=3), across=SLOPES, down=SLOPES)
def test_a_part_is_shown_as_it_looks_in_another_light(factor: list[float], across: float, down: float) -> None:
    """[S14] [B13] As a camera would have seen it there, within what the other part's mark does to its light."""
    here, elsewhere = surface(1), lit(surface(2), factor, across, down)
    expected = lit(surface(1), factor, across, down)
    torch.testing.assert_close(relit(here, elsewhere), expected.clamp(max=WHITE), rtol=0, atol=0.1)


def test_its_own_light_changes_nothing_and_white_is_the_limit() -> None:
    """[S14]"""
    images = surface(3)
    torch.testing.assert_close(relit(images, images), images)
    glaring = torch.full_like(images, WHITE)
    assert float(relit(lit(images, [0.3, 0.3, 0.3], 0.0, 0.0), glaring).max()) <= WHITE


def test_the_darkest_picture_has_a_light_too() -> None:
    """[S14] Nothing that a training could not go on with."""
    black = torch.full((1, 3, 48, 48), BLACK)
    for images in (relit(black, surface(4)[:1]), relit(surface(4)[:1], black)):
        assert bool(torch.isfinite(images).all())


def test_half_of_a_batch_is_shown_in_the_light_of_others(script: ModuleType) -> None:
    """[S14] No image of it twice, and nothing is drawn for it where it is not asked for."""
    drawn = script.Augmentation.drawn(1000, torch.Generator().manual_seed(5))
    others = drawn.lit_as != torch.arange(1000)
    assert 450 < int(others.sum()) < 550
    assert len(drawn.lit_as[others].unique()) == int(others.sum())
    first, second = (torch.Generator().manual_seed(5) for _ in range(2))
    script.Augmentation.drawn(1000, first, light=False)
    without = script.Augmentation.drawn(1000, second).only(KINDS[:4])
    assert without.lit_as is None
    assert torch.rand((), generator=first) != torch.rand((), generator=second)


def test_a_training_that_starts_from_a_champion_shows_all_of_it_in_each_light(script: ModuleType) -> None:
    """[S14] [B13] It answers a change, which hardly any picture of a defect shows."""
    read = script.read_settings
    assert read({"champion_uri": "s3://models/1"}).augmentation == ("mirror", "turns", "exposure", "light")
    assert read({"champion_uri": "s3://models/1", "augmentation": "mirror"}).augmentation == ("mirror",)


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
    with pytest.raises(
        ValueError, match="augmentation: must be some of mirror, turns, exposure, scale, light with"
    ) as caught:
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
