"""What the default script does to the images that it trains on, and that it can be told to leave it."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

IMAGES = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)
KINDS = ("mirror", "turns", "exposure")
SEEDS = range(40)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")


def augmented(script: ModuleType, seed: int, kinds: tuple[str, ...]) -> Tensor:
    drawn = script.Augmentation.drawn(len(IMAGES), torch.Generator().manual_seed(seed))
    made: Tensor = drawn.only(kinds).of(IMAGES, slice(0, len(IMAGES)))
    return made


def test_all_of_it_is_what_was_drawn(script: ModuleType) -> None:
    """[S14] The default: trainings of before give the same model."""
    for seed in SEEDS:
        drawn = script.Augmentation.drawn(len(IMAGES), torch.Generator().manual_seed(seed))
        assert torch.equal(augmented(script, seed, KINDS), drawn.of(IMAGES, slice(0, 2)))


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


def test_it_is_named_by_a_hyperparameter(script: ModuleType) -> None:
    """[S14] Any of them, in any order."""
    read = script.read_settings
    assert read({}).augmentation == KINDS
    assert read({"augmentation": "none"}).augmentation == ()
    for count in (1, 2, 3):
        for chosen in itertools.permutations(KINDS, count):
            assert set(read({"augmentation": ", ".join(chosen)}).augmentation) == set(chosen)


@pytest.mark.parametrize("value", ["flip", "", "mirror,none", 3, None])
def test_an_unknown_one_is_refused_with_the_rule(script: ModuleType, value: object) -> None:
    """[S14] Bad input, beside other bad input."""
    with pytest.raises(ValueError, match="augmentation: must be some of mirror, turns, exposure") as caught:
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
