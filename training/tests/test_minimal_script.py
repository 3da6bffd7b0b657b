"""The script that users copy: short, and the whole way from images to a release."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen_training.adapter import main
from kaizen_training.export import export
from kaizen_training.prepared import load_split
from kaizen_training.serving import ServedModel, load_model
from tests.conftest import SOURCE_DIR
from tests.job_environment import job_environment
from tests.plants import PLANT

SCRIPT = "scripts/minimal/classify_images.py"
LONGEST = 60


@pytest.fixture(scope="module")
def trained(tiny_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    """The script's model after a job, loaded from what the job left."""
    base = tmp_path_factory.mktemp("minimal")
    channels = {"train": tiny_prepared, "validation": tiny_prepared}
    hyperparameters = {"script": SCRIPT, "epochs": 20, "learning_rate": 0.03, "width_multiplier": 0.35, "seed": 7}
    assert main(job_environment(base, channels, hyperparameters), SOURCE_DIR) == 0
    return load_model(base / "model")


def test_s1_the_script_to_copy_is_short() -> None:
    """[S1]"""
    assert len((SOURCE_DIR / SCRIPT).read_text().splitlines()) <= LONGEST


def test_s1_it_learns_what_it_is_shown(trained: ServedModel, tiny_prepared: Path) -> None:
    """[S1] Four classes, so a model that has learnt nothing is right on a quarter."""
    training = load_split(tiny_prepared, "train")
    classes, probabilities = trained.probabilities(training.images)
    assert classes == ["dent", "good", "scratch", "stain"]
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (probabilities.argmax(1) == training.labels).mean() > 0.5


def test_s3_what_it_learns_becomes_a_release(trained: ServedModel, tiny_prepared: Path, tmp_path: Path) -> None:
    """[S3] fp32 and int8 within the edge's policy, answers equal to the script's own."""
    exported = export(trained, tiny_prepared, tmp_path, "surface-inspection", [], PLANT)
    assert [variant["precision"] for variant in exported["variants"]] == ["fp32", "int8"]
    assert exported["parity"]["maximumDifference"] < 1e-5
