"""The contract between a user's script and a SageMaker training job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_training.adapter import ARGUMENTS, declared_arguments, main, read_job

SERVING = """
def model_fn(model_dir): return object()
def transform_fn(model, input_data, content_type, accept): return ''
"""
SAVE = """
def save(model, model_dir):
    import os
    open(os.path.join(model_dir, 'weights'), 'w').write(str(model))
"""


def environment_of(base: Path, **changes: str | None) -> dict[str, str]:
    environment: dict[str, str | None] = {
        "SAGEMAKER_BASE_DIR": str(base),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_OUTPUT_DATA_DIR": str(base / "output/data"),
        "SM_HPS": json.dumps({"script": "user.py", "epochs": 3, "sagemaker_program": "entry_point.py"}),
        "SM_INPUT_DATA_CONFIG": json.dumps({"train": {"ContentType": "application/x-npz"}}),
        "SM_CHANNELS": json.dumps(["train"]),
        "SM_CHANNEL_TRAIN": str(base / "input/data/train"),
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": "2",
        "SM_HOSTS": json.dumps(["algo-1", "algo-2"]),
        "SM_CURRENT_HOST": "algo-1",
        **changes,
    }
    return {name: value for name, value in environment.items() if value is not None}


def run(tmp_path: Path, script: str, **changes: str | None) -> tuple[int, str]:
    """Runs a script as a job; returns the exit status and the failure file's text."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "user.py").write_text(script)
    status = main(environment_of(tmp_path, **changes), source)
    failure = tmp_path / "output/failure"
    return status, failure.read_text() if failure.exists() else ""


def test_s1_all_eight_arguments_reach_train_with_kwargs(tmp_path: Path) -> None:
    """[S1] **kwargs asks for everything."""
    script = SERVING + SAVE + "def train(**kwargs): return kwargs"
    assert run(tmp_path, script) == (0, "")
    saved = (tmp_path / "model/weights").read_text()
    expected = read_job(environment_of(tmp_path)).arguments
    assert saved == str(expected)
    assert tuple(expected) == ARGUMENTS
    assert expected["hyperparameters"] == {"epochs": 3}
    assert expected["channel_input_dirs"] == {"train": str(tmp_path / "input/data/train")}
    assert (expected["num_gpus"], expected["num_cpus"], expected["hosts"]) == (0, 2, ["algo-1", "algo-2"])


@given(st.sets(st.sampled_from(ARGUMENTS)))
def test_s1_train_gets_only_the_arguments_it_declares(names: set[str]) -> None:
    """[S1] Any subset of the eight."""
    scope: dict[str, object] = {}
    exec(f"def train({', '.join(sorted(names))}): pass", scope)
    chosen = declared_arguments(scope["train"], {name: name.upper() for name in ARGUMENTS})
    assert chosen == {name: name.upper() for name in names}


def test_s1_an_unknown_argument_with_a_default_keeps_its_default() -> None:
    """[S1] A script may have parameters of its own."""

    def train(num_cpus: int, verbose: bool = True) -> None: ...

    assert declared_arguments(train, dict.fromkeys(ARGUMENTS)) == {"num_cpus": None}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (SERVING, "must define train()"),
        ("def train(: pass", "cannot be imported: SyntaxError"),
        (SERVING + "def train(epochs): pass", "'epochs' is not one of hyperparameters"),
        (SERVING + "def train(*args): pass", "'args' cannot be given by name"),
        (SERVING + "def train(): raise RuntimeError('out of memory')", "train() raised RuntimeError: out of memory"),
        (SERVING + "def train(): return None", "returned None instead of the trained network"),
        (SERVING + "def train():\n    import sys; sys.exit(0)", "ended the process with exit status 0"),
        (SERVING + "def train(): return 1\ndef save(model, model_dir): pass", "no model lies in"),
        (
            SERVING + "def train(): return 1\ndef save(model, model_dir): raise OSError('disk full')",
            "save() raised OSError: disk full",
        ),
        (SERVING + "def train(): return 1", "a builtins.int, which has no default way to be saved"),
        (SAVE + "def train(): return 1", "must define model_fn(model_dir)"),
        (SERVING + "def train(): return 1\ndef input_fn(a, b): pass", "only one form is allowed"),
        (
            SAVE + "def train(): return 1\ndef model_fn(d): pass\ndef input_fn(a, b): pass",
            "must define transform_fn, or predict_fn, output_fn as well",
        ),
    ],
)
def test_s1_s2_s3_a_broken_script_fails_with_its_reason(tmp_path: Path, script: str, reason: str) -> None:
    """[S1] [S2] [S3] Exit status 1, and the reason in the failure file, which becomes FailureReason."""
    status, failure = run(tmp_path, script)
    assert status == 1
    assert reason in failure
    assert not (tmp_path / "model/code").exists()


def test_a_broken_environment_is_reported_whole(tmp_path: Path) -> None:
    """[S1] All problems at once."""
    changes = {"SM_HPS": "{", "SM_NUM_CPUS": None, "SM_CHANNEL_TRAIN": None, "SM_CURRENT_HOST": "stranger"}
    status, failure = run(tmp_path, SERVING, **changes)
    assert status == 1
    for variable in changes:
        assert variable in failure


def test_the_failure_file_respects_sm_output_dir_and_its_limit(tmp_path: Path) -> None:
    """[S1] FailureReason holds 1024 characters."""
    script = SERVING + "def train(): raise ValueError('x' * 5000)"
    run(tmp_path, script, SM_OUTPUT_DIR=str(tmp_path / "elsewhere"))
    assert len((tmp_path / "elsewhere/failure").read_text()) == 1024


def test_a_script_outside_the_source_folder_is_refused(tmp_path: Path) -> None:
    """[S1] The hyperparameter is input."""
    status, failure = run(tmp_path, SERVING, SM_HPS=json.dumps({"script": "../elsewhere.py"}))
    assert (status, "must lie inside the source folder" in failure) == (1, True)


def test_s2_a_torch_module_is_saved_by_default(tmp_path: Path) -> None:
    """[S2] Without save(), the framework's default; the script travels with the model."""
    script = SERVING + "def train():\n    import torch\n    return torch.nn.Linear(2, 2)"
    assert run(tmp_path, script) == (0, "")
    assert (tmp_path / "model/model.pt").is_file()
    assert (tmp_path / "model/code/inference.py").read_text() == script


def test_only_the_first_host_saves(tmp_path: Path) -> None:
    """[S1] The others train and leave no model."""
    script = SERVING + SAVE + "def train(current_host): return current_host"
    assert run(tmp_path, script, SM_CURRENT_HOST="algo-2") == (0, "")
    assert not (tmp_path / "model").exists()
