"""The Gluon scripts, really trained, saved, loaded, exported and compared: `npm test -- mxnet`, in .venv-mxnet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kaizen_training.adapter import main
from kaizen_training.digits import write_digits
from kaizen_training.export import export
from kaizen_training.frameworks import default_save, require_finite
from kaizen_training.image_policy import ImagePolicy
from kaizen_training.onnx_model import run_images
from kaizen_training.prepared import DatasetDescription, Split, load_split, save_split
from kaizen_training.serving import load_model
from kaizen_training.training_job import AdapterError
from tests.job_environment import job_environment, reserved_port
from tests.plants import PLANT

SIDE = 128
SOURCE_DIR = Path(__file__).resolve().parent.parent
# Another Python, which has what renders and prepares the inspection set.
MAIN_PYTHON = SOURCE_DIR.parent / ".venv" / "bin" / "python"
RENDER = """
import sys, pathlib
from tests.conftest import DatasetFolder, group_in, rendered_jpeg
from kaizen_training.prepare import prepare
root = pathlib.Path(sys.argv[1])
folder = DatasetFolder(root / 'dataset')
for number in range(48):
    split = ('train', 'train', 'validation', 'test')[number // 4 % 4]
    label = ('dent', 'good', 'scratch', 'stain')[number % 4]
    folder.add(rendered_jpeg(label, number), label, group_in(split, number * 7))
prepare(folder.manifest(), folder.root, root / 'prepared')
"""


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write_digits(folder, per_class=50)
    return folder


@pytest.fixture(scope="session")
def inspection_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("surfaces")
    subprocess.run([str(MAIN_PYTHON), "-c", RENDER, str(root)], cwd=SOURCE_DIR, check=True)
    return root / "prepared"


def train(base: Path, prepared: Path, **hyperparameters: object) -> Path:
    """Runs a script as a job; returns the model's folder."""
    channels = {"train": prepared, "validation": prepared}
    assert main(job_environment(base, channels, hyperparameters), SOURCE_DIR) == 0
    return base / "model"


def accuracy_of(model_dir: Path, prepared: Path) -> float:
    test = load_split(prepared, "test")
    _, probabilities = load_model(model_dir).probabilities(test.images)
    return float((probabilities.argmax(axis=1) == test.labels).mean())


def test_s5_a_gluon_network_learns_the_digits_and_answers_alike_as_onnx(tmp_path: Path, digits: Path) -> None:
    """[S5] [S2] [S3] [S16] train, save of symbol and parameters, SymbolBlock, export of fp32 and int8 with parity."""
    model_dir = train(tmp_path, digits, script="scripts/mxnet-gluon/digits.py", epochs=4, learning_rate=0.05)
    assert {"model.json", "model.params"} <= {path.name for path in model_dir.iterdir()}
    model = load_model(model_dir)
    accuracy = accuracy_of(model_dir, digits)
    exported = export(model, digits, tmp_path / "export", "digits", [], PLANT)
    print(f"digits: accuracy {accuracy:.4f}, {exported['parity']}")
    assert accuracy >= 0.9
    assert exported["classes"] == [str(digit) for digit in range(10)]
    assert exported["parity"]["maximumDifference"] < 1e-5
    assert exported["parity"]["fp32Accuracy"] == accuracy
    assert exported["parity"]["int8AccuracyDrop"] <= 0.05


def test_s5_a_network_of_the_model_zoo_with_ten_classes_agrees_as_onnx_at_any_size(
    tmp_path: Path, digits: Path
) -> None:
    """[S5] The second example of the slides; the graph resizes."""
    model_dir = train(tmp_path, digits, script="scripts/mxnet-gluon/model_zoo.py", epochs=1, network="mobilenetv2_0.25")
    model = load_model(model_dir)
    assert len(model.model.classes) == 10
    model.script.export_onnx(model.model, str(tmp_path / "model.onnx"))
    for height, width in ((128, 128), (64, 64), (200, 90), (31, 47)):
        images = np.random.default_rng(height).integers(0, 256, (3, height, width, 3), dtype=np.uint8)
        _, expected = model.probabilities(images)
        answered, _ = run_images(tmp_path / "model.onnx", images)
        assert np.abs(answered - expected).max() < 1e-5


def test_s5_the_inspection_set_goes_from_gluon_to_what_a_device_needs(tmp_path: Path, inspection_set: Path) -> None:
    """[S5] [S14] The same prepared folder as for PyTorch."""
    model_dir = train(tmp_path, inspection_set, script="scripts/mxnet-gluon/model_zoo.py", epochs=2, batch_size=8)
    exported = export(load_model(model_dir), inspection_set, tmp_path / "export", "surface-inspection", [], PLANT)
    assert exported["classes"] == ["dent", "good", "scratch", "stain"]
    assert exported["parity"]["maximumDifference"] < 1e-4
    assert {"model-fp32.onnx", "model-int8.onnx"} <= {file["name"] for file in exported["files"]}


def test_s5_bad_hyperparameters_end_the_job_with_a_reason(tmp_path: Path, digits: Path) -> None:
    """[S5] Bad input: hyperparameter of wrong type."""
    values = {"script": "scripts/mxnet-gluon/digits.py", "epochs": "ten", "momentum": 2}
    environment = job_environment(tmp_path, {"train": digits, "validation": digits}, values)
    assert main(environment, SOURCE_DIR) == 1
    failure = (tmp_path / "output/failure").read_text()
    assert "epochs: must be a whole number between 1 and 1000, got 'ten'; momentum:" in failure
    assert not any((tmp_path / "model").glob("*"))


def test_s5_a_gluon_network_that_diverged_is_refused() -> None:
    """[S5] Bad input: NaN loss, seen in what it leaves."""
    import mxnet as mx

    net = mx.gluon.nn.Dense(2, in_units=3, prefix="dense_")
    net.initialize()
    require_finite(net)
    net.weight.set_data(mx.nd.array(np.full((2, 3), np.nan)))
    with pytest.raises(AdapterError, match="the training diverged: dense_weight holds values that are not finite"):
        require_finite(net)


def test_s5_a_model_zoo_network_that_does_not_exist_is_named(tmp_path: Path, digits: Path) -> None:
    """[S5] Bad input."""
    values = {"script": "scripts/mxnet-gluon/model_zoo.py", "network": "resnet35"}
    environment = job_environment(tmp_path, {"train": digits, "validation": digits}, values)
    assert main(environment, SOURCE_DIR) == 1
    assert "resnet35" in (tmp_path / "output/failure").read_text()


def test_s2_a_module_of_the_module_api_is_saved_by_default(tmp_path: Path) -> None:
    """[S2] The default that SageMaker's MXNet container has; a Gluon network must be saved by its script."""
    import mxnet as mx

    symbol = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")
    module = mx.mod.Module(symbol)
    module.bind(data_shapes=[("data", (1, 3))], label_shapes=[("softmax_label", (1,))])
    module.init_params()
    default_save(module, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model-symbol.json", "model-0000.params"}
    with pytest.raises(AdapterError, match="must define save"):
        default_save(mx.gluon.nn.Dense(2), tmp_path)


def test_s4_two_hosts_train_one_network_through_parameter_servers(tmp_path: Path, digits: Path) -> None:
    """[S4] [S5] kvstore dist_sync: both workers hold the same weights in the end, and only the first one saves."""
    hosts = ["algo-1", "algo-2"]
    values = {"script": "scripts/mxnet-gluon/digits.py", "epochs": 3, "learning_rate": 0.05, "batch_size": 16}
    channels = {"train": digits, "validation": digits}
    with reserved_port() as port:
        shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        processes = [
            subprocess.Popen(
                [sys.executable, "kaizen_training/entry_point.py"],
                cwd=SOURCE_DIR,
                env={**os.environ, **job_environment(tmp_path / host, channels, values, hosts, host), **shared},
            )
            for host in hosts
        ]
        assert [process.wait(timeout=500) for process in processes] == [0, 0]
    assert not any((tmp_path / "algo-2/model").glob("*"))
    import mxnet as mx

    first, second = (mx.nd.load(str(tmp_path / host / "output/data/checkpoint.params")) for host in hosts)
    trained = [name for name in first if "running" not in name]
    assert trained
    for name in trained:
        np.testing.assert_allclose(first[name].asnumpy(), second[name].asnumpy(), atol=1e-6)
    accuracy = accuracy_of(tmp_path / "algo-1/model", digits)
    print(f"digits on two hosts: accuracy {accuracy:.4f}")
    assert accuracy >= 0.8


def test_the_versions_are_those_of_the_lock() -> None:
    """[S5] What the figures were measured with."""
    import mxnet
    import onnx

    assert (mxnet.__version__, np.__version__, onnx.__version__) == ("1.9.1", "1.23.5", "1.13.1")
    assert json.dumps(sys.version_info[:2]) in ("[3, 10]", "[3, 11]")


def random_split(folder: Path, name: str, items: int) -> None:
    images = np.random.default_rng(items).integers(0, 256, (items, SIDE, SIDE, 3), dtype=np.uint8)
    save_split(folder, name, Split(images, np.arange(items) % 2, np.array([f"{name}-{n}" for n in range(items)])))


def peak_with(folder: Path, items: int) -> int:
    """The most memory, in bytes, of a training of so many images, less what MXNet and the script take."""
    folder.mkdir()
    random_split(folder, "train", items)
    random_split(folder, "validation", 16)
    description = DatasetDescription(["good", "stain"], {}, "0" * 64, [], ImagePolicy(width=SIDE, height=SIDE))
    (folder / "dataset.json").write_text(json.dumps(description.to_json()), encoding="utf-8")
    program = [sys.executable, "-m", "tests.peak_memory", "gluon", str(folder)]
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(program, cwd=SOURCE_DIR, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


def test_g24_a_gluon_script_needs_no_memory_for_more_images(tmp_path: Path) -> None:
    """[G24] [S5] As floats of 64 x 64, 1,200 images more would take 59 MB, and as they are as much."""
    growth = peak_with(tmp_path / "many", 1264) - peak_with(tmp_path / "few", 64)
    print(f"{growth:,} bytes more for 1,200 images more")
    assert growth < 0.3 * 1200 * SIDE * SIDE * 3
