"""How others tell whether a line has changed, from the embeddings of single frames.

MMD is the two-sample test of Gretton et al. (2012, JMLR 13, 723) with a Gaussian kernel whose width is the median
distance, and permutations; written here in numpy with scikit-learn's kernel, as alibi-detect's `MMDDrift` does it.
The domain classifier tells reference from field by scikit-learn's logistic regression on the components and their
squares; its cross-validated AUC is compared with what chance gives (Mann and Whitney 1947).

Both need the vector of every frame in the cloud; what is measured against them needs sums.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

STREAMS = json.loads((Path(__file__).resolve().parents[1] / "drift" / "streams.json").read_text(encoding="utf-8"))
DRAWS = 100
FRAMES_OF_A_DRAW = 200
FALSE_ALARMS = 0.01
_Z_OF_FALSE_ALARMS = 2.326
_PERMUTATIONS = 199
_FOLDS = 5
Vectors = NDArray[np.float64]


class Pool:
    """Embeddings of frames, by whether their parts are good."""

    def __init__(self, rows: list[list[Any]]) -> None:
        self.vectors = np.asarray([row[3] for row in rows])
        good = np.asarray([row[0] == "good" for row in rows])
        self.good, self.defective = np.flatnonzero(good), np.flatnonzero(~good)

    def draw(self, count: int, good_share: float | None, rng: np.random.Generator) -> Vectors:
        """Different frames, of good parts with this probability; as they lie in the pool where it is left out."""
        if good_share is None:
            return self.vectors[rng.choice(len(self.vectors), count, replace=False)]
        good = int(rng.binomial(count, good_share))
        chosen = [rng.choice(self.good, good, replace=False), rng.choice(self.defective, count - good, replace=False)]
        return self.vectors[np.concatenate(chosen)]


def draw_stream(stream: dict[str, Any], pools: dict[str, Pool], rng: np.random.Generator) -> Vectors:
    """The embeddings of `FRAMES_OF_A_DRAW` frames of a stream, [n, E]."""
    counts = rng.multinomial(FRAMES_OF_A_DRAW, list(stream["pools"].values()))
    drawn = [
        pools[name].draw(int(count), stream.get("goodShare"), rng)
        for name, count in zip(stream["pools"], counts, strict=True)
    ]
    return np.concatenate(drawn)


def mmd_says_changed(reference: Vectors, field: Vectors, rng: np.random.Generator) -> bool:
    """Whether fewer permutations than `FALSE_ALARMS` lie as far apart as the samples do."""
    both = np.concatenate([reference, field])
    width = float(np.median(euclidean_distances(reference)[np.triu_indices(len(reference), 1)]))
    kernel = rbf_kernel(both, gamma=1 / (2 * width * width))
    np.fill_diagonal(kernel, 0)
    m, n = len(reference), len(field)
    is_field = np.repeat([0.0, 1.0], [m, n])
    members = np.stack([is_field, *(rng.permutation(is_field) for _ in range(_PERMUTATIONS))])
    within = np.einsum("bn,bn->b", members @ kernel, members)
    between = members @ kernel.sum(axis=0) - within
    others = kernel.sum() - 2 * between - within
    distances = within / (n * (n - 1)) + others / (m * (m - 1)) - 2 * between / (n * m)
    return bool((distances[1:] >= distances[0]).sum() + 1 <= FALSE_ALARMS * (_PERMUTATIONS + 1))


def classifier_says_changed(reference: Vectors, field: Vectors, rng: np.random.Generator) -> bool:
    """Whether a classifier tells them apart better than chance does, with probability `FALSE_ALARMS` of an error."""
    both = np.concatenate([reference, field])
    is_field = np.repeat([0, 1], [len(reference), len(field)])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    answers = cross_val_predict(model, np.hstack([both, both**2]), is_field, cv=folds, method="predict_proba")
    m, n = len(reference), len(field)
    deviation = math.sqrt((m + n + 1) / (12 * m * n))
    return bool((roc_auc_score(is_field, answers[:, 1]) - 0.5) / deviation > _Z_OF_FALSE_ALARMS)


RIVALS = {"MMD": mmd_says_changed, "domain classifier": classifier_says_changed}


class Rivals:
    """Tests of streams against the embeddings of the validation and the test split, [n, E].

    Each stream has random numbers of its own, so that another one beside it changes none of its figures.
    """

    def __init__(self, reference: Vectors, seed: int) -> None:
        self.reference, self.seed = reference, seed

    def alarms(self, frames: dict[str, list[list[Any]]]) -> dict[str, dict[str, float]]:
        """Stream -> rival -> share of the draws that alarm.

        Args:
            frames: pool -> rows of `drift_frames`.
        """
        pools = {name: Pool(rows) for name, rows in frames.items()}
        # Threads that wait for each other at every small matrix take ten times as long on a busy machine.
        with threadpool_limits(1):
            return {stream["name"]: self._of(stream, pools) for stream in STREAMS}

    def _of(self, stream: dict[str, Any], pools: dict[str, Pool]) -> dict[str, float]:
        rng = np.random.default_rng([self.seed, *stream["name"].encode()])
        fields = [draw_stream(stream, pools, rng) for _ in range(DRAWS)]
        return {
            name: float(np.mean([says_changed(self.reference, field, rng) for field in fields]))
            for name, says_changed in RIVALS.items()
        }
