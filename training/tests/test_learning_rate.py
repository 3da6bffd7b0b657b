"""The learning rate of the default script over a training."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from kaizen_training.prepared import Split, load_description, load_split, save_split
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

PEAK = 0.1
SCRIPT = load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")


def rates(batches: int, warm_up: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK, momentum=0.9)
    scheduler = SCRIPT.one_cycle(optimizer, PEAK, batches, warm_up)
    seen = []
    for _ in range(batches):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


@given(batches=st.integers(1, 400), warm_up=st.sampled_from([SCRIPT.WARM_UP, SCRIPT.WARM_START_WARM_UP]))
# Where the rise would have had a length of 0.
@example(batches=9, warm_up=0.1)
@example(batches=3, warm_up=0.25)
def test_the_rate_rises_and_falls_over_any_number_of_batches(batches: int, warm_up: float) -> None:
    """One peak, in the share that is for it, and a last step that changes little."""
    seen = rates(batches, warm_up)
    top = seen.index(max(seen))
    assert seen[: top + 1] == sorted(seen[: top + 1])
    assert seen[top:] == sorted(seen[top:], reverse=True)
    assert min(seen) > 0
    assert PEAK / 2 < max(seen) <= PEAK * (1 + 1e-9)
    assert top <= max(1, warm_up * (batches + 1))
    assert batches < 30 or (seen[0] == pytest.approx(PEAK / 25) and seen[-1] < PEAK / 50)


def test_a_champion_is_led_to_its_peak_more_slowly() -> None:
    """Of 612 batches, which are twelve epochs of 1,648 images: it is reached after one epoch, or after three."""
    fresh, warm = (rates(612, share) for share in (SCRIPT.WARM_UP, SCRIPT.WARM_START_WARM_UP))
    assert fresh.index(max(fresh)) == pytest.approx(61, abs=1)
    assert warm.index(max(warm)) == pytest.approx(153, abs=1)


@pytest.mark.parametrize("epochs", [3, 9])
def test_a_training_of_few_batches_ends(
    tiny_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    """One batch an epoch. PyTorch's schedule divided by zero in a training of three."""
    script: ModuleType = load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")
    folder = tmp_path / "prepared"
    folder.mkdir()
    (folder / "dataset.json").write_bytes((tiny_prepared / "dataset.json").read_bytes())
    for name in ("train", "validation"):
        split = load_split(tiny_prepared, name)
        save_split(folder, name, Split(split.images[:40], split.labels[:40], split.ids[:40]))
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    settings = {"epochs": epochs, "width_multiplier": 0.05, "resolution": 32}
    channels = {"train": str(folder), "validation": str(folder)}
    trained = script.train(settings, channels, str(tmp_path / "output"), 1)
    assert trained.classes == load_description(folder).classes
    assert all(torch.isfinite(parameter).all() for parameter in trained.parameters())
