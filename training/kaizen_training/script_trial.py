"""A trial of a training script: its steps as the pipeline takes them, on few images.

Each goes through the pipeline's own code: the adapter, the serving functions, and the parts of the export.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kaizen_training.adapter import ARGUMENTS, AdapterError, declared_arguments, read_job, run_job
from kaizen_training.entry_style import entry_style_of, outline_of
from kaizen_training.failure import explained
from kaizen_training.forward import FORWARD, LOGITS, as_inspector, forward_form, write_graph
from kaizen_training.prepared import load_description, load_split
from kaizen_training.script_steps import NotNeededError, forward_problem, interface_problems
from kaizen_training.serving import ServedModel, ServingError, load_model, load_script, serving_problems

# Neither square nor the size of the prepared images.
_OTHER_SIZE = (96, 160)
_IMAGES_TO_QUANTISE_WITH = 16


class CheckError(Exception):
    """A step found something wrong; `hint` says what may help."""

    def __init__(self, said: str, hint: str | None = None) -> None:
        super().__init__(said)
        self.hint = hint


def sentence_of(error: BaseException) -> str:
    """Errors of the package are sentences; of others the type belongs to it. The traceback goes to stderr."""
    from kaizen_training.onnx_model import ExportError

    traceback.print_exception(error)
    if isinstance(error, SystemExit):
        return f"the script ended the process with exit status {error.code}"
    if isinstance(error, (AdapterError, ServingError, ExportError, CheckError)):
        return str(error)
    return explained(error)


@contextlib.contextmanager
def surroundings(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Runs in another folder and environment: what a script writes by relative paths goes with the folder."""
    before, place, bytecode = dict(os.environ), Path.cwd(), sys.dont_write_bytecode
    os.environ.update(variables)
    os.chdir(folder)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Trial:
    """One trial of a script, and what its steps hand on to each other.

    Attributes:
        work: a folder of its own.
        source: where the script is, and what lies beside it.
        script: its name.
        prepared: what the Prepare step wrote.
        classes: of the dataset.
        variables: the job's.
    """

    work: Path
    source: Path
    script: str
    prepared: Path
    classes: list[str]
    variables: dict[str, str]
    begun: list[str] = field(default_factory=list)
    save_error: BaseException | None = None
    model: ServedModel | None = None

    @property
    def _graph(self) -> Path:
        return self.work / "model-fp32.onnx"

    @property
    def _served(self) -> ServedModel:
        if self.model is None:
            raise RuntimeError("model_fn comes first")
        return self.model

    def actions(self) -> dict[str, Callable[[], None]]:
        """By the name of the step; each raises what is wrong."""
        return {
            "script": self._read_script,
            "train": self._train,
            "save": self._save,
            "model_fn": self._load,
            "transform_fn": self._transform,
            "forward": self._forward,
            "export": self._export,
            "graph interface": self._interface,
            "graph policy": self._policy,
            "parity": self._parity,
            "int8": self._quantise,
        }

    def _read_script(self) -> None:
        outline = outline_of(self.source / self.script)
        problems = serving_problems(outline.names)
        try:
            job = read_job(self.variables)
            if entry_style_of(outline, self.script, job.entry_style) == "function":
                self._read_function()
        except (AdapterError, ServingError, ValueError) as error:
            problems.insert(0, str(error))
        if problems:
            raise CheckError("; ".join(problems))

    def _read_function(self) -> None:
        with surroundings(self.source, self.variables):
            script = load_script(self.source / self.script)
        forward_form(script)
        if callable(script.train):
            declared_arguments(script.train, dict.fromkeys(ARGUMENTS))

    def _train(self) -> None:
        with surroundings(self.source, self.variables):
            try:
                run_job(read_job(self.variables), self.source, os.environ, self.begun.append)
            except (Exception, SystemExit) as error:
                if "save" not in self.begun:
                    raise
                self.save_error = error

    def _save(self) -> None:
        if self.save_error is not None:
            raise self.save_error
        Path(self.variables["SM_MODEL_DIR"]).rename(self.work / "unpacked")

    def _load(self) -> None:
        self.model = load_model(self.work / "unpacked")

    def _transform(self) -> None:
        classes, _ = self._served.probabilities(load_split(self.prepared, "validation").images)
        if classes != self.classes:
            raise CheckError(f"classes: the answer has {classes}, the dataset {self.classes}")

    def _forward(self) -> None:
        if callable(getattr(self._served.script, "export_onnx", None)):
            raise NotNeededError("export_onnx writes the graph")
        import torch

        if not isinstance(self._served.model, torch.nn.Module):
            raise CheckError(
                f"model_fn returned a {type(self._served.model).__qualname__}, which is no torch.nn.Module"
            )
        form = forward_form(self._served.script)
        problem = self._forward_problem(form)
        if problem is None:
            return
        fits = form != LOGITS and self._forward_problem(LOGITS) is None
        raise CheckError(
            problem, f'it fits as float NCHW logits: say {FORWARD} = "{LOGITS}" in the script' if fits else None
        )

    def _forward_problem(self, form: str) -> str | None:
        import torch

        images = torch.from_numpy(np.array(load_split(self.prepared, "validation").images[:2]))
        height, width = images.shape[1:3]
        model = as_inspector(self._served.model, form, (height, width)).eval()
        try:
            with torch.inference_mode():
                answer = model(images)
        except Exception as error:
            asked = f"float [2, 3, {height}, {width}]" if form == LOGITS else f"uint8 {list(images.shape)}"
            return f"forward, asked with {asked}, raised {explained(error)}"
        if not isinstance(answer, torch.Tensor):
            return f"forward answered a {type(answer).__qualname__} instead of a tensor"
        rows = answer.tolist() if answer.ndim == 2 else None
        return forward_problem(rows, answer.shape, len(images), len(self.classes))

    def _export(self) -> None:
        from kaizen_training.further_outputs import further_outputs_wanted

        further_outputs_wanted(self._served.script)
        write_graph(self._served, load_description(self.prepared).policy, self._graph)
        if not self._graph.is_file():
            raise CheckError("export_onnx ended without an error, but wrote no graph")

    def _interface(self) -> None:
        import onnx

        def ports(values: Any) -> dict[str, tuple[str, list[Any]]]:
            return {
                value.name: (
                    onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type),
                    [size.dim_value or size.dim_param or "?" for size in value.type.tensor_type.shape.dim],
                )
                for value in values
            }

        graph = onnx.load(self._graph, load_external_data=False).graph
        weights = {weight.name for weight in graph.initializer}
        inputs = ports(value for value in graph.input if value.name not in weights)
        problems = interface_problems(inputs, ports(graph.output), len(self.classes))
        if problems:
            raise CheckError("; ".join(problems))

    def _policy(self) -> None:
        from kaizen_training.onnx_model import check_policy

        check_policy(self._graph)

    def _parity(self) -> None:
        from kaizen_training.export import check_parity
        from kaizen_training.onnx_model import run_images

        validation = load_split(self.prepared, "validation")
        check_parity(self._served, self.classes, self._graph, validation)
        height, width = _OTHER_SIZE
        try:
            run_images(self._graph, validation.images[:1, :height].repeat(2, axis=2)[:, :, :width])
        except Exception as error:
            raise CheckError(f"the graph takes no image of {height} x {width}: {explained(error)}") from error

    def _quantise(self) -> None:
        from kaizen_training.onnx_model import check_policy, write_int8

        path = self.work / "model-int8.onnx"
        write_int8(self._graph, load_split(self.prepared, "train").images[:_IMAGES_TO_QUANTISE_WITH], path)
        check_policy(path)
