"""What is timed: a network in a runtime, at a precision, a size, a number of threads."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from mobile_actnet.benchmarks.config import NetworkName, RuntimeKind
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

FORMAT_OF = {
    RuntimeKind.PYTORCH: None,
    RuntimeKind.ONNXRUNTIME: Format.ONNX,
    RuntimeKind.LITERT: Format.TFLITE,
    RuntimeKind.TFLITE_RUNTIME: Format.TFLITE,
}
"""The format that a runtime reads; PyTorch runs the module itself."""


@dataclass(frozen=True)
class Case:
    """One thing to be timed.

    Attributes:
        network, runtime, precision, size: what runs where.
        num_threads: at least 1.
    """

    network: NetworkName
    runtime: RuntimeKind
    precision: Precision
    size: ImageSize = field(default_factory=ImageSize)
    num_threads: int = 1

    @property
    def setting(self) -> str:
        """All but the network, as it stands in tables and keys."""
        threads = "1 thread" if self.num_threads == 1 else f"{self.num_threads} threads"
        return f"{self.runtime.value} {self.precision.value}, {self.size}, {threads}"

    def of(self, network: NetworkName) -> "Case":
        """Return the same case for another network."""
        return replace(self, network=network)


def possible(runtime: RuntimeKind, precision: Precision) -> bool:
    """Whether a runtime has a precision at all: PyTorch is the float32 that was trained."""
    return runtime is not RuntimeKind.PYTORCH or precision is Precision.FP32


def combinations(
    network: NetworkName,
    runtimes: tuple[RuntimeKind, ...],
    precisions: tuple[Precision, ...],
    sizes: tuple[ImageSize, ...],
    threads: tuple[int, ...],
) -> Iterator[Case]:
    """Yield every possible combination, each once."""
    for runtime, precision, size, number in product(runtimes, precisions, sizes, threads):
        if possible(runtime, precision):
            yield Case(network, runtime, precision, size, number)
