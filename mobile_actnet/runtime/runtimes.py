"""Runtimes: what runs an artefact on this machine, behind one Protocol.

Every artefact is read by the reader of its format first, in Python: the runtimes' own readers trust a damaged
file and can take the process down with them.
"""

from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.artefact_file import inspect
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import Format, format_of

_DELEGATE = "DELEGATE"


class Runtime(Protocol):
    """A loaded artefact.

    Attributes:
        name, version: of what runs it.
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


class TfliteRuntime:
    """An artefact in ai-edge-litert's interpreter, with XNNPACK, as on a phone's processor."""

    name = "ai-edge-litert"

    def __init__(self, path: Path, num_threads: int, delegate: bool = True) -> None:
        """Load; without the delegate the runtime's own kernels compute, as in older runtimes."""
        self.version = version("ai-edge-litert")
        try:
            with silence():
                from ai_edge_litert.interpreter import Interpreter, OpResolverType

                kernels = (
                    OpResolverType.AUTO
                    if delegate
                    else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                )
                self._interpreter = Interpreter(
                    str(path), num_threads=num_threads, experimental_op_resolver_type=kernels
                )
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ArtefactError(f"{path} cannot be loaded by {self.name}: {error}") from error
        self._path = path
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def describe(self, pixels: Pixels) -> Descriptors:
        return np.concatenate([self._run(picture[None]) for picture in pixels])

    def notes(self, pixels: Pixels) -> dict[str, str | int]:
        left = sorted(self.undelegated().items())
        return {"undelegated": ", ".join(f"{name} {count}" for name, count in left)}

    def invoke(self) -> None:
        """Run once more on the picture that was described last; for timing."""
        self._interpreter.invoke()

    def undelegated(self) -> dict[str, int]:
        """Count what is left to run: operators that XNNPACK did not take, and its partitions.

        Returns:
            operator name to count; partitions count as "DELEGATE".
        """
        return undelegated_operators(self._interpreter._get_ops_details())  # no public call tells

    def _run(self, picture: Pixels) -> Descriptors:
        try:
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(picture))
            self._interpreter.invoke()
            return np.asarray(self._interpreter.get_tensor(self._output), np.float32)
        except (ValueError, RuntimeError, TypeError) as error:
            raise ArtefactError(f"{self._path} cannot be run by {self.name}: {error}") from error


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


def open_artefact(path: Path, num_threads: int = 1) -> Runtime:
    """Load an artefact in the runtime of its format.

    Raises:
        ConfigError: the suffix is of no known format.
        MissingPackageError: the runtime is not installed.
        ArtefactError: the file is missing, damaged or of another kind.
    """
    kind = format_of(path)
    inspect(path)
    return _RUNTIMES[kind](path, num_threads)


def undelegated_operators(nodes: list[Any]) -> dict[str, int]:
    """Count the operators of an interpreter's list that no partition of a delegate holds.

    Args:
        nodes: dicts with `index`, `op_name`, `inputs` and `outputs`.

    Returns:
        operator name to count; partitions count as "DELEGATE".
    """
    delegates = [node for node in nodes if node["op_name"] == _DELEGATE]
    producers = {
        tensor: node for node in nodes if node["op_name"] != _DELEGATE for tensor in node["outputs"]
    }
    taken = {index for node in delegates for index in _nodes_between(node, producers)}
    return dict(Counter(node["op_name"] for node in nodes if node["index"] not in taken))


def _coreml(path: Path, num_threads: int) -> Runtime:
    from mobile_actnet.runtime.coreml_runtime import open_mlpackage

    return open_mlpackage(path, num_threads)


def _nodes_between(delegate: Any, producers: dict[int, Any]) -> set[int]:
    """Walk from a partition's outputs back to its inputs: the operators inside it."""
    borders, waiting, found = set(delegate["inputs"]), list(delegate["outputs"]), set()
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and node["index"] not in found:
            found.add(node["index"])
            waiting += [tensor for tensor in node["inputs"] if tensor not in borders]
    return found


_RUNTIMES: dict[Format, Callable[[Path, int], Runtime]] = {
    Format.TFLITE: TfliteRuntime,
    Format.ONNX: OnnxRuntime,
    Format.COREML: _coreml,
}
