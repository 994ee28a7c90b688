"""The packages that each format needs, and the command that installs them."""

import importlib.util
from collections.abc import Callable

from mobile_actnet.errors import MissingPackageError
from mobile_actnet.runtime.vocabulary import Format

CONVERTING = {
    Format.TFLITE: ("torch", "litert_torch", "ai_edge_litert", "ai_edge_quantizer"),
    Format.ONNX: ("torch", "onnx", "onnxscript", "onnxruntime"),
    Format.COREML: ("torch", "coremltools"),
}
"""Packages that exporting needs; each format's extra installs them."""


RUNNING = {
    Format.TFLITE: ("ai_edge_litert",),
    Format.ONNX: ("onnx", "onnxruntime"),
    Format.COREML: ("coremltools",),
}
"""Packages that reading and running an artefact need."""


def require(
    kind: Format,
    packages: dict[Format, tuple[str, ...]],
    find_spec: Callable[[str], object | None] = importlib.util.find_spec,
) -> None:
    """Raise `MissingPackageError` with the pip command unless a format's packages are there."""
    for package in packages[kind]:
        if find_spec(package) is None:
            raise MissingPackageError(
                f"{kind.value} needs the package {package}, which is not installed; "
                f"run: {install_command(kind, packages)}"
            )


def install_command(kind: Format, packages: dict[Format, tuple[str, ...]]) -> str:
    """Return the command that installs what a format needs: to be exported, or only to be run."""
    only_run = packages is RUNNING and kind is not Format.COREML
    return f"pip install 'mobile-actnet[{'runtime' if only_run else kind.value}]'"
