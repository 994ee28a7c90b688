"""What runs an .mlpackage: Core ML on macOS, the evaluator elsewhere."""

import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.coreml.mil_evaluator import MilProgram, value_ranges
from mobile_actnet.runtime.coreml.mil_package import read_package
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import INPUT_NAME, OUTPUT_NAME


class MilRuntime:
    """A package in the evaluator: any system, the program's rounding, not a device's."""

    name = "mil-evaluator"

    def __init__(self, path: Path, num_threads: int) -> None:
        self.version = f"on torch {version('torch')}"
        self._num_threads = num_threads
        self._program = MilProgram(read_package(path))

    def describe(self, pixels: Pixels) -> NDArray[np.float32]:
        """Run as many pictures at a time as there are threads, each on one of them.

        Several threads for one picture would add in another order, and round differently.
        """
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(
                self._num_threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                return np.concatenate(list(pool.map(self._run, map(picture_inputs, pixels))))
        finally:
            torch.set_num_threads(before)

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        return {"largest_value": f"{self.largest_intermediate(pixels):.4g}"}

    def largest_intermediate(self, pixels: Pixels) -> float:
        """Return the largest magnitude of any value inside the program, over some pictures.

        Args:
            pixels: (N, H, W, 3) uint8.
        """
        ranges = value_ranges(self._program, (picture_inputs(picture) for picture in pixels))
        return max(max(abs(low), abs(high)) for low, high in ranges.values())

    def _run(self, inputs: dict[str, torch.Tensor]) -> NDArray[np.float32]:
        return self._program.run(inputs)[OUTPUT_NAME].numpy()


class CoremlRuntime:
    """A package in Core ML itself. macOS only: written to the documentation, not run elsewhere."""

    name = "coreml"

    def __init__(self, path: Path) -> None:
        with silence():
            import coremltools

            self._model = coremltools.models.MLModel(str(path))
        self.version = platform.mac_ver()[0]
        feature = self._model.get_spec().description.input[0]
        self._takes_image = feature.type.WhichOneof("Type") == "imageType"

    def describe(self, pixels: Pixels) -> NDArray[np.float32]:
        return np.concatenate([self._run(picture) for picture in pixels])

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        return {}

    def _run(self, picture: Pixels) -> NDArray[np.float32]:
        from PIL import Image

        given: Any = Image.fromarray(picture)
        if not self._takes_image:
            given = picture.transpose(2, 0, 1)[None].astype(np.float32)
        descriptor = self._model.predict({INPUT_NAME: given})[OUTPUT_NAME]
        return np.asarray(descriptor, np.float32).reshape(1, -1)


def open_mlpackage(path: Path, num_threads: int) -> MilRuntime | CoremlRuntime:
    """Load a package in Core ML on macOS, in the evaluator elsewhere."""
    return CoremlRuntime(path) if platform.system() == "Darwin" else MilRuntime(path, num_threads)


def picture_inputs(picture: Pixels) -> dict[str, torch.Tensor]:
    """Bring an (H, W, 3) uint8 picture to what the program takes."""
    turned = np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
    return {INPUT_NAME: torch.from_numpy(turned).float()}
