"""The contract between a user's script and a SageMaker training job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_training.adapter import ARGUMENTS, declared_arguments, main, read_job
from kaizen_training.failure import cause_of, end_of
from kaizen_training.hyperparameters import HyperparameterReader
from kaizen_training.serving import load_model

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
        (SERVING, "must define train(), or be a program"),
        ("def train(: pass", "cannot be imported: SyntaxError"),
        (SERVING + "def train(epochs): pass", "'epochs' is not one of hyperparameters"),
        (SERVING + "def train(*args): pass", "'args' cannot be given by name"),
        (SERVING + "def train(hosts, /): pass", "'hosts' cannot be given by name"),
        (SERVING + "def train(epochs, **kwargs): pass", "'epochs' is not one of hyperparameters"),
        (SERVING + "FORWARD = 'nchw'\ndef train(): return 1", "FORWARD: must be one of"),
        (SERVING + "train = 3", "train must be a function, it is a int"),
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


HYPERPARAMETERS = {"script": "user.py", "epochs": 3, "rate": 0.1, "optimizer": "adam", "nesterov": True}
SHOW_HYPERPARAMETERS = SERVING + SAVE + "def train(hyperparameters): return hyperparameters\n"


@pytest.mark.parametrize("chosen_by", ["the hyperparameter", "the script"])
def test_s1_the_old_contract_gives_hyperparameters_as_text(tmp_path: Path, chosen_by: str) -> None:
    """[S1] dict[string, string], as the slides have it, and as CreateTrainingJob wrote them: 0.10 stays 0.10."""
    config = tmp_path / "input/config"
    config.mkdir(parents=True)
    # The SageMaker Python SDK quotes strings, other clients do not.
    texts = {"script": "user.py", "epochs": "3", "rate": "0.10", "optimizer": '"adam"', "nesterov": "true"}
    (config / "hyperparameters.json").write_text(json.dumps(texts))
    choice = {"hyperparameter_types": "text"} if chosen_by == "the hyperparameter" else {}
    script = SHOW_HYPERPARAMETERS + ("HYPERPARAMETER_TYPES = 'text'" if chosen_by == "the script" else "")
    assert run(tmp_path, script, SM_HPS=json.dumps({**HYPERPARAMETERS, **choice})) == (0, "")
    expected = {"epochs": "3", "rate": "0.10", "optimizer": "adam", "nesterov": "true"}
    assert (tmp_path / "model/weights").read_text() == str(expected)


def test_s1_without_the_configuration_file_text_is_made_from_what_the_toolkit_decoded(tmp_path: Path) -> None:
    """[S1]"""
    hyperparameters = {**HYPERPARAMETERS, "hyperparameter_types": "text"}
    assert run(tmp_path, SHOW_HYPERPARAMETERS, SM_HPS=json.dumps(hyperparameters)) == (0, "")
    expected = {"epochs": "3", "rate": "0.1", "optimizer": "adam", "nesterov": "true"}
    assert (tmp_path / "model/weights").read_text() == str(expected)


def test_s1_the_hyperparameter_overrules_what_the_script_says_of_types(tmp_path: Path) -> None:
    """[S1]"""
    hyperparameters = {"script": "user.py", "epochs": 3, "hyperparameter_types": "decoded"}
    script = SHOW_HYPERPARAMETERS + "HYPERPARAMETER_TYPES = 'text'"
    assert run(tmp_path, script, SM_HPS=json.dumps(hyperparameters)) == (0, "")
    assert (tmp_path / "model/weights").read_text() == "{'epochs': 3}"


@pytest.mark.parametrize(
    ("hyperparameters", "script", "reason"),
    [
        ({"hyperparameter_types": "str"}, SHOW_HYPERPARAMETERS, "must be one of decoded, text, got 'str'"),
        ({"entry_style": "module"}, SHOW_HYPERPARAMETERS, "must be one of function, program, got 'module'"),
        ({}, SHOW_HYPERPARAMETERS + "HYPERPARAMETER_TYPES = 'int'", "must be one of decoded, text, got 'int'"),
    ],
)
def test_s1_a_choice_that_does_not_exist_is_refused(
    tmp_path: Path, hyperparameters: dict[str, str], script: str, reason: str
) -> None:
    """[S1]"""
    status, failure = run(tmp_path, script, SM_HPS=json.dumps({"script": "user.py", **hyperparameters}))
    assert (status, reason in failure) == (1, True)


def test_a_hyperparameter_of_the_wrong_type_is_named_with_its_rule_and_all_of_them_at_once(tmp_path: Path) -> None:
    """[S1] Bad input: hyperparameter of wrong type."""
    script = SERVING + (
        "def train(hyperparameters):\n"
        "    from kaizen_training.hyperparameters import HyperparameterReader\n"
        "    reader = HyperparameterReader(hyperparameters)\n"
        "    reader.integer('epochs', 10, 1, 1000)\n"
        "    reader.number('rate', 0.1, 0.001, 1)\n"
        "    reader.require_sound()\n"
    )
    values = {"script": "user.py", "epochs": "many", "rate": [0.1]}
    status, failure = run(tmp_path, script, SM_HPS=json.dumps(values))
    assert status == 1
    assert "epochs: must be a whole number between 1 and 1000, got 'many'" in failure
    assert "rate: must be a number between 0.001 and 1, got [0.1]" in failure


@given(st.one_of(st.integers(1, 9), st.integers(1, 9).map(str), st.integers(1, 9).map(float)))
def test_a_whole_number_is_read_from_each_of_its_forms(value: object) -> None:
    reader = HyperparameterReader({"epochs": value})
    assert reader.integer("epochs", 5, 1, 9) == int(float(str(value)))
    assert reader.problems == []


@given(st.one_of(st.booleans(), st.none(), st.floats(1.1, 1.9), st.just("nan"), st.just("inf"), st.integers(10)))
def test_what_is_no_whole_number_in_the_range_is_a_problem(value: object) -> None:
    reader = HyperparameterReader({"epochs": value})
    reader.integer("epochs", 5, 1, 9)
    with pytest.raises(ValueError, match="epochs: must be a whole number between 1 and 9"):
        reader.require_sound()


def test_a_loss_that_became_nan_leaves_a_network_that_is_refused(tmp_path: Path) -> None:
    """[S1] Bad input: NaN loss. The script did not look at its loss; its weights tell."""
    script = SERVING + (
        "import torch\n"
        "def train():\n"
        "    network = torch.nn.Linear(2, 2)\n"
        "    optimizer = torch.optim.SGD(network.parameters(), lr=1e30)\n"
        "    for _ in range(20):\n"
        "        optimizer.zero_grad()\n"
        "        network(torch.ones(1, 2)).square().sum().backward()\n"
        "        optimizer.step()\n"
        "    return network\n"
    )
    status, failure = run(tmp_path, script)
    assert status == 1
    assert "the training diverged: weight holds values that are not finite, and so do 1 more" in failure
    assert list((tmp_path / "model").rglob("*")) == []


def test_a_script_that_looks_at_its_loss_says_so_itself(tmp_path: Path) -> None:
    """[S1] Bad input: NaN loss."""
    status, failure = run(tmp_path, SERVING + "def train(): raise FloatingPointError('loss is nan in epoch 3')")
    assert (status, "FloatingPointError: loss is nan in epoch 3" in failure) == (1, True)


def test_a_save_that_stops_half_way_leaves_no_model(tmp_path: Path) -> None:
    """[S2] SageMaker uploads the model folder of failed jobs too."""
    script = SERVING + (
        "def train(): return 1\n"
        "def save(model, model_dir):\n"
        "    import os\n"
        "    os.makedirs(model_dir + '/variables')\n"
        "    open(model_dir + '/variables/half', 'w').write('half')\n"
        "    open('/dev/full', 'w').write('x' * 100_000)\n"
    )
    status, failure = run(tmp_path, script)
    assert status == 1
    assert "save() raised OSError: [Errno 28] No space left on device; the disk is full" in failure
    assert list((tmp_path / "model").iterdir()) == []


def test_modules_beside_the_script_can_be_imported_and_travel_with_the_model(tmp_path: Path) -> None:
    """[S1] [S3]"""
    source = tmp_path / "source"
    source.mkdir()
    (source / "network.py").write_text("WEIGHTS = 'beside'")
    (source / "user.py").write_text(
        "import network\n" + SAVE + "def train(): return network.WEIGHTS\n"
        "def model_fn(model_dir): return network.WEIGHTS\n"
        "def transform_fn(model, input_data, content_type, accept): return model\n"
    )
    assert main(environment_of(tmp_path), source) == 0
    assert (tmp_path / "model/weights").read_text() == "beside"
    kept = {path.name for path in (tmp_path / "model/code").iterdir()}
    assert kept == {"inference.py", "network.py"}
    # Another version of both, in the same process.
    (tmp_path / "model/code/network.py").write_text("WEIGHTS = 'later'")
    assert load_model(tmp_path / "model").transform(b"", "application/x-npy", "application/json") == b"later"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (3, "ended with exit status 3"),
        (-9, "was killed by SIGKILL; unless the job was stopped, the memory ran out"),
        (137, "was killed by SIGKILL; unless the job was stopped, the memory ran out"),
        (-11, "was ended by SIGSEGV"),
        (143, "was ended by SIGTERM"),
    ],
)
def test_how_a_process_ended_is_told_in_words(status: int, sentence: str) -> None:
    assert end_of(status).startswith(sentence)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), "memory"),
        (RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"), "disk"),
        (OSError(28, "No space left on device"), "disk"),
        (OSError(27, "File too large"), "disk"),
        (OSError(2, "No such file or directory"), None),
        (ValueError("accuracy 0.3"), None),
    ],
)
def test_memory_and_disk_are_told_from_what_frameworks_raise(error: Exception, word: str | None) -> None:
    cause = cause_of(error)
    assert cause is None if word is None else word in str(cause)
