"""Graphs that the edge component would refuse are refused at export, by the same list."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import onnx
import pytest
from onnx import TensorProto, helper
from onnx.backend import test as onnx_tests

from kaizen_training import export
from kaizen_training.contracts import contracts_folder
from kaizen_training.onnx_model import ExportError, check_policy
from kaizen_training.serving import ServedModel
from tests.plants import PLANT

ARCHITECTURES = ("squeezenet", "shufflenet", "resnet50", "densenet121", "inception_v1", "inception_v2")


def graph_of(*nodes: onnx.NodeProto, name: str = "graph", inputs: tuple[str, ...] = ("x",)) -> onnx.GraphProto:
    takes = [helper.make_tensor_value_info(one, TensorProto.FLOAT, [2]) for one in inputs]
    return helper.make_graph(list(nodes), name, takes, [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])])


def save(path: Path, graph: onnx.GraphProto, opset: int = 18, ir_version: int = 10) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.save(model, path)
    return model


def problems_of(path: Path) -> str:
    with pytest.raises(ExportError) as refusal:
        check_policy(path)
    return str(refusal.value)


def test_every_offending_operator_is_named_wherever_it_is(tmp_path: Path) -> None:
    """[case 19] [case 21] A loop, what is inside of it, another domain: all in one message."""
    body = graph_of(helper.make_node("NonZero", ["x"], ["y"]), name="body")
    graph = graph_of(
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Loop", ["", "", "a"], ["b"], body=body),
        helper.make_node("Conv", ["b"], ["c"], domain="com.microsoft"),
        helper.make_node("Magic", ["c"], ["y"], domain="com.example"),
    )
    save(tmp_path / "model.onnx", graph)
    assert problems_of(tmp_path / "model.onnx") == (
        "model.onnx: no device would load it: operator Loop is not allowed; operator NonZero is not allowed; "
        "operator com.example.Magic is not allowed; operator com.microsoft.Conv is not allowed"
    )


def test_versions_functions_and_external_data_are_refused(tmp_path: Path) -> None:
    """[case 18] [case 21]"""
    path = tmp_path / "model.onnx"
    graph = graph_of(helper.make_node("Add", ["x", "weights"], ["y"]))
    graph.initializer.append(helper.make_tensor("weights", TensorProto.FLOAT, [2], [1.0, 2.0]))
    graph.initializer[0].data_location = TensorProto.EXTERNAL
    model = save(path, graph, opset=9, ir_version=11)
    function = helper.make_function("com.example", "Twice", ["x"], ["y"], [], [helper.make_opsetid("", 18)])
    model.functions.append(function)
    onnx.save(model, path)
    assert problems_of(path) == (
        "model.onnx: no device would load it: ir_version: must be between 4 and 10, got 11; "
        "opset: must be between 11 and 21, got 9; function com.example.Twice is not allowed; "
        "tensor weights: its data must be in the file"
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_usual_architectures_have_only_allowed_operators(name: str, tmp_path: Path) -> None:
    """Graphs that the onnx package ships for its own tests; they are of 2017, so only their versions are changed."""
    model = onnx.load(Path(onnx_tests.__file__).parent / "data" / "light" / f"light_{name}.onnx")
    model.ir_version = 8
    model.opset_import[0].version = 13
    onnx.save(model, tmp_path / "model.onnx")
    check_policy(tmp_path / "model.onnx")


def test_the_list_names_operators_that_exist() -> None:
    """A misspelt one would be refused on every device, and nobody would know why."""
    rules = json.loads((contracts_folder() / "onnx-policy.json").read_text())
    highest = rules["opset"]["maximum"]
    known = {one.name for one in onnx.defs.get_all_schemas_with_history() if one.domain == ""}
    assert set(rules["operators"]) <= known
    assert rules["operators"] == sorted(rules["operators"])
    assert highest <= onnx.defs.onnx_opset_version()


def test_onnx_op_outside_the_allow_list(tiny_prepared: Path, tmp_path: Path) -> None:
    """Bad input. Refused before anything is quantized, compared or written to export.json."""
    graph = graph_of(helper.make_node("Unique", ["x"], ["y"]))
    save(tmp_path / "own.onnx", graph)
    script = SimpleNamespace(export_onnx=lambda _model, path: shutil.copyfile(tmp_path / "own.onnx", path))
    model = cast(ServedModel, SimpleNamespace(model=None, script=script))
    with pytest.raises(ExportError, match=re.escape("model-fp32.onnx: no device would load it: operator Unique")):
        export.export(model, tiny_prepared, tmp_path / "out", "x", [], PLANT)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model-fp32.onnx"]
