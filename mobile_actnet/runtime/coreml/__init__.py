"""Core ML, as far as it is read and run: by the system on macOS, by an evaluator elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobile_actnet.runtime.artefact_file import ArtefactInfo
    from mobile_actnet.runtime.runtimes import Runtime

SUFFIX = ".mlpackage"
RUNNING = ("coremltools",)
RUNNING_EXTRA = "coreml"
CONVERTING = ("torch", "coremltools")


def inspect(path: Path) -> "ArtefactInfo":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.coreml import coreml_file

    return coreml_file.inspect(path)


def open_runtime(path: Path, num_threads: int) -> "Runtime":
    """Satisfy `RunnableFormat`."""
    from mobile_actnet.runtime.coreml.coreml_runtime import open_mlpackage

    return open_mlpackage(path, num_threads)
