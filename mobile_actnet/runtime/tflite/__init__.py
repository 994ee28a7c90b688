"""TFLite, as far as it is read and run."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobile_actnet.runtime.artefact_file import ArtefactInfo
    from mobile_actnet.runtime.runtimes import Runtime

SUFFIX = ".tflite"
RUNNING = ("ai_edge_litert",)
RUNNING_EXTRA = "runtime"
CONVERTING = ("torch", "litert_torch", "ai_edge_litert", "ai_edge_quantizer")


def inspect(path: Path) -> "ArtefactInfo":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.tflite import tflite_file

    return tflite_file.inspect(path)


def open_runtime(path: Path, num_threads: int) -> "Runtime":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime

    return TfliteRuntime(path, num_threads)
