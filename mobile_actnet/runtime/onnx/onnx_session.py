"""What runs an ONNX artefact: onnxruntime, on the processor."""

from importlib.metadata import version
from pathlib import Path

import numpy as np

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.errors import ArtefactError


class OnnxRuntime:
    """An artefact in onnxruntime, on the processor."""

    name = "onnxruntime"

    def __init__(self, path: Path, num_threads: int) -> None:
        import onnxruntime

        self.version = version("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            given = self._session.get_inputs()[0]
            self._input, self._channels_first = given.name, given.shape[1] == 3
        # onnxruntime's exceptions have no common base but this.
        except Exception as error:
            raise ArtefactError(f"{path} cannot be loaded by {self.name}: {error}") from error
        self._path = path
        self._picture = np.zeros((0,), np.uint8)

    def describe(self, pixels: Pixels) -> Descriptors:
        if self._channels_first:
            pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        return np.concatenate([self._run(picture[None]) for picture in pixels])

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        return {}

    def invoke(self) -> None:
        """Run once more on the picture that was described last; for timing."""
        self._session.run(None, {self._input: self._picture})

    def _run(self, picture: Pixels) -> Descriptors:
        self._picture = picture
        try:
            (descriptor,) = self._session.run(None, {self._input: picture})
            return np.asarray(descriptor, np.float32)
        except Exception as error:
            raise ArtefactError(f"{self._path} cannot be run by {self.name}: {error}") from error
