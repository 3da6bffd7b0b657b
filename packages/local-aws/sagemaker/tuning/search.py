"""Chooses hyperparameters for the local SageMaker's tuning jobs, with Optuna.

Lines of JSON. First the settings: `{"strategy", "goal", "seed", "trials", "ranges"}`, where `ranges` is the
`ParameterRanges` of CreateHyperParameterTuningJob. Then any number of `{"ask": trial}`, each answered with
`{"trial", "parameters": {name: text}}`, and `{"tell": trial, "value": number | null}`, which is not answered; null is a
trial that failed. Ends with its input.

SageMaker's Bayesian search fits a Gaussian process; ours is Optuna's tree-structured Parzen estimator (Bergstra et al.,
NeurIPS 2011), which takes categories and parallel trials as they are: other values are tried, with the same aim.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

# Random trials that a Bayesian search begins with: Optuna's own ten, or a third of a small search.
MOST_STARTUP_TRIALS = 10
STARTUP_SHARE = 3


def distributions_of(ranges: dict[str, list[dict[str, Any]]]) -> dict[str, BaseDistribution]:
    """Reads ParameterRanges, whose bounds are text. Scaling `Auto` is linear here."""
    found: dict[str, BaseDistribution] = {}
    for item in ranges.get("ContinuousParameterRanges", []):
        low, high = float(item["MinValue"]), float(item["MaxValue"])
        found[item["Name"]] = FloatDistribution(low, high, log=item.get("ScalingType") == "Logarithmic")
    for item in ranges.get("IntegerParameterRanges", []):
        first, last = int(item["MinValue"]), int(item["MaxValue"])
        found[item["Name"]] = IntDistribution(first, last, log=item.get("ScalingType") == "Logarithmic")
    for item in ranges.get("CategoricalParameterRanges", []):
        found[item["Name"]] = CategoricalDistribution(item["Values"])
    return found


def sampler_of(strategy: str, seed: int, trials: int) -> optuna.samplers.BaseSampler:
    """Random, or Bayesian with trials that run beside each other counted as bad ones, so that they spread."""
    if strategy == "Random":
        return optuna.samplers.RandomSampler(seed=seed)
    startup = max(1, min(MOST_STARTUP_TRIALS, trials // STARTUP_SHARE))
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup, constant_liar=True)


def main() -> None:
    """Answers until the input ends."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    settings = json.loads(sys.stdin.readline())
    distributions = distributions_of(settings["ranges"])
    study = optuna.create_study(
        sampler=sampler_of(settings["strategy"], settings["seed"], settings["trials"]),
        direction="maximize" if settings["goal"] == "Maximize" else "minimize",
    )
    running: dict[int, optuna.Trial] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if "ask" in message:
            trial = study.ask(distributions)
            running[message["ask"]] = trial
            parameters = {name: str(value) for name, value in trial.params.items()}
            print(json.dumps({"trial": message["ask"], "parameters": parameters}), flush=True)
            continue
        trial = running.pop(message["tell"])
        if message["value"] is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, message["value"])


if __name__ == "__main__":
    main()
