"""The outputs that the export adds to a graph: a score of novelty, and an embedding for sums over frames of the line.

They are written into the graph after it was quantized, in float32, so that a device computes them in the same run;
they read what the network computes anyway. One score serves every variant, and is fitted on the features of all of
them, so that steps of quantization are no novelty. One projection does too, of fp32's features, so that embeddings of
devices with different variants can be added; what quantization moves every frame by is taken off in the graph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen_training.embedding import ClassMean, EmbeddingModel, fit_embedding, reference_of
from kaizen_training.failure import explained
from kaizen_training.feature_nodes import Appender, FeatureRow, append_features, groups_of
from kaizen_training.feature_taps import FeatureSources, find_sources
from kaizen_training.novelty import DEFAULT_BUDGET, FEWEST_IMAGES, Features, NoveltyModel, fit_novelty, limit_of
from kaizen_training.onnx_model import INPUT_NAME, OUTPUT_NAME, ExportError, open_session

NOVELTY_NAME = "novelty"
EMBEDDING_NAME = "embedding"
# Name in the script: FURTHER_OUTPUTS = False leaves its graphs as they are.
FURTHER_OUTPUTS = "FURTHER_OUTPUTS"
# A thousand settle covariances of some dozen features each.
_MOST_IMAGES = 1000
_LARGEST_ERROR = 1e-2


@dataclass(frozen=True)
class FurtherOutputs:
    """What was added to the graphs.

    Attributes:
        limits: variant -> largest score that is not novel.
        reference: number of a predicted class -> where its images lie that the network has not learnt; None where the
            graphs have no embedding.
    """

    limits: dict[str, float]
    reference: dict[int, ClassMean] | None

    def to_json(self, variants: list[str], classes: list[str]) -> dict[str, Any]:
        """As in the contracts exported-model and release, of the variants that are offered."""
        fields: dict[str, Any] = {
            "novelty": {"outputName": NOVELTY_NAME, "limits": {name: self.limits[name] for name in variants}}
        }
        if self.reference is not None:
            means = {classes[label]: mean.to_json() for label, mean in self.reference.items()}
            size = len(next(iter(self.reference.values())).mean)
            fields["embedding"] = {"outputName": EMBEDDING_NAME, "size": size, "reference": means}
        return fields


def further_outputs_wanted(script: ModuleType) -> bool:
    """Whether the script leaves the export its way.

    Raises:
        ValueError: `FURTHER_OUTPUTS` is neither True nor False.
    """
    wanted = getattr(script, FURTHER_OUTPUTS, True)
    if wanted not in (True, False):
        raise ValueError(f"{FURTHER_OUTPUTS}: must be True or False, got {wanted!r}")
    return bool(wanted)


@dataclass(frozen=True)
class _Answers:
    """What a graph computes of n images.

    Attributes:
        maps: features of the maps, [n, S].
        penultimate: what the classifier reads, [n, D]; D is 0 where that cannot be told.
        predicted: number of the likeliest class, [n].
    """

    maps: Features
    penultimate: Features
    predicted: NDArray[np.int64]

    @staticmethod
    def of(path: Path, sources: FeatureSources, images: NDArray[np.uint8]) -> _Answers:
        """Runs the graph of the file."""
        import onnx

        model = onnx.load(path)
        maps, penultimate = append_features(model, sources)
        rows = [maps, penultimate] if penultimate else [maps]
        for row in rows:
            Appender(model).output(row.name, [1, len(row.scale)])
        session = open_session(model.SerializeToString())
        names = [OUTPUT_NAME, *(row.name for row in rows)]
        answers = [session.run(names, {INPUT_NAME: image}) for image in images]
        predicted = np.asarray([answer[0].argmax() for answer in answers], dtype=np.int64)
        found = [
            row.features(np.asarray([answer[number][0] for answer in answers], dtype=np.float64))
            for number, row in enumerate(rows, 1)
        ]
        return _Answers(found[0], found[1] if penultimate else np.empty((len(images), 0)), predicted)

    @staticmethod
    def maps_of(every: dict[str, _Answers]) -> Features:
        """Those of all variants, one after the other."""
        return np.concatenate([one.maps for one in every.values()])


def _append_outputs(
    path: Path, sources: FeatureSources, novelty: NoveltyModel, embedding: EmbeddingModel | None
) -> None:
    """Writes the graph of the file anew, with its further outputs."""
    import onnx

    model = onnx.load(path)
    maps, penultimate = append_features(model, sources)
    appender = Appender(model)

    def product(row: FeatureRow, matrix: Features, mean: Features, name: str) -> str:
        weights = appender.constant(f"{name}.matrix", (row.scale[:, None] * matrix).astype(np.float32))
        offset = appender.constant(f"{name}.offset", ((row.offset - mean) @ matrix).astype(np.float32))
        return appender.node("Gemm", [row.name, weights, offset], f"kaizen.{name}")

    distances = product(maps, novelty.whitening, novelty.mean, "distances")
    squares = appender.node("Mul", [distances, distances], "kaizen.squares")
    groups = appender.constant("groups", novelty.groups.astype(np.float32))
    sums = appender.node("MatMul", [squares, groups], "kaizen.sums")
    appender.node("Sqrt", [appender.reduced("ReduceMax", sums, [1], "kaizen.largest")], NOVELTY_NAME)
    appender.output(NOVELTY_NAME, [1])
    if embedding and penultimate:
        row = product(penultimate, embedding.projection, embedding.mean, "row")
        size = appender.constant("size", np.asarray([embedding.size], dtype=np.int64))
        appender.node("Reshape", [row, size], EMBEDDING_NAME)
        appender.output(EMBEDDING_NAME, [embedding.size])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def run_further(path: Path, images: NDArray[np.uint8]) -> tuple[Features, Features]:
    """Scores [n] and embeddings [n, E] of images, by a graph with further outputs; E is 0 where it has no embedding."""
    session = open_session(path)
    found = [output.name for output in session.get_outputs()]
    names = [name for name in (NOVELTY_NAME, EMBEDDING_NAME) if name in found]
    answers = [session.run(names, {INPUT_NAME: image}) for image in images]
    scores = np.asarray([answer[0][0] for answer in answers], dtype=np.float64)
    return scores, np.asarray([answer[1] if len(names) > 1 else [] for answer in answers], dtype=np.float64)


def _evenly(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images[:: max(1, -(-len(images) // _MOST_IMAGES))]


def add_further_outputs(
    graphs: dict[str, Path],
    training: NDArray[np.uint8],
    validation: NDArray[np.uint8],
    budget: float = DEFAULT_BUDGET,
    test: NDArray[np.uint8] | None = None,
) -> FurtherOutputs | None:
    """Adds the outputs to the graphs of a release.

    Args:
        graphs: variant -> file, `fp32` among them, by whose names the features are found.
        training: images, uint8 [n, height, width, 3].
        validation: the same, of others.
        budget: share of the unchanged line's frames that the score may call novel.
        test: further images that the network has not learnt. The reference is of both: what its means vary by is what
            a drift must exceed to be seen.

    Returns:
        None, and the files as they were, where there are too few images, or the graph has no maps.

    Raises:
        ExportError: a graph cannot take them, or answers otherwise than the features that they were made from.
    """
    try:
        return _added(graphs, training, validation, budget, test)
    except ExportError:
        raise
    except Exception as error:
        # Of whatever a graph of a user's own may hold: the way out belongs to the reason.
        way_out = f"{FURTHER_OUTPUTS} = False in the script leaves it out"
        raise ExportError(f"no score of novelty can be added to the graph: {explained(error)}; {way_out}") from error


def _added(
    graphs: dict[str, Path],
    training: NDArray[np.uint8],
    validation: NDArray[np.uint8],
    budget: float,
    test: NDArray[np.uint8] | None,
) -> FurtherOutputs | None:
    import onnx

    sources = find_sources(onnx.load(graphs["fp32"]), *validation.shape[1:3])
    if not sources.taps or min(len(training), len(validation)) < FEWEST_IMAGES:
        return None
    try:
        learnt = {name: _Answers.of(path, sources, _evenly(training)) for name, path in graphs.items()}
    except ExportError as error:
        print(f"export: without a score of novelty: {error}", flush=True)
        return None
    held_out = {name: _Answers.of(path, sources, validation) for name, path in graphs.items()}
    novelty = fit_novelty(_Answers.maps_of(learnt), _Answers.maps_of(held_out), groups_of(sources), budget)
    first, embedding = held_out["fp32"], None
    # Before the graphs are written, which can be asked for their features once.
    unlearnt = [first] if test is None else [first, _Answers.of(graphs["fp32"], sources, test)]
    if sources.penultimate:
        embedding = fit_embedding(learnt["fp32"].penultimate, first.penultimate, first.predicted)
    limits = {}
    for name, path in graphs.items():
        expected = novelty.scores(held_out[name].maps)
        # Photographs of a few hundred parts leave much to luck, of which training images have had another share.
        limits[name] = max(limit_of(expected, budget), limit_of(novelty.scores(learnt[name].maps), budget))
        rows = held_out[name].penultimate
        moved = None if embedding is None else embedding.moved(rows.mean(axis=0) - first.penultimate.mean(axis=0))
        _append_outputs(path, sources, novelty, moved)
        _check(path, validation, expected, None if moved is None else moved.embeddings(rows))
    if embedding is None:
        return FurtherOutputs(limits, None)
    embeddings = embedding.embeddings(np.concatenate([one.penultimate for one in unlearnt]))
    return FurtherOutputs(limits, reference_of(embeddings, np.concatenate([one.predicted for one in unlearnt])))


def _check(path: Path, images: NDArray[np.uint8], expected: Features, embeddings: Features | None) -> None:
    """Holds the written graph to what its limit and its reference were chosen by, on every tenth image."""
    scores, rows = run_further(path, images[::10])
    pairs = [("scores of novelty", scores, expected[::10])]
    if embeddings is not None:
        pairs.append(("embeddings", rows, embeddings[::10]))
    for what, found, computed in pairs:
        error = float((np.abs(found - computed) / np.maximum(1, np.abs(computed))).max())
        if not error <= _LARGEST_ERROR or not math.isfinite(error):
            raise ExportError(f"{path.name}: {what} differ by {error:.2e} from those of its features")
