"""What runs a TFLite artefact: ai-edge-litert's interpreter."""

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.silence import silence

_DELEGATE = "DELEGATE"


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
    delegated = {index for node in delegates for index in _nodes_between(node, producers)}
    return dict(Counter(node["op_name"] for node in nodes if node["index"] not in delegated))


def _nodes_between(delegate: Any, producers: dict[int, Any]) -> set[int]:
    """Walk from a partition's outputs back to its inputs: the operators inside it."""
    borders, waiting, between = set(delegate["inputs"]), list(delegate["outputs"]), set()
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and node["index"] not in between:
            between.add(node["index"])
            waiting += [tensor for tensor in node["inputs"] if tensor not in borders]
    return between
