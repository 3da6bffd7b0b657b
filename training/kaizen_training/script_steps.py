"""What a training script is held to, step by step, and what to do about what is wrong. Pure.

A step is taken when those that it needs went well, so that one run says everything that can be known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OK, WRONG, NOT_REACHED, NOT_NEEDED = "ok", "wrong", "notReached", "notNeeded"
# Texts of frameworks fill pages.
_LONGEST = 600


@dataclass(frozen=True)
class Step:
    """One step: what the contract wants of it, and the steps without which it cannot be taken."""

    name: str
    wants: str
    needs: tuple[str, ...] = ()


STEPS = (
    Step(
        "script",
        'train(...) with some of the eight arguments, or a program with if __name__ == "__main__"; '
        "model_fn(model_dir); transform_fn(model, input_data, content_type, accept), or input_fn, predict_fn and "
        "output_fn",
    ),
    Step("train", "train() returns the trained network; a program ends with exit status 0", ("script",)),
    Step(
        "save",
        "save(model, model_dir) writes files below model_dir; it may be left out for a PyTorch module. A program "
        "writes below SM_MODEL_DIR",
        ("train",),
    ),
    Step(
        "model_fn",
        "model_fn(model_dir) returns the network from what was saved, in another folder and without SM_* variables",
        ("save",),
    ),
    Step(
        "transform_fn",
        "asked with application/x-npy, uint8 [n, 128, 128, 3], it answers application/json: "
        '{"classes": [the classes of dataset.json in their order], "probabilities": [n rows that sum to 1]}',
        ("model_fn",),
    ),
    Step(
        "forward",
        "a torch.nn.Module whose forward takes uint8 [n, height, width, 3] and returns probabilities [n, classes]; or "
        'float [n, 3, 128, 128] and logits, with FORWARD = "float-nchw-logits" in the script; or export_onnx(model, '
        "path) instead",
        ("model_fn",),
    ),
    Step(
        "export",
        "the module can be exported to ONNX with free height and width, or export_onnx(model, path) writes a graph",
        ("forward",),
    ),
    Step(
        "graph interface",
        "input image uint8 [height, width, 3] with both sizes free, output probabilities float [classes]",
        ("export",),
    ),
    Step("graph policy", "only what contracts/onnx-policy.json allows; devices refuse any other graph", ("export",)),
    Step(
        "parity",
        "the graph answers as transform_fn does, to 0.0001, and takes images of other sizes",
        ("transform_fn", "graph interface", "graph policy"),
    ),
    Step("int8", "the graph can be quantised, and the result is still allowed", ("graph interface", "graph policy")),
)


class NotNeededError(Exception):
    """Raised by a step that this script does not need; says why."""


@dataclass(frozen=True)
class Finding:
    """How a step ended. `said`: what was wrong, or why it was not needed; `hint`: what may help."""

    step: Step
    outcome: str
    seconds: float | None = None
    said: str | None = None
    hint: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As in the contract script-check: what is absent is left out."""
        return {
            "step": self.step.name,
            "outcome": self.outcome,
            **({"seconds": round(self.seconds, 2)} if self.seconds is not None else {}),
            **({"said": self.said} if self.said else {}),
            **({"wanted": self.step.wants} if self.outcome == WRONG else {}),
            **({"hint": self.hint} if self.hint else {}),
        }


def _missing_hyperparameter(said: str, given: Collection[str]) -> list[str]:
    key = re.search(r"KeyError: '([A-Za-z_]\w*)'", said)
    if key:
        return [key[1]] if key[1] not in given else []
    required = re.search(r"the following arguments are required: (.*)", said)
    return re.findall(r"--([A-Za-z_]\w*)", required[1]) if required else []


def hint_for(step: str, said: str, given: Collection[str]) -> str | None:
    """What may help, told from what a step said; None where nothing is known.

    Args:
        step: its name.
        said: what was wrong.
        given: names of the hyperparameters that the script got.
    """
    if step != "train":
        return None
    missing = _missing_hyperparameter(said, given)
    if missing:
        options = " ".join(f"--hyperparameter {name}=<value>" for name in missing)
        return (
            f"the pipeline gives {', '.join(sorted(given))}; others come from training.hyperparameters of the "
            f"configuration, and here from {options}"
        )
    if "unrecognized arguments" in said:
        return (
            f"a program gets every hyperparameter as an argument: declare {', '.join(sorted(given))}, or use "
            "parse_known_args"
        )
    return None


def forward_problem(
    rows: Sequence[Sequence[float]] | None, shape: Sequence[int], images: int, classes: int
) -> str | None:
    """What is wrong with what `forward` answered for some images; None when nothing is.

    Args:
        rows: the answer, where it has two dimensions.
        shape: its shape.
        images: how many were given.
        classes: of the dataset.
    """
    if rows is None or tuple(shape) != (images, classes):
        return f"forward answered an array of {list(shape)} for {images} images and {classes} classes"
    lowest = min(min(row) for row in rows)
    sums = [sum(row) for row in rows]
    if lowest < 0 or any(not abs(total - 1) <= 1e-3 for total in sums):
        return f"forward answered no probabilities: the lowest value is {lowest:.3g}, rows sum to {sums[0]:.3g}"
    return None


def interface_problems(
    inputs: Mapping[str, tuple[str, Sequence[Any]]], outputs: Mapping[str, tuple[str, Sequence[Any]]], classes: int
) -> list[str]:
    """What keeps a device from asking a graph, one sentence each.

    Args:
        inputs: name -> type and shape; a free size is no number.
        outputs: the same.
        classes: of the dataset.
    """

    def told(ports: Mapping[str, tuple[str, Sequence[Any]]]) -> str:
        return ", ".join(f"{name} {kind} {list(shape)}" for name, (kind, shape) in ports.items()) or "none"

    problems = []
    kind, shape = inputs.get("image", ("", ()))
    free = len(shape) == 3 and not any(isinstance(size, int) for size in shape[:2])
    if set(inputs) != {"image"} or kind != "UINT8" or not free or shape[2] not in (3, *_unknown(shape)):
        problems.append(f"input: must be image UINT8 [height, width, 3], got {told(inputs)}")
    kind, shape = outputs.get("probabilities", ("", ()))
    if set(outputs) != {"probabilities"} or kind != "FLOAT" or list(shape) not in ([classes], _unknown(shape)):
        problems.append(f"output: must be probabilities FLOAT [{classes}], got {told(outputs)}")
    return problems


def _unknown(shape: Sequence[Any]) -> list[Any]:
    """The sizes of the last dimension that say nothing: whether they are right shows when the graph runs."""
    return [size for size in shape[-1:] if not isinstance(size, int)]


def take_steps(
    actions: Mapping[str, Callable[[], None]],
    said_of: Callable[[BaseException], str],
    given: Collection[str],
    steps: Sequence[Step] = STEPS,
    clock: Callable[[], float] = time.monotonic,
) -> list[Finding]:
    """Takes every step that can be taken, in order.

    Args:
        actions: by the step's name; each raises what is wrong.
        said_of: an error as a sentence.
        given: names of the hyperparameters that the script got.
        steps: in an order in which each comes after those that it needs.
        clock: seconds.
    """
    findings: dict[str, Finding] = {}
    for step in steps:
        barred = [name for name in step.needs if findings[name].outcome in (WRONG, NOT_REACHED)]
        if barred:
            findings[step.name] = Finding(step, NOT_REACHED, said=f"needs {', '.join(barred)}")
            continue
        begun = clock()
        try:
            actions[step.name]()
        except NotNeededError as reason:
            findings[step.name] = Finding(step, NOT_NEEDED, said=str(reason))
        except (Exception, SystemExit) as error:
            said = said_of(error)[:_LONGEST]
            hint = getattr(error, "hint", None) or hint_for(step.name, said, given)
            findings[step.name] = Finding(step, WRONG, clock() - begun, said, hint)
        else:
            findings[step.name] = Finding(step, OK, clock() - begun)
    return list(findings.values())
