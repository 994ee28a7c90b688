"""Import torchvision where only the CPU build of torch is installed.

PyPI's torchvision wheels for Linux are CUDA builds. Their compiled operators do not load beside a
CPU-only torch, and `import torchvision` then ends in "operator torchvision::nms does not exist"
while it registers shape functions for operators that are missing. Backbones, weight enums and
feature extraction need none of them, so the two missing schemas are declared and the import is
tried again. Nothing is declared where the plain import works.
"""

import importlib
import sys
from types import ModuleType

import torch

_MISSING_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

# The registrations live as long as this reference does.
_library: torch.library.Library | None = None


def import_torchvision() -> ModuleType:
    """Return the `torchvision` module, importing it past its missing operators if need be.

    Raises:
        RuntimeError: torchvision fails to import for any other reason.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    _declare_missing_operators()
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    return importlib.import_module("torchvision")


def _declare_missing_operators() -> None:
    global _library
    if _library is None:
        _library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in _MISSING_SCHEMAS:
            _library.define(schema)
