"""docs/training-scripts.md lists what a script is given: it is held to the code."""

from __future__ import annotations

import re
from pathlib import Path

from kaizen_training.forward import FORMS, FORWARD, PIXELS
from kaizen_training.script_check import BUILT_IN, job_variables
from kaizen_training.training_job import ARGUMENTS, ENTRY_STYLES, TYPES
from tests.conftest import SOURCE_DIR

PAGE = (SOURCE_DIR.parent / "docs/training-scripts.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in code in the first cells of its tables, in order."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_s1_the_page_lists_the_eight_arguments() -> None:
    """[S1]"""
    assert first_cells(section("Arguments of `train()`")) == list(ARGUMENTS)


def test_s1_the_page_lists_the_hyperparameters_that_the_check_gives() -> None:
    """[S1] The same as the pipeline's, which test/docs/training-scripts.test.ts compares."""
    adapters = ["entry_style", "hyperparameter_types"]
    assert sorted(first_cells(section("Hyperparameters"))) == sorted([*BUILT_IN, *adapters])
    for value in (*ENTRY_STYLES, *TYPES):
        assert f"`{value}`" in section("Hyperparameters")


def test_s1_the_page_lists_the_variables_that_the_check_sets(tmp_path: Path) -> None:
    """[S1] Those of single hyperparameters under one name."""
    variables = job_variables(tmp_path, tmp_path, "my.py", BUILT_IN, {})
    named = {re.sub(r"^SM_HP_\w+", "SM_HP_<NAME>", name) for name in variables}
    assert set(first_cells(section("Environment"))) == named


def test_s3_the_page_names_the_form_of_forward_that_must_be_said() -> None:
    """[S3]"""
    for form in FORMS:
        assert form == PIXELS or f'{FORWARD} = "{form}"' in section("The graph")
