"""Programs with argparse and SM_*, and what becomes of a job whose process is killed or runs out of room."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kaizen_training.adapter import main
from kaizen_training.plain_script import command_line
from kaizen_training.serving import load_model
from tests.conftest import SOURCE_DIR
from tests.job_environment import PATIENCE_SECONDS
from tests.test_adapter import SAVE, SERVING, environment_of

PROGRAM = """
import argparse, json, os

def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, 'weights.json')))

def transform_fn(model, input_data, content_type, accept):
    return json.dumps(model), accept

def train(arguments):
    weights = {'epochs': arguments.epochs, 'optimizer': arguments.optimizer, 'channel': arguments.train}
    json.dump(weights, open(os.path.join(arguments.model_dir, 'weights.json'), 'w'))

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int, default=1)
    parser.add_argument('--optimizer', default='sgd')
    parser.add_argument('--model-dir', default=os.environ['SM_MODEL_DIR'])
    parser.add_argument('--train', default=os.environ['SM_CHANNEL_TRAIN'])
    train(parser.parse_args())
"""


def program_of(body: str) -> str:
    """A program whose main block is `body`."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    head = f"import os, signal, sys\n{SERVING}\nMODEL = os.environ.get('SM_MODEL_DIR')"
    return f"{head}\nif __name__ == '__main__':\n{indented}\n"


def run(tmp_path: Path, script: str, **hyperparameters: object) -> tuple[int, str]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "program.py").write_text(script)
    values = {"script": "program.py", **hyperparameters}
    environment = {**os.environ, **environment_of(tmp_path, SM_HPS=json.dumps(values))}
    status = main(environment, source)
    failure = tmp_path / "output/failure"
    return status, failure.read_text() if failure.exists() else ""


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_s1_a_plain_script_gets_its_hyperparameters_as_arguments_and_serves_from_the_same_file(tmp_path: Path) -> None:
    """[S1] [S3] argparse and SM_*; its train(arguments) is its own affair."""
    assert run(tmp_path, PROGRAM, epochs=3, optimizer="adam") == (0, "")
    answer = load_model(tmp_path / "model").transform(b"", "application/x-npy", "application/json")
    expected = {"epochs": 3, "optimizer": "adam", "channel": str(tmp_path / "input/data/train")}
    assert json.loads(answer) == expected


def test_arguments_are_made_as_the_toolkit_makes_them() -> None:
    """[S1] mapping.py of sagemaker-training: sorted, one letter gets one dash; test_toolkits.py compares."""
    values = {"rate": 0.1, "b": 2, "flag": True, "none": None, "map": {"y": 2, "x": 1}, "list": [1, 2]}
    expected = ["-b", "2", "--flag", "True", "--list", "[1, 2]", "--map", "x=1,y=2", "--none", "", "--rate", "0.1"]
    assert command_line(values) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "raise ValueError('no images of class dent')",
            "ended with exit status 1; it said last: ValueError: no images",
        ),
        ("sys.exit(3)", "program.py ended with exit status 3"),
        ("sys.exit('two classes are needed')", "ended with exit status 1; it said last: two classes are needed"),
        ("pass", "the script ended without an error, but no model lies in"),
        (
            "import argparse; argparse.ArgumentParser().parse_args(['--epocs', '3'])",
            "unrecognized arguments: --epocs 3",
        ),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--epochs', type=int)\np.parse_args()",
            "argument --epochs: invalid int value: 'many'",
        ),
        ("raise MemoryError", "the memory ran out"),
    ],
    ids=["raising", "exit 3", "exit with words", "no model", "unknown argument", "wrong type", "MemoryError"],
)
def test_s1_a_program_that_fails_says_why(tmp_path: Path, body: str, reason: str) -> None:
    """[S1] Bad input: raising, exit 0 without a model, hyperparameter of wrong type."""
    status, failure = run(tmp_path, program_of(body), epochs="many")
    assert status == 1
    assert reason in failure


@pytest.mark.parametrize("entry_style", [None, "function", "program"])
def test_two_entry_styles_at_once_are_an_error_unless_one_is_chosen(tmp_path: Path, entry_style: str | None) -> None:
    """[S1] Bad input: two entry styles at once."""
    script = (
        program_of("open(MODEL + '/weights', 'w').write('program')") + SAVE + "def train(**kwargs): return 'function'"
    )
    choice = {"entry_style": entry_style} if entry_style else {}
    status, failure = run(tmp_path, script, **choice)
    if entry_style is None:
        assert status == 1
        assert "two entry styles at once, train() of the contract and if __name__" in failure
        assert "entry_style (function or program)" in failure
    else:
        assert (status, failure) == (0, "")
        assert (tmp_path / "model/weights").read_text() == entry_style


def test_a_function_that_was_asked_for_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    """[S1]"""
    status, failure = run(tmp_path, program_of("pass"), entry_style="function")
    assert (status, "must define train()" in failure) == (1, True)


def test_both_serving_forms_are_refused_before_the_program_runs(tmp_path: Path) -> None:
    """[S3]"""
    script = program_of("open('ran', 'w').close()") + "def input_fn(a, b): pass\n"
    status, failure = run(tmp_path, script)
    assert status == 1
    assert "transform_fn and also input_fn: only one form is allowed" in failure
    assert not (tmp_path / "source/ran").exists()


def test_a_program_killed_for_memory_leaves_a_sentence_and_no_model(tmp_path: Path) -> None:
    """[S1] Bad input: out-of-memory kill. A real SIGKILL, as the kernel's out-of-memory killer sends it."""
    body = "open(MODEL + '/half', 'w').write('half')\nos.kill(os.getpid(), signal.SIGKILL)"
    status, failure = run(tmp_path, program_of(body))
    assert status == 1
    assert "program.py was killed by SIGKILL; unless the job was stopped, the memory ran out" in failure
    assert files_in(tmp_path / "model") == []


def test_a_program_that_gets_no_memory_says_so(tmp_path: Path) -> None:
    """[S1] Bad input: out of memory. A real limit of the address space (RLIMIT_AS)."""
    body = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\nimages = bytearray(2 << 30)"
    status, failure = run(tmp_path, program_of(body))
    assert (status, "the memory ran out: take a smaller batch" in failure) == (1, True)


@pytest.mark.parametrize(
    "write",
    [
        "open(MODEL + '/model.bin', 'wb').write(b'x' * (1 << 20))",
        "import numpy; numpy.save(MODEL + '/model.npy', numpy.zeros(1 << 20))",
    ],
    ids=["Python", "numpy"],
)
def test_a_full_disk_is_named_and_half_a_model_is_not_left(tmp_path: Path, write: str) -> None:
    """[S1] [S2] Bad input: disk full. A real limit of the file's size (RLIMIT_FSIZE), so the file is half written."""
    body = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n{write}"
    status, failure = run(tmp_path, program_of(body))
    assert status == 1
    assert "the disk is full" in failure
    assert files_in(tmp_path / "model") == []


def test_a_full_disk_in_save_is_named_though_the_framework_hides_it(tmp_path: Path) -> None:
    """[S2] Bad input: disk full. PyTorch's writer tells no errno."""
    script = SERVING + (
        "import resource, torch\n"
        "def train(): return torch.nn.Linear(512, 512)\n"
        "def save(model, model_dir):\n"
        "    before = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))\n"
        "    try:\n"
        "        torch.save(model.state_dict(), model_dir + '/model.pt')\n"
        "    finally:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, before)\n"
    )
    status, failure = run(tmp_path, script)
    assert status == 1
    assert "the disk is full" in failure
    assert files_in(tmp_path / "model") == []


def test_a_failure_file_that_cannot_be_written_leaves_the_reason_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """[S1]"""
    (tmp_path / "output").write_text("a file where the folder should be")
    source = tmp_path / "source"
    source.mkdir()
    (source / "user.py").write_text(SERVING + "def train(): raise ValueError('why')")
    assert main(environment_of(tmp_path), source) == 1
    said = capsys.readouterr().err
    assert "ValueError: why" in said
    assert "failure cannot be written" in said


def job_process(tmp_path: Path, script: str) -> subprocess.Popen[str]:
    """The Train step's own entry point, in a source folder of its own."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "kaizen_training").symlink_to(SOURCE_DIR / "kaizen_training")
    (source / "program.py").write_text(script)
    starter = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import os; from kaizen_training.adapter import main; from kaizen_training.supervisor import supervised\n"
        "sys.exit(supervised(lambda: main(os.environ, Path(sys.argv[1])), os.environ))"
    )
    environment = {**os.environ, **environment_of(tmp_path, SM_HPS=json.dumps({"script": "program.py"}))}
    return subprocess.Popen([sys.executable, "-c", starter, str(source)], env=environment, text=True)


def test_a_train_function_killed_for_memory_leaves_a_sentence_and_no_model(tmp_path: Path) -> None:
    """[S1] Bad input: out-of-memory kill, of the process that runs train() itself; exit status 137."""
    script = SERVING + (
        "def train(): return 1\n"
        "def save(model, model_dir):\n"
        "    import os, signal\n"
        "    open(model_dir + '/half', 'w').write('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert job_process(tmp_path, script).wait(timeout=PATIENCE_SECONDS) == 137
    assert "the training was killed by SIGKILL" in (tmp_path / "output/failure").read_text()
    assert files_in(tmp_path / "model") == []


def test_sigterm_reaches_a_plain_script_so_that_it_can_leave_a_checkpoint(tmp_path: Path) -> None:
    """[S1] A spot interruption or a stop: the whole chain passes it on, and a model that is complete stays."""
    body = (
        "import time\n"
        "def stop(number, frame):\n"
        "    open(MODEL + '/weights', 'w').write('checkpoint')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "open(MODEL + '/../ready', 'w').close()\n"
        "time.sleep(300)"
    )
    process = job_process(tmp_path, program_of(body))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert (tmp_path / "model/weights").read_text() == "checkpoint"


@pytest.mark.parametrize("status", [0, 3])
def test_the_supervisor_answers_what_the_job_answered(tmp_path: Path, status: int) -> None:
    """[S1]"""
    starter = (
        "import os, sys; from kaizen_training.supervisor import supervised\n"
        f"sys.exit(supervised(lambda: {status}, os.environ))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_DIR), "SAGEMAKER_BASE_DIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", starter], env=environment, check=False).returncode == status


# Starts a helper that holds all its pipes, as TensorBoard or a monitor does, and that a SIGTERM does not end.
HELPER = (
    "import subprocess\n"
    "code = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)'\n"
    "code += '; time.sleep(3600)'\n"
    "helper = subprocess.Popen([sys.executable, '-c', code], start_new_session=True, stdout=subprocess.PIPE)\n"
    "helper.stdout.readline()\n"
    "open(MODEL + '/../helper', 'w').write(str(helper.pid))\n"
)


def test_f8_a_helper_that_holds_the_pipe_does_not_hold_the_job(tmp_path: Path) -> None:
    """[B27] F8: the program's own end counts, and what it had said is kept."""
    status, failure = run(tmp_path, program_of(HELPER + "open(MODEL + '/weights', 'w').write('trained')"))
    helper = int((tmp_path / "helper").read_text())
    try:
        os.kill(helper, 0)
        assert (status, failure) == (0, "")
        assert (tmp_path / "model/weights").read_text() == "trained"
    finally:
        os.kill(helper, signal.SIGKILL)


def test_f8_a_program_that_fails_beside_its_helper_says_why(tmp_path: Path) -> None:
    """[B27] F8: the last line is that of the program."""
    status, failure = run(tmp_path, program_of(HELPER + "raise ValueError('no images of class dent')"))
    os.kill(int((tmp_path / "helper").read_text()), signal.SIGKILL)
    assert status == 1
    assert "ended with exit status 1; it said last: ValueError: no images" in failure


def test_f8_the_job_leaves_no_helper_behind(tmp_path: Path) -> None:
    """[B27] F8: the training toolkit reads until nobody holds the pipe, so the helper ends with the job."""
    process = job_process(tmp_path, program_of(HELPER + "open(MODEL + '/weights', 'w').write('trained')"))
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    assert (tmp_path / "model/weights").read_text() == "trained"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "helper").read_text()), 0)
