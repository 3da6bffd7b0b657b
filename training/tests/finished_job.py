"""A training job from its script to its export, by the commands of the pipeline's steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from unittest.mock import patch

from kaizen_training import evaluate, export, further_outputs
from tests.job_environment import PATIENCE_SECONDS
from tests.plants import POLICY

SOURCE_DIR = Path(__file__).resolve().parent.parent
SCRIPT = "scripts/pytorch/inspect_surface.py"
HARDWARE_CLASSES = [
    {
        "name": "industrial-pc",
        "architectures": ["linux-x64"],
        "precisions": ["fp32", "int8"],
        "maximumModelBytes": 4_000_000,
        "maximumMultiplyAccumulates": 60_000_000,
        "maximumLatencyRatio": 100,
    },
    {
        "name": "gateway",
        "architectures": ["linux-arm64"],
        "precisions": ["int8"],
        "maximumModelBytes": 4_000_000,
        "maximumMultiplyAccumulates": 60_000_000,
        "maximumLatencyRatio": 100,
    },
]
LIMITS = [
    *("--disposition-policy", json.dumps(POLICY)),
    *("--minimum-accuracy", "0.999", "--maximum-recall-drop", "0.1", "--maximum-int8-drop", "0.5"),
    *(part for one in HARDWARE_CLASSES for part in ("--hardware-class", json.dumps(one))),
]


def train(job: Path, prepared: Path, **hyperparameters: object) -> subprocess.CompletedProcess[str]:
    values = {"script": SCRIPT, "epochs": 1, "learning_rate": 0.05, "width_multiplier": 0.25, "seed": 7}
    environment = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(job),
        "SM_HPS": json.dumps({**values, "champion_uri": "none", **hyperparameters}),
        "SM_INPUT_DATA_CONFIG": "{}",
        "SM_CHANNELS": '["train", "validation"]',
        "SM_CHANNEL_TRAIN": str(prepared),
        "SM_CHANNEL_VALIDATION": str(prepared),
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": "1",
        "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1",
    }
    program = [sys.executable, str(SOURCE_DIR / "kaizen_training/entry_point.py"), "--epochs", "1"]
    done = subprocess.run(
        program, env=environment, cwd=job.parent, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    if done.returncode == 0:
        with tarfile.open(job / "model.tar.gz", "w:gz") as tar:
            tar.add(job / "model", arcname=".")
    return done


def finish_job(folder: Path, prepared: Path) -> None:
    """Trains, evaluates and exports, as the pipeline does."""
    done = train(folder, prepared)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    common = ["--model", str(folder), "--prepared", str(prepared), "--use-case", "surface-inspection"]
    manifest = ["--dataset-manifest-uri", "s3://a-bucket/manifests/accepted/x.jsonl"]
    assert evaluate.main([*common, *manifest, "--output", str(folder / "evaluation")]) == 0
    # The same network stands in for the larger one: the contract and the file are what is tested.
    cloud = ["--cloud-model", str(folder), "--evaluation", str(folder / "evaluation")]
    # So few images say little of what is novel, and everything of how it is written.
    with patch.object(further_outputs, "FEWEST_IMAGES", 10):
        assert export.main([*common, *LIMITS, *cloud, "--output", str(folder / "export")]) == 0
