"""Rendered visual-inspection images over photographed textures.

A *part* is one physical piece with a surface and perhaps one defect; a *view* is one photograph of it. Views of
one part share everything that belongs to the part, so they must never be divided between training and test:
the part id is the item's ``groupId``.

Command line: ``python -m kaizen_training.surfaces dataset|stock --help``.
"""

from kaizen_training.surfaces.camera import CONDITIONS, NORMAL, Condition
from kaizen_training.surfaces.part import CLASSES, Part, make_part
from kaizen_training.surfaces.render import IMAGE_SIZE, encode_jpeg, render_view

__all__ = [
    "CLASSES",
    "CONDITIONS",
    "IMAGE_SIZE",
    "NORMAL",
    "Condition",
    "Part",
    "encode_jpeg",
    "make_part",
    "render_view",
]
