"""What can be checked of the Gluon scripts without MXNet; the rest is `npm test -- mxnet`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from kaizen_training.digits import write_digits
from kaizen_training.entry_style import entry_style_of, outline_of
from kaizen_training.prepared import load_description, load_split
from kaizen_training.serving import load_script, serving_problems
from kaizen_training.split import split_of
from tests.conftest import SOURCE_DIR

FOLDER = SOURCE_DIR / "scripts/mxnet-gluon"
SCRIPTS = ["digits.py", "model_zoo.py"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_s5_a_gluon_script_keeps_the_contract(name: str) -> None:
    """[S5] [S1] [S2] [S3] Read from its source, as the adapter does before it imports a script."""
    outline = outline_of(FOLDER / name)
    assert entry_style_of(outline, name, None) == "function"
    assert serving_problems(outline.names) == []
    assert {"save", "export_onnx"} <= outline.names
    # A Gluon network has no default save, so a script without these could not end well.
    assert outline.train is not None
    assert {argument.arg for argument in outline.train.args.args} >= {"hosts", "num_gpus", "current_host"}


@pytest.mark.parametrize(
    ("hosts", "num_gpus", "kvstore"),
    [
        (["algo-1"], 0, "local"),
        (["algo-1"], 1, "device"),
        (["algo-1", "algo-2"], 0, "dist_sync"),
        (["algo-1", "algo-2"], 4, "dist_device_sync"),
    ],
)
def test_s5_s4_hosts_and_gpus_choose_the_kvstore_as_the_slides_do(
    hosts: list[str], num_gpus: int, kvstore: str
) -> None:
    """[S5] [S4]"""
    assert load_script(FOLDER / "kvstore.py").choose_kvstore(hosts, num_gpus) == kvstore


def test_s5_s4_the_first_host_is_where_the_cluster_meets(tmp_path: Path) -> None:
    """[S5] [S4] One server and one worker on each host; on one machine, by its loopback address."""
    cluster = load_script(FOLDER / "kvstore.py").cluster_environment
    counts = {"DMLC_NUM_SERVER": "2", "DMLC_NUM_WORKER": "2"}
    address = {"MASTER_ADDR": "10.0.0.7"}
    assert cluster(["b", "a"], address) == {
        **counts,
        "DMLC_PS_ROOT_URI": "10.0.0.7",
        "DMLC_PS_ROOT_PORT": "8000",
    }
    assert cluster(["localhost", "other"], {"MASTER_PORT": "4000"}) == {
        **counts,
        "DMLC_PS_ROOT_URI": "127.0.0.1",
        "DMLC_PS_ROOT_PORT": "4000",
        "DMLC_NODE_HOST": "127.0.0.1",
    }


def test_s5_the_lock_pins_what_mxnet_works_with() -> None:
    """[S5] numpy 1.24 removed aliases that MXNet 1.9.1 uses; its exporter was written for the onnx of its time."""
    lock = (SOURCE_DIR / "requirements-mxnet.lock").read_text()
    assert {"mxnet==1.9.1", "numpy==1.23.5", "onnx==1.13.1"} <= set(lock.splitlines())
    unpinned = [line for line in lock.splitlines() if not re.match(r"#|[\w.-]+==[\w.]+( ;|$)", line)]
    assert unpinned == []
    # The main environment has no MXNet, whatever else it has.
    assert "mxnet" not in (SOURCE_DIR / "requirements.lock").read_text()
    assert "mxnet" not in sys.modules


def test_s5_the_digits_are_ten_classes_of_real_images_split_by_their_ids(tmp_path: Path) -> None:
    """[S5] As the Prepare step would write them."""
    write_digits(tmp_path, per_class=20)
    classes = load_description(tmp_path).classes
    assert classes == [str(digit) for digit in range(10)]
    total = 0
    for name in ("train", "validation", "test"):
        split = load_split(tmp_path, name)
        assert split.images.shape == (len(split.labels), 128, 128, 3)
        assert split.images.max() > 200
        assert {split_of(str(item)) for item in split.ids} == {name}
        total += len(split.labels)
    assert total == 200
