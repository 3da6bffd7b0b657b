"""Nothing is installed outside a SageMaker container."""

from __future__ import annotations

import re
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kaizen_training import bootstrap
from kaizen_training.bootstrap import MODULES, REQUIREMENTS, ensure_requirements, missing_modules


def ensure(missing: list[str], in_container: bool) -> int:
    installs: list[bool] = []
    ensure_requirements(lambda: missing, lambda: in_container, lambda: installs.append(True))
    return len(installs)


def test_nothing_is_installed_when_nothing_is_missing() -> None:
    assert ensure([], in_container=True) == 0


def test_a_container_installs_what_it_lacks() -> None:
    assert ensure(["onnx"], in_container=True) == 1


def test_elsewhere_a_missing_module_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="onnx are missing"):
        ensure(["onnx"], in_container=False)


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        (set(), set(MODULES) - {"onnxscript"}),
        ({"torch"}, set(MODULES)),
        (set(MODULES) - {"onnxscript"}, set()),
        ({"torch", *MODULES}, set()),
    ],
)
def test_an_image_without_torch_needs_no_exporter_of_torch(
    monkeypatch: pytest.MonkeyPatch, present: set[str], missing: set[str]
) -> None:
    monkeypatch.setattr(bootstrap, "find_spec", lambda name: name if name in present else None)
    assert set(missing_modules()) == missing


def test_the_requirements_are_those_of_the_lock_with_the_digests_of_their_files() -> None:
    text = REQUIREMENTS.read_text()
    # pip then refuses whatever has no digest, also what a requirement needs in turn.
    assert re.search("^--require-hashes$", text, re.MULTILINE)
    required = re.findall(r"^([\w.-]+==[\w.]+) \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(required) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))
    lock = REQUIREMENTS.parent / "requirements.lock"
    files = [lock, *(lock.parent / path for path in re.findall(r"^-r (\S+)", lock.read_text(), re.MULTILINE))]
    locked = {pin for file in files for pin in re.findall(r"^([\w.-]+==[\w.]+)", file.read_text(), re.MULTILINE)}
    assert {pin for pin, _ in required} <= locked
    names = {pin.split("==")[0].replace("scikit-learn", "sklearn") for pin, _ in required}
    assert set(MODULES) <= names


def test_what_the_requirements_need_in_turn_is_among_them_or_in_the_image() -> None:
    given = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", REQUIREMENTS.read_text(), re.MULTILINE)}
    in_image = {"numpy"}
    for name in given:
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in given | in_image, f"{name} needs {line}"
