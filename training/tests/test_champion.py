"""A job without a network finds the champion in a channel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kaizen_training.champion import champion_in
from kaizen_training.training_job import AdapterError, read_job
from tests.conftest import SOURCE_DIR


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    folder = tmp_path / "champion"
    folder.mkdir()
    return folder


def job_with(channel: Path) -> dict[str, str]:
    return {
        "SM_HPS": json.dumps({"script": "scripts/x.py", "epochs": 2}),
        "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1",
        "SM_INPUT_DATA_CONFIG": "{}",
        "SM_CHANNELS": '["champion"]',
        "SM_CHANNEL_CHAMPION": str(channel),
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": "1",
    }


def test_c14_the_script_gets_the_archive_in_the_channel_as_its_champion(channel: Path) -> None:
    (channel / "model.tar.gz").touch()
    job = read_job(job_with(channel))
    assert job.arguments["hyperparameters"] == {"epochs": 2, "champion_uri": str(channel / "model.tar.gz")}
    assert job.hyperparameter_texts["champion_uri"] == str(channel / "model.tar.gz")


def test_c14_the_placeholder_of_the_repository_is_no_champion(channel: Path) -> None:
    [placeholder] = SOURCE_DIR.glob("*.none")
    # The CDK stores it under its digest and keeps the extension.
    (channel / f"{'0' * 64}{placeholder.suffix}").write_bytes(placeholder.read_bytes())
    assert champion_in(channel) == "none"
    assert read_job(job_with(channel)).arguments["hyperparameters"]["champion_uri"] == "none"


@pytest.mark.parametrize(("names", "got"), [([], "nothing"), (["other"], "other"), (["a.none", "b"], "a.none, b")])
def test_c14_a_channel_with_neither_is_refused(channel: Path, names: list[str], got: str) -> None:
    for name in names:
        (channel / name).touch()
    with pytest.raises(AdapterError, match=f"channel champion: must hold model.tar.gz .* got {got}"):
        read_job(job_with(channel))
