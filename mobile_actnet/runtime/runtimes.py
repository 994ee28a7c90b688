"""Runtimes: what runs an artefact on this machine, behind one Protocol.

Every artefact is read by the reader of its format first, in Python: the runtimes' own
readers trust a damaged file and can take the process down with them.
"""

from pathlib import Path
from typing import Protocol

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.packages import format_of, runnable


class Runtime(Protocol):
    """A loaded artefact.

    Attributes:
        name: of what runs it.
        version: of what runs it.
    """

    name: str
    version: str

    def describe(self, pixels: Pixels) -> Descriptors:
        """Run (N, H, W, 3) uint8 RGB pictures one by one: (N, dim) float32."""
        ...

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        """Tell facts about the artefact that only loading or running it shows.

        Args:
            pixels: (N, H, W, 3) uint8 pictures to run, where that is needed.
        """
        ...


def open_artefact(path: Path, num_threads: int = 1) -> Runtime:
    """Load an artefact in the runtime of its format.

    Raises:
        ConfigError: the suffix is of no known format.
        MissingPackageError: the runtime is not installed.
        ArtefactError: the file is missing, damaged or of another kind.
    """
    inspect(path)
    return runnable(format_of(path)).open_runtime(path, num_threads)
