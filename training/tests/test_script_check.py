"""`kaizen script check`: a script is held to the contract here, and every fault is named with what is wanted."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kaizen_training.contracts import check_contract
from kaizen_training.sample_dataset import class_name, folder_images, images_per_class, most_classes
from kaizen_training.script_check import BUILT_IN, InputError, check_script, parsed_hyperparameters
from kaizen_training.script_steps import (
    NOT_NEEDED,
    NOT_REACHED,
    OK,
    STEPS,
    WRONG,
    NotNeededError,
    Step,
    forward_problem,
    hint_for,
    interface_problems,
    take_steps,
)
from tests.conftest import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS

NAMES = [step.name for step in STEPS]

# A network of two numbers for each class: trained, saved, served and exported within a second or two.
NETWORK = """
import json
import torch
from kaizen_training.answers import answer_images, read_images
from kaizen_training.prepared import load_description

class Network(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes
        self.linear = torch.nn.Linear(3, len(classes))

    def logits(self, pixels):
        return self.linear(pixels.mean((2, 3)))

    def forward(self, images):
        {forward}

def train(hyperparameters, channel_input_dirs):
    {train}
    return Network(load_description(__import__('pathlib').Path(channel_input_dirs['train'])).classes)

def save(model, model_dir):
    torch.save([model.classes, model.state_dict()], model_dir + '/model.pt')

def model_fn(model_dir):
    classes, weights = torch.load(model_dir + '/model.pt', weights_only=True)
    model = Network(classes)
    model.load_state_dict(weights)
    return model.eval()

@torch.inference_mode()
def transform_fn(model, input_data, content_type, accept):
    pixels = torch.from_numpy(read_images(input_data, content_type)).permute(0, 3, 1, 2).float() / 255
    return answer_images(model.classes, torch.softmax(model.logits(pixels), 1).numpy(), accept)
"""
WHOLE = "return torch.softmax(self.logits(images.permute(0, 3, 1, 2).float() / 255), 1)"
LOGITS = "return self.logits(images)"

# Writes its graph by hand, so that nothing is exported by PyTorch; nothing is learnt.
READY = """
import json, shutil
from pathlib import Path
import numpy as np
from kaizen_training.answers import answer_images, read_images
from kaizen_training.onnx_model import run_images
from tests.small_onnx import write_small_onnx

def train(hyperparameters): return 'ready'
def save(model, model_dir): write_small_onnx(Path(model_dir) / 'ready.onnx', 4{change})
def model_fn(model_dir): return str(Path(model_dir) / 'ready.onnx')
def export_onnx(model, path): shutil.copyfile(model, path)
def transform_fn(model, input_data, content_type, accept):
    images = read_images(input_data, content_type)
    rows = run_images(Path(model), images)[0]
    return answer_images(['dent', 'good', 'scratch', 'stain'], rows, accept)
"""


def network(forward: str = WHOLE, train: str = "pass", more: str = "") -> str:
    return NETWORK.replace("{forward}", forward).replace("{train}", train) + more


def ready(change: str = "") -> str:
    return READY.replace("{change}", change)


Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks the text of a script, and that it left nothing behind."""

    def run(text: str, *hyperparameters: str, images: Path | None = None) -> dict[str, Any]:
        folder = tmp_path / "mine"
        folder.mkdir()
        script = folder / "my_script.py"
        script.write_text(text)
        before = sorted(Path.cwd().iterdir())
        report = check_script(script, images, list(hyperparameters))
        check_contract("script-check", report, "the report")
        assert [path.name for path in folder.iterdir()] == ["my_script.py"]
        assert sorted(Path.cwd().iterdir()) == before
        return report

    return run


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step["outcome"] for step in report["steps"]}


def step_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in report["steps"] if step["step"] == name)


def wrong_at(report: dict[str, Any]) -> list[str]:
    return [name for name, outcome in outcomes(report).items() if outcome == WRONG]


def test_s1_a_sound_script_passes_every_step_with_the_hyperparameters_of_the_pipeline_and_its_own(check: Check) -> None:
    """[S1] [S3] The whole way: train, save, model_fn, transform_fn, forward, export, parity, int8."""
    report = check(network(train="assert hyperparameters['dropout'] == 0.5"), "dropout=0.5")
    assert outcomes(report) == dict.fromkeys(NAMES, OK)
    assert report["passed"]
    assert report["images"] == 64
    assert report["hyperparameters"] == {**BUILT_IN, "dropout": 0.5}


def test_s1_a_usual_classifier_of_float_nchw_and_logits_passes_when_it_says_so(check: Check) -> None:
    """[S1] [S3] Export puts scaling, channels first and softmax around it; parity is that of the script's answers."""
    report = check(network(LOGITS, more='FORWARD = "float-nchw-logits"'))
    assert outcomes(report) == dict.fromkeys(NAMES, OK)


def test_s1_a_usual_classifier_that_says_nothing_is_told_what_to_say(check: Check) -> None:
    """[S1] And what depends on the graph is not reached, while serving is judged all the same."""
    report = check(network(LOGITS))
    assert wrong_at(report) == ["forward"]
    found = step_of(report, "forward")
    assert "forward, asked with uint8 [2, 128, 128, 3], raised RuntimeError" in found["said"]
    assert found["hint"] == 'it fits as float NCHW logits: say FORWARD = "float-nchw-logits" in the script'
    assert "float [n, 3, 128, 128] and logits" in found["wanted"]
    assert outcomes(report)["transform_fn"] == OK
    assert step_of(report, "parity")["said"] == "needs graph interface, graph policy"


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        (WHOLE.replace("torch.softmax(", "(").replace(", 1)", ")"), "forward answered no probabilities: the lowest"),
        (WHOLE + ".unsqueeze(1)", "forward answered an array of [2, 1, 4] for 2 images and 4 classes"),
        (WHOLE + ".tolist()", "forward answered a list instead of a tensor"),
    ],
    ids=["logits", "shape", "no tensor"],
)
def test_s3_what_forward_answers_is_named(check: Check, forward: str, said: str) -> None:
    """[S3]"""
    report = check(network(forward))
    assert wrong_at(report) == ["forward"]
    assert said in step_of(report, "forward")["said"]


def test_s1_a_graph_that_is_written_by_the_script_needs_no_forward(check: Check) -> None:
    """[S1] [S16]"""
    report = check(ready())
    assert outcomes(report) == {**dict.fromkeys(NAMES, OK), "forward": NOT_NEEDED}


@pytest.mark.parametrize(
    ("change", "step", "said"),
    [
        (
            ", lambda model: setattr(model.graph.node[1], 'op_type', 'NonZero')",
            "graph policy",
            "operator NonZero is not allowed",
        ),
        (
            ", lambda model: setattr(model.graph.output[0].type.tensor_type.shape.dim[0], 'dim_value', 5)",
            "graph interface",
            "output: must be probabilities FLOAT [4], got probabilities FLOAT [5]",
        ),
        (
            ", lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[0], 'dim_value', 128)",
            "graph interface",
            "input: must be image UINT8 [height, width, 3], got image UINT8 [128, 'width', 3]",
        ),
    ],
    ids=["policy", "output", "input"],
)
def test_s3_a_graph_that_no_device_would_take_is_named(check: Check, change: str, step: str, said: str) -> None:
    """[S3] The rules are those of the export and of the devices."""
    # What serves is another, sound graph: only the exported one is broken.
    text = ready().replace("shutil.copyfile(model, path)", f"write_small_onnx(Path(path), 4{change})")
    report = check(text)
    assert wrong_at(report) == [step]
    assert said in step_of(report, step)["said"]
    assert outcomes(report)["int8"] == NOT_REACHED


def test_s3_a_graph_that_answers_otherwise_than_the_script_is_named(check: Check) -> None:
    """[S3]"""
    report = check(
        ready().replace("rows = run_images(Path(model), images)[0]", "rows = np.full((len(images), 4), 0.25)")
    )
    assert wrong_at(report) == ["parity"]
    assert "differs from the framework by" in step_of(report, "parity")["said"]


SERVING = """
def model_fn(model_dir): return 1
def transform_fn(model, input_data, content_type, accept): return '{}'
"""


@pytest.mark.parametrize(
    ("text", "step", "said", "hint"),
    [
        ("def save(model, model_dir): pass", "script", "must define train()", None),
        (
            "def train(epochs): return 1\ndef input_fn(a, b): pass",
            "script",
            "'epochs' is not one of hyperparameters, input_data_config",
            None,
        ),
        (SERVING + "def train(): return 1\nFORWARD = 'nchw'", "script", "FORWARD: must be one of", None),
        (SERVING + "def train(: pass", "script", "cannot be imported: SyntaxError", None),
        (SERVING + "import nothing_of_this_name\ndef train(): pass", "script", "ModuleNotFoundError", None),
        (SERVING + "def train(): return None", "train", "returned None instead of the trained network", None),
        (
            SERVING + "def train(hyperparameters): return hyperparameters['dropout']",
            "train",
            "train() raised KeyError: 'dropout'",
            "--hyperparameter dropout=<value>",
        ),
        (SERVING + "def train():\n    import sys; sys.exit(3)", "train", "ended the process with exit status 3", None),
        (SERVING + "def train(): return 1", "save", "a builtins.int, which has no default way to be saved", None),
        (
            SERVING + "def train(): return 1\ndef save(model, model_dir): raise OSError('no')",
            "save",
            "save() raised OSError: no",
            None,
        ),
    ],
    ids=[
        *("no train", "argument", "FORWARD", "syntax", "import", "None", "hyperparameter", "exit", "no save", "save"),
    ],
)
def test_s1_s2_each_fault_is_named_with_what_is_wanted(
    check: Check, text: str, step: str, said: str, hint: str | None
) -> None:
    """[S1] [S2] [S3]"""
    report = check(text)
    found = step_of(report, step)
    assert (wrong_at(report), report["passed"]) == ([step], False)
    assert said in found["said"]
    assert found["wanted"] == next(one.wants for one in STEPS if one.name == step)
    assert (hint or "") in found.get("hint", "")
    assert ("hint" in found) == (hint is not None)


def test_s1_all_that_is_wrong_with_a_script_is_said_at_once(check: Check) -> None:
    """[S1] [S3] Entry, serving functions."""
    said = step_of(check("def input_fn(a, b): pass"), "script")["said"]
    for fault in ("must define train()", "must define model_fn", "transform_fn, or predict_fn, output_fn as well"):
        assert fault in said


SAVED = SERVING + "def train(): return 1\ndef save(model, model_dir): open(model_dir + '/w', 'w').write('1')\n"


def test_s3_serving_and_export_are_judged_side_by_side(check: Check) -> None:
    """[S3] Two faults that have nothing to do with each other."""
    report = check(SAVED)
    assert wrong_at(report) == ["transform_fn", "forward"]
    assert 'the answer must be {"classes"' in step_of(report, "transform_fn")["said"]
    assert step_of(report, "forward")["said"] == "model_fn returned a int, which is no torch.nn.Module"


def test_s3_other_classes_than_those_of_the_dataset_are_named(check: Check) -> None:
    """[S3]"""
    report = check(ready().replace("'dent', 'good'", "'good', 'dent'"))
    assert (
        "classes: the answer has ['good', 'dent', 'scratch', 'stain'], the dataset"
        in (step_of(report, "transform_fn")["said"])
    )


PROGRAM = """
import argparse, os
{serving}
if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    for name in ('champion_uri', 'epochs', 'learning_rate', 'seed'{known}): parser.add_argument('--' + name)
    parser.add_argument('--dropout', required={required})
    parser.parse_args()
    open('left_behind', 'w').close()
    open(os.path.join(os.environ['SM_MODEL_DIR'], 'weights'), 'w').write('1')
"""


@pytest.mark.parametrize(
    ("known", "required", "said", "hint"),
    [
        (", 'width_multiplier'", True, "arguments are required: --dropout", "--hyperparameter dropout=<value>"),
        ("", False, "unrecognized arguments: --width_multiplier 0.35", "declare champion_uri, epochs"),
        (", 'width_multiplier'", False, None, None),
    ],
    ids=["missing", "unknown", "sound"],
)
def test_s1_a_program_is_told_which_arguments_it_gets(
    check: Check, known: str, required: bool, said: str | None, hint: str | None
) -> None:
    """[S1]"""
    text = PROGRAM.replace("{serving}", SERVING).replace("{known}", known).replace("{required}", str(required))
    report = check(text)
    found = step_of(report, "train")
    assert found["outcome"] == (WRONG if said else OK)
    assert (said or "") in found.get("said", "")
    assert (hint or "") in found.get("hint", "")
    assert (outcomes(report)["save"] == OK) == (said is None)


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def folder_with(root: Path, classes: dict[str, int]) -> Path:
    for number, (name, images) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for index in range(images):
            (root / name / f"{index}.png").write_bytes(png(1000 * number + index))
    return root


def test_s1_images_of_a_folder_are_taken_by_class(check: Check, tmp_path: Path) -> None:
    """[S1] Names become those of the contract; a file that is no image is passed over."""
    images = folder_with(tmp_path / "images", {"Defect A": 4, "OK": 40})
    (images / "OK" / "a.jpg").write_text("no image")
    report = check(SERVING + "def train(): return None", images=images)
    assert report["classes"] == ["defect-a", "ok"]
    assert (report["images"], report["imagesFrom"]) == (4 + 32, str(images))


@pytest.mark.parametrize(
    ("classes", "problems"),
    [
        ({}, ["must hold a folder for each class, two at least"]),
        ({"a": 3, "b": 2, "c": 1}, ["b: must hold 3 different JPEG or PNG images at least", "c: must hold 3"]),
        ({"ok": 3, "OK": 3, "--": 3}, ["ok: is class 'ok', as is another", "--: must have a letter or a digit"]),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_every_problem(
    tmp_path: Path, classes: dict[str, int], problems: list[str]
) -> None:
    """[S1] Bad input."""
    (tmp_path / "images").mkdir()
    with pytest.raises(ValueError, match="--images") as caught:
        folder_images(folder_with(tmp_path / "images", classes))
    for problem in problems:
        assert problem in str(caught.value)


def test_what_cannot_be_checked_is_refused_whole(tmp_path: Path) -> None:
    """[S1] Bad input: script, hyperparameters and images at once."""
    with pytest.raises(InputError) as caught:
        check_script(tmp_path / "absent.py", tmp_path / "nowhere", ["dropout", "script=x", "sagemaker_a=1"])
    for problem in ("script: must be a Python file", "got 'dropout'", "script is given", "sagemaker_a is", "--images"):
        assert problem in str(caught.value)


@given(st.integers(1, 200))
def test_every_class_gets_an_image_in_each_split_and_all_together_are_64_at_most(classes: int) -> None:
    """[S1]"""
    taken = min(classes, most_classes())
    assert images_per_class(taken) >= 3
    assert taken * images_per_class(taken) <= 64


@given(st.text(max_size=60))
def test_names_of_folders_become_names_of_classes(folder: str) -> None:
    """[S1] Of the contract's letters, or none."""
    assert all(letter in "abcdefghijklmnopqrstuvwxyz0123456789_-" for letter in class_name(folder))
    assert not class_name(folder).startswith(("-", "_"))
    assert len(class_name(folder)) <= 40


def test_hyperparameters_are_read_as_the_toolkit_reads_them() -> None:
    """[S1] JSON, else text; what they were as text is kept."""
    decoded, texts = parsed_hyperparameters(["a=1e-3", "b=adam", 'c="3"', "d=true", "e=x=y", "epochs=2"])
    expected = {"a": 0.001, "b": "adam", "c": "3", "d": True, "e": "x=y", "epochs": 2}
    assert decoded == {**BUILT_IN, **expected}
    assert (texts["a"], texts["epochs"], texts["seed"]) == ("1e-3", "2", "7")


def test_hyperparameters_of_the_configuration_come_back_as_what_they_are() -> None:
    """[S1] As lib/training/free-hyperparameters.ts writes them, which reads the same examples."""
    path = SOURCE_DIR.parent / "contracts/examples/hyperparameter-texts.json"
    examples = json.loads(path.read_text(encoding="utf-8"))
    decoded, _ = parsed_hyperparameters([f"n{number}={one['text']}" for number, one in enumerate(examples)])
    read = [decoded[f"n{number}"] for number in range(len(examples))]
    assert read == [one["value"] for one in examples]
    assert [type(value) for value in read] == [type(one["value"]) for one in examples]


def test_a_step_is_taken_when_those_that_it_needs_went_well() -> None:
    """[S1] Two wrong steps, one that follows, one that is not needed and bars nothing."""

    def fail() -> None:
        raise ValueError("no")

    def spare() -> None:
        raise NotNeededError("not here")

    steps = [Step("a", "A"), Step("b", "B", ("a",)), Step("c", "C"), Step("d", "D", ("c",)), Step("e", "E", ("d", "b"))]
    actions = {"a": fail, "b": fail, "c": spare, "d": lambda: None, "e": fail}
    found = take_steps(actions, str, [], steps, clock=lambda: 1.0)
    assert [one.to_json() for one in found] == [
        {"step": "a", "outcome": "wrong", "seconds": 0.0, "said": "no", "wanted": "A"},
        {"step": "b", "outcome": "notReached", "said": "needs a"},
        {"step": "c", "outcome": "notNeeded", "said": "not here"},
        {"step": "d", "outcome": "ok", "seconds": 0.0},
        {"step": "e", "outcome": "notReached", "said": "needs b"},
    ]


def test_each_step_comes_after_those_that_it_needs() -> None:
    """[S1]"""
    for place, step in enumerate(STEPS):
        assert set(step.needs) <= set(NAMES[:place])


@pytest.mark.parametrize(
    ("rows", "shape", "problem"),
    [
        ([[0.5, 0.5]], (1, 2), None),
        ([[0.5, 0.6]], (1, 2), "rows sum to 1.1"),
        ([[-0.5, 1.5]], (1, 2), "the lowest value is -0.5"),
        ([[float("nan"), 1.0]], (1, 2), "no probabilities"),
        (None, (1,), "an array of [1] for 1 images and 2 classes"),
    ],
)
def test_probabilities_are_told_from_what_is_none(rows: Any, shape: tuple[int, ...], problem: str | None) -> None:
    """[S3]"""
    found = forward_problem(rows, shape, 1, 2)
    assert found is None if problem is None else problem in str(found)


def test_sizes_that_a_graph_leaves_open_are_allowed() -> None:
    """[S3] Whether they are right shows when it runs."""
    inputs = {"image": ("UINT8", ["h", "w", 3])}
    assert interface_problems(inputs, {"probabilities": ("FLOAT", ["?"])}, 4) == []
    assert len(interface_problems({"x": ("FLOAT", [1, 3, 128, 128])}, {}, 4)) == 2


def test_a_key_that_was_given_is_no_missing_hyperparameter() -> None:
    """[S1] A KeyError may be about anything."""
    assert hint_for("train", "train() raised KeyError: 'epochs'", ["epochs"]) is None
    assert hint_for("model_fn", "model_fn failed: KeyError: 'dropout'", []) is None


def run_command(tmp_path: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "my.py"
    script.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "kaizen_training.script_check", str(script), *options],
        cwd=SOURCE_DIR,
        env={"PYTHONPATH": str(SOURCE_DIR), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def test_the_command_answers_on_stdout_and_passes_on_what_the_script_prints_on_stderr(tmp_path: Path) -> None:
    """[S1] Exit status 1; nothing is left in the folder of temporary files."""
    done = run_command(tmp_path, SERVING + "import os; os.system('echo hello')\ndef train(): return None")
    assert done.returncode == 1
    assert json.loads(done.stdout)["passed"] is False
    assert "hello" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["my.py"]


def test_a_check_that_is_ended_leaves_nothing_behind(tmp_path: Path) -> None:
    """[S1] SIGTERM in the middle of a training, which would have gone on for ever."""
    script = tmp_path / "my.py"
    script.write_text(
        SERVING + "import threading\ndef train():\n    print('trains', flush=True)\n    threading.Event().wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "kaizen_training.script_check", str(script)],
        cwd=SOURCE_DIR,
        env={"PYTHONPATH": str(SOURCE_DIR), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any(line == "trains\n" for line in process.stderr)
        process.terminate()
        answer, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, answer) == (130, "")
    assert [path.name for path in tmp_path.iterdir()] == ["my.py"]


def test_the_command_says_what_it_cannot_check(tmp_path: Path) -> None:
    """[S1] Exit status 2, and the reason instead of an answer."""
    done = run_command(tmp_path, "", "--images", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (2, f"--images: must be a folder, got {tmp_path / 'nowhere'}\n")
