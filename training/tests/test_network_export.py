"""[S15] Every network as the default script trains and exports it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from kaizen_training.image_policy import ImagePolicy
from kaizen_training.networks import mobilenet_v1, mobilenet_v2, shufflenet_v1, shufflenet_v2, squeezenet
from kaizen_training.networks.catalogue import NETWORKS
from kaizen_training.onnx_model import check_policy, run_images, write_fp32, write_int8
from kaizen_training.serving import load_script
from tests.conftest import SOURCE_DIR

CLASSES = ["dent", "good", "scratch"]
WIDTH = 0.1


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SOURCE_DIR / "scripts/pytorch/inspect_surface.py")


@pytest.fixture
def short_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of block once or twice: an export takes as long as a network has layers, and repeats show nothing new.

    `npm run bench -- networks` exports them whole, with the same checks.
    """
    monkeypatch.setattr(mobilenet_v1, "LAYERS", mobilenet_v1.LAYERS[:3])
    monkeypatch.setattr(mobilenet_v2, "BOTTLENECKS", mobilenet_v2.BOTTLENECKS[:2])
    monkeypatch.setattr(shufflenet_v1, "STAGES", ((240, 2), (480, 1)))
    monkeypatch.setattr(shufflenet_v2, "UNITS", (2,))
    versions = {name: (*stem, fires[:2], (1,)) for name, (*stem, fires, _) in squeezenet.VERSIONS.items()}
    monkeypatch.setattr(squeezenet, "VERSIONS", versions)


@pytest.mark.usefixtures("short_networks")
@pytest.mark.parametrize("name", NETWORKS)
def test_s15_a_network_reaches_the_device_as_it_was_saved(script: ModuleType, tmp_path: Path, name: str) -> None:
    """[S15] [S3] save, model_fn, ONNX within the edge's policy in fp32 and int8, the same answers as PyTorch."""
    torch.manual_seed(3)
    made = script.Inspector(CLASSES, WIDTH, name, (48, 48))
    # Untrained statistics of batch normalisation would leave nothing to fold into the convolutions.
    for module in made.network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    script.save(made, str(tmp_path))
    description = json.loads((tmp_path / "model.json").read_text())
    assert description == {"classes": CLASSES, "network": name, "widthMultiplier": WIDTH, "inputSize": [48, 48]}
    model = script.model_fn(str(tmp_path))
    images = np.random.default_rng(5).integers(0, 256, (4, 60, 72, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = model(torch.from_numpy(images)).numpy()

    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    write_fp32(model, 60, 72, fp32)
    check_policy(fp32)
    np.testing.assert_allclose(run_images(fp32, images)[0], expected, atol=1e-5)
    write_int8(fp32, images, int8)
    check_policy(int8)
    assert run_images(int8, images)[0].sum(axis=1) == pytest.approx(1, abs=1e-3)


def _packed(script: ModuleType, model: torch.nn.Module, folder: Path) -> str:
    folder.mkdir()
    script.save(model, str(folder))
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model.pt", "model.pt")
        tar.add(folder / "model.json", "model.json")
    return str(folder / "model.tar.gz")


def test_s15_a_champion_of_another_network_is_refused(script: ModuleType, tmp_path: Path) -> None:
    """[S15] [S13] All that differs in one sentence."""
    champion = _packed(script, script.Inspector(CLASSES, 0.1, "shufflenet_v2"), tmp_path / "champion")
    with pytest.raises(
        ValueError,
        match=r"^network: the champion has shufflenet_v2, got mobilenet_v2; "
        r"width_multiplier: the champion has 0\.1, got 0\.2; train with champion_uri none",
    ):
        script._warm_start(script.Inspector(CLASSES, 0.2), champion)


@pytest.mark.parametrize("name", ["squeezenet_1_1", "shufflenet_v1"])
def test_s15_s13_a_champion_warms_every_network_and_any_resolution(
    script: ModuleType, tmp_path: Path, name: str
) -> None:
    """[S15] [S13] The rows of known classes go by name, whether the last layer is linear or a convolution."""
    old = script.Inspector(CLASSES, WIDTH, name, (48, 48))
    new = script.Inspector(["crack", *CLASSES], WIDTH, name, (64, 96))
    assert script._warm_start(new, _packed(script, old, tmp_path / "champion"))
    assert new.network.classifier.weight[1:].equal(old.network.classifier.weight)
    assert not new.network.classifier.weight[0].equal(old.network.classifier.weight[0])
    for key, value in old.network.features.state_dict().items():
        assert new.network.features.state_dict()[key].equal(value)


def test_a_model_from_before_there_was_a_choice_is_a_mobilenet_v2(script: ModuleType, tmp_path: Path) -> None:
    """[S15] Its model.json names neither network nor resolution; later ones had squares."""
    script.save(script.Inspector(CLASSES, WIDTH), str(tmp_path))
    (tmp_path / "model.json").write_text(json.dumps({"classes": CLASSES, "widthMultiplier": WIDTH}))
    model = script.model_fn(str(tmp_path))
    assert (model.network_name, model.input_size) == ("mobilenet_v2", (96, 96))
    description = {"classes": CLASSES, "widthMultiplier": WIDTH, "network": "mobilenet_v2", "resolution": 48}
    (tmp_path / "model.json").write_text(json.dumps(description))
    assert script.model_fn(str(tmp_path)).input_size == (48, 48)


@pytest.mark.parametrize(
    ("hyperparameters", "size"),
    [({}, (96, 96)), ({"width": 512, "height": 300}, (225, 384)), ({"width": 512, "resolution": 160}, (160, 160))],
)
def test_b27_the_network_s_input_follows_the_images(
    script: ModuleType, hyperparameters: dict[str, int], size: tuple[int, int]
) -> None:
    """[B27] Three quarters of either side, unless a resolution asks for a square."""
    policy = {name: value for name, value in hyperparameters.items() if name != "resolution"}
    rest = {name: value for name, value in hyperparameters.items() if name == "resolution"}
    assert script.read_settings(rest).input_size(ImagePolicy.of_json(policy)) == size


def test_s15_unknown_networks_and_resolutions_are_refused_together(script: ModuleType) -> None:
    """[S15] Before anything is loaded."""
    both = r"network: must be one of .*, got 'vgg16'; resolution: must be a whole number between 32"
    with pytest.raises(ValueError, match=both):
        script.read_settings({"network": "vgg16", "resolution": 8})
