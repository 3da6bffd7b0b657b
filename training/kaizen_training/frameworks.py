"""What the adapter knows about frameworks: how a trained network is saved by default, and whether it is sound.

A framework is asked only when the network's own class comes from it, so that no framework is imported for another's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kaizen_training.training_job import AdapterError


def _framework_of(model: Any) -> str:
    """The framework that a network's class, or one it derives from, comes from; empty when it is none of ours."""
    roots = {kind.__module__.split(".")[0] for kind in type(model).__mro__}
    return next((name for name in ("torch", "mxnet") if name in roots), "")


def default_save(model: Any, model_dir: Path) -> None:
    """Saves as the framework's own SageMaker container does by default.

    A PyTorch module: its weights, `model.pt`. A module of MXNet's Module API: `model-symbol.json` and
    `model-0000.params`. A Gluon network has no default, as in the slides: only its script knows its input.

    Raises:
        AdapterError: there is no default; the script must define `save`.
    """
    framework = _framework_of(model)
    if framework == "torch":
        import torch

        if isinstance(model, torch.nn.Module):
            torch.save(model.state_dict(), model_dir / "model.pt")
            return
    elif framework == "mxnet" and callable(getattr(model, "save_checkpoint", None)):
        model.save_checkpoint(str(model_dir / "model"), 0)
        return
    raise AdapterError(
        f"train() returned a {type(model).__module__}.{type(model).__qualname__}, which has no default way to be "
        "saved: the script must define save(model, model_dir)"
    )


def _arrays(model: Any) -> Iterator[tuple[str, Any]]:
    framework = _framework_of(model)
    if framework == "torch":
        import torch

        if isinstance(model, torch.nn.Module):
            for name, tensor in model.state_dict().items():
                if tensor.is_floating_point():
                    yield name, tensor.detach().float().cpu().numpy()
    elif framework == "mxnet" and callable(getattr(model, "collect_params", None)):
        for name, parameter in model.collect_params().items():
            yield name, parameter.data().asnumpy()


def require_finite(model: Any) -> None:
    """Refuses a network of PyTorch or Gluon that a diverged training has left.

    A loss that became NaN has made weights NaN by the next step, whether or not the script looked at it.

    Raises:
        AdapterError: names the first weights that are not finite, and how many there are.
    """
    broken = [name for name, values in _arrays(model) if not np.isfinite(values).all()]
    if broken:
        raise AdapterError(
            f"the training diverged: {broken[0]} holds values that are not finite"
            + (f", and so do {len(broken) - 1} more" if len(broken) > 1 else "")
            + "; lower the learning rate"
        )
