"""ONNX, as far as it is read and run."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobile_actnet.runtime.artefact_file import ArtefactInfo
    from mobile_actnet.runtime.runtimes import Runtime

SUFFIX = ".onnx"
RUNNING = ("onnx", "onnxruntime")
RUNNING_EXTRA = "onnx-runtime"
CONVERTING = ("torch", "onnx", "onnxscript", "onnxruntime")


def inspect(path: Path) -> "ArtefactInfo":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.onnx import onnx_file

    return onnx_file.inspect(path)


def open_runtime(path: Path, num_threads: int) -> "Runtime":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.onnx.onnx_session import OnnxRuntime

    return OnnxRuntime(path, num_threads)
