"""Nothing is installed outside a SageMaker container."""

from __future__ import annotations

import re

import pytest

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


def test_the_requirements_are_pinned_as_in_the_lock_and_are_the_modules_that_are_looked_for() -> None:
    def pins(text: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==[\w.]+)", text, re.MULTILINE))

    required = pins(REQUIREMENTS.read_text())
    lock = REQUIREMENTS.parent / "requirements.lock"
    included = [lock.parent / path for path in re.findall(r"^-r (\S+)", lock.read_text(), re.MULTILINE)]
    assert required <= set().union(*(pins(file.read_text()) for file in (lock, *included)))
    names = {pin.split("==")[0].replace("scikit-learn", "sklearn") for pin in required}
    assert names == set(MODULES)
