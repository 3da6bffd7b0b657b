"""A score of novelty and an embedding, written into graphs and computed by them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from kaizen_training.feature_nodes import Part, parts_of
from kaizen_training.feature_taps import MOST_CHANNELS, MOST_ROWS, Tap, find_sources
from kaizen_training.further_outputs import add_further_outputs, further_outputs_wanted, run_further
from kaizen_training.novelty import fit_novelty, limit_of
from kaizen_training.onnx_model import ExportError, check_policy, run_images, write_int8
from tests.small_onnx import write_small_onnx

SIDE = 24
CHANNELS = 8


def write_convolutions(
    path: Path, channels: int = CHANNELS, opset: int = 18, is_fully_convolutional: bool = False
) -> Path:
    """Two convolutions, the mean over the image, and a linear classifier of two classes, or one that is a third."""
    rng = np.random.default_rng(3)
    classifier = np.random.default_rng(4).normal(0, 0.3, (channels, 2)).astype(np.float32)
    constants: dict[str, NDArray[Any]] = {
        "w1": rng.normal(0, 0.3, (channels, 3, 3, 3)).astype(np.float32),
        "w2": rng.normal(0, 0.1, (channels, channels, 3, 3)).astype(np.float32),
        "classifier": classifier.T[:, :, None, None] if is_fully_convolutional else classifier,
        "scale": np.asarray(64, dtype=np.float32),
        "batch": np.asarray([0], dtype=np.int64),
        "row": np.asarray([1, -1], dtype=np.int64),
        "classes": np.asarray([2], dtype=np.int64),
    }
    head = [
        helper.make_node("Reshape", ["pooled", "row"], ["features"]),
        helper.make_node("MatMul", ["features", "classifier"], ["logits"]),
    ]
    if is_fully_convolutional:
        head = [
            helper.make_node("Conv", ["pooled", "classifier"], ["features"]),
            helper.make_node("Reshape", ["features", "row"], ["logits"]),
        ]
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels"], ["planes"], perm=[2, 0, 1]),
        helper.make_node("Unsqueeze", ["planes", "batch"], ["one"]),
        helper.make_node("Div", ["one", "scale"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "w1"], ["c1"], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1] * 4, strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["pooled"]),
        *head,
        helper.make_node("Softmax", ["logits"], ["rows"], axis=1),
        helper.make_node("Reshape", ["rows", "classes"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolutions",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["height", "width", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    return path


def photographs(count: int, seed: int, warmth: int = 0) -> NDArray[np.uint8]:
    """Gray noise of a brightness that varies, with more red and less blue where it is warm."""
    rng = np.random.default_rng(seed)
    images = rng.normal(128, 20, (count, SIDE, SIDE, 1)) + rng.normal(0, 15, (count, 1, 1, 1))
    return np.clip(images + np.asarray([warmth, 0, -warmth]), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("graphs")
    fp32 = write_convolutions(folder / "fp32.onnx")
    write_int8(fp32, photographs(32, 9), folder / "int8.onnx")
    return {"fp32": fp32, "int8": folder / "int8.onnx"}


def test_b13_what_colour_shows_is_novel_to_both_variants_and_the_answers_stay(graphs: dict[str, Path]) -> None:
    """[B13] A change that leaves the mean gray as it was; and the usual images stay usual."""
    usual, warm = photographs(200, 3), photographs(50, 4, warmth=25)
    before = {name: run_images(path, usual[:20])[0] for name, path in graphs.items()}
    further = add_further_outputs(graphs, photographs(400, 1), photographs(300, 2))
    assert further is not None
    novelty = further.to_json(["int8"], ["good", "dent"])["novelty"]
    assert novelty == {"outputName": "novelty", "limits": {"int8": further.limits["int8"]}}
    for name, path in graphs.items():
        check_policy(path)
        np.testing.assert_allclose(run_images(path, usual[:20])[0], before[name], atol=1e-6)
        scores, _ = run_further(path, usual)
        assert (scores > further.limits[name]).mean() <= 0.05
        assert (run_further(path, warm)[0] > further.limits[name]).mean() >= 0.95


def test_b14_the_reference_is_where_the_written_graph_puts_its_predicted_classes(tmp_path: Path) -> None:
    """[B14] Of fp32; int8 lies there too, for what quantization moves every frame by is taken off."""
    fp32, int8 = write_convolutions(tmp_path / "fp32.onnx"), tmp_path / "int8.onnx"
    write_int8(fp32, photographs(32, 9), int8)
    validation, test = photographs(300, 2), photographs(200, 3)
    further = add_further_outputs({"fp32": fp32, "int8": int8}, photographs(400, 1), validation, test=test)
    assert further is not None
    unlearnt = np.concatenate([validation, test])
    described = further.to_json(["fp32"], ["good", "dent"])["embedding"]
    predicted = run_images(fp32, unlearnt)[0].argmax(axis=1)
    names = np.asarray(["good", "dent"])[predicted]
    embeddings = {path.stem: run_further(path, unlearnt)[1] for path in (fp32, int8)}
    assert described["outputName"] == "embedding"
    assert described["size"] == embeddings["fp32"].shape[1] == embeddings["int8"].shape[1]
    assert {name: one["images"] for name, one in described["reference"].items()} == Counter(names.tolist())
    for name, one in described["reference"].items():
        np.testing.assert_allclose(one["mean"], embeddings["fp32"][names == name].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(embeddings["int8"].mean(axis=0), embeddings["fp32"].mean(axis=0), atol=1e-2)


def test_a_graph_whose_classifier_is_a_convolution_has_a_score_of_novelty_alone(tmp_path: Path) -> None:
    path = write_convolutions(tmp_path / "convolutions.onnx", is_fully_convolutional=True)
    assert find_sources(onnx.load(path), SIDE, SIDE).penultimate is None
    further = add_further_outputs({"fp32": path}, photographs(60, 1), photographs(60, 2))
    assert further is not None
    assert list(further.to_json(["fp32"], ["good", "dent"])) == ["novelty"]
    check_policy(path)
    assert run_further(path, photographs(2, 3))[1].shape == (2, 0)


def test_the_taps_are_the_picture_the_first_map_and_what_the_classifier_reads(tmp_path: Path) -> None:
    sources = find_sources(onnx.load(write_convolutions(tmp_path / "wide.onnx", channels=40)), SIDE, SIDE)
    assert [(tap.name, tap.channels, tap.taken) for tap in sources.taps] == [
        ("scaled", 3, 3),
        ("r2", 40, MOST_CHANNELS),
    ]
    assert sources.penultimate == ("features", 40)


def test_of_high_maps_some_rows_are_looked_at_each_the_middle_of_its_band() -> None:
    assert parts_of(Tap("map", 3, MOST_ROWS, 500)) == []
    assert parts_of(Tap("map", 3, 96, 96)) == [Part(start=4, end=96, axis=2, step=8)]
    for height in range(MOST_ROWS + 1, 300):
        (part,) = parts_of(Tap("map", 3, height, 9))
        rows = range(part.start, part.end, part.step)
        assert MOST_ROWS // 2 <= len(rows) <= MOST_ROWS
        assert abs(np.mean(rows) - (height - 1) / 2) <= part.step / 2


@pytest.mark.parametrize("opset", [13, 18])
def test_of_wide_maps_some_channels_are_looked_at_whatever_the_opset(tmp_path: Path, opset: int) -> None:
    path = write_convolutions(tmp_path / "wide.onnx", channels=40, opset=opset)
    assert add_further_outputs({"fp32": path}, photographs(60, 1), photographs(60, 2)) is not None
    check_policy(path)
    assert run_further(path, photographs(2, 3))[0].shape == (2,)


def test_a_graph_without_maps_and_one_with_too_few_images_stay_as_they_are(tmp_path: Path) -> None:
    plain = write_small_onnx(tmp_path / "plain.onnx", 2)
    few = write_convolutions(tmp_path / "few.onnx")
    before = plain.read_bytes(), few.read_bytes()
    assert add_further_outputs({"fp32": plain}, photographs(60, 1), photographs(60, 2)) is None
    assert add_further_outputs({"fp32": few}, photographs(60, 1), photographs(49, 2)) is None
    assert (plain.read_bytes(), few.read_bytes()) == before


def test_a_graph_that_takes_no_further_outputs_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = write_convolutions(tmp_path / "taken.onnx")
    model = onnx.load(path)
    model.graph.node.append(helper.make_node("Identity", ["probabilities"], ["novelty"]))
    onnx.save(model, path)
    with pytest.raises(ExportError, match=r"no score of novelty can be added to the graph: .*FURTHER_OUTPUTS = False"):
        add_further_outputs({"fp32": path}, photographs(60, 1), photographs(60, 2))


def test_a_script_may_keep_its_graphs_as_they_are() -> None:
    script = ModuleType("script")
    assert further_outputs_wanted(script)
    script.FURTHER_OUTPUTS = False  # type: ignore[attr-defined]
    assert not further_outputs_wanted(script)
    script.FURTHER_OUTPUTS = "no"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="FURTHER_OUTPUTS: must be True or False, got 'no'"):
        further_outputs_wanted(script)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400), st.floats(0.001, 0.5))
def test_few_scores_are_above_the_limit_that_they_gave(values: list[float], budget: float) -> None:
    scores = np.asarray(values)
    assert (scores > limit_of(scores, budget)).mean() <= budget


def test_a_feature_that_never_varied_says_nothing_and_one_depth_is_enough() -> None:
    rng = np.random.default_rng(0)
    training, validation = rng.normal(size=(2, 400, 6))
    training[:, 2] = validation[:, 2] = 7
    model = fit_novelty(training, validation, [np.arange(3), np.arange(3, 6)], 0.01)
    usual, other = np.zeros((1, 6)), np.zeros((1, 6))
    usual[0, 2], other[0, 2], other[0, 4] = 7.5, 7, 20
    assert model.scores(usual)[0] < 1 < model.scores(other)[0]
