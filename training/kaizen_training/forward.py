"""What `forward` of a script's PyTorch module takes and answers, and the graph that is made of it.

A release's graph takes the camera's pixels and answers probabilities. A module does all of that itself, or it is a
usual image classifier, and the script says so: `FORWARD = "float-nchw-logits"`. Nothing is guessed: a module that
normalises its input twice answers something, too.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaizen_training.image_policy import ImagePolicy
    from kaizen_training.serving import ServedModel

# Name in the script.
FORWARD = "FORWARD"
# uint8 [n, height, width, 3] -> probabilities [n, classes].
PIXELS = "uint8-nhwc-probabilities"
# float [n, 3, height, width], 0 to 1 -> logits [n, classes].
LOGITS = "float-nchw-logits"
FORMS = (PIXELS, LOGITS)
_BRIGHTEST = 255


def forward_form(script: ModuleType) -> str:
    """Which of `FORMS` the script's `FORWARD` says; `PIXELS` where it says nothing.

    Raises:
        ValueError: it is none of them.
    """
    form = getattr(script, FORWARD, FORMS[0])
    if form not in FORMS:
        raise ValueError(f"{FORWARD}: must be one of {', '.join(FORMS)}, got {form!r}")
    return str(form)


def as_inspector(model: Any, form: str, size: tuple[int, int]) -> Any:
    """A PyTorch module that takes uint8 [n, height, width, 3] and answers probabilities [n, classes].

    Of `LOGITS`: pixels / 255, resized to `size`, height and width of the prepared images (bilinear; an image of that
    size stays as it is), channels first; then the module, and softmax. Normalisation by mean and deviation is the
    module's own affair. Anything else is answered as it came.
    """
    import torch

    if form != LOGITS or not isinstance(model, torch.nn.Module):
        return model

    class Inspector(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            pixels = images.permute(0, 3, 1, 2).float() / _BRIGHTEST
            resized = torch.nn.functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
            return torch.softmax(self.model(resized), dim=1)

    return Inspector()


def write_graph(model: ServedModel, policy: ImagePolicy, path: Path) -> None:
    """Writes the fp32 graph of a model: by the script's `export_onnx`, else from its PyTorch module.

    Raises:
        ExportError: there is neither.
        ValueError: `FORWARD` says something unknown.
    """
    # Here, because the training job reads `forward_form` too, and needs none of the packages of the export.
    from kaizen_training.onnx_model import write_fp32

    export_onnx = getattr(model.script, "export_onnx", None)
    if callable(export_onnx):
        export_onnx(model.model, str(path))
    else:
        inspector = as_inspector(model.model, forward_form(model.script), (policy.height, policy.width))
        write_fp32(inspector, policy.height, policy.width, path)
