"""What `actnet-bench --check` holds: the settings in which the claim of five times must be true."""

from dataclasses import dataclass, field

from mobile_actnet.benchmarks.config import NetworkName, RuntimeKind
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.errors import ConfigError
from mobile_actnet.runtime.vocabulary import ImageSize, Precision


@dataclass(frozen=True)
class Claim:
    """A setting of the claim; the precision by its word, so that a missing one is named."""

    runtime: RuntimeKind
    precision: str
    size: ImageSize = field(default_factory=ImageSize)

    def case(self, network: NetworkName = NetworkName.MOBILE_ACTNET) -> Case:
        """Return what is to be measured.

        Raises:
            ConfigError: this release exports no such precision.
        """
        allowed = [precision.value for precision in Precision]
        if self.precision not in allowed:
            raise ConfigError(
                f"precision {self.precision!r} is not exported by this release; "
                f"it has {', '.join(allowed)}"
            )
        return Case(network, self.runtime, Precision(self.precision), self.size)

    def __str__(self) -> str:
        return f"{self.runtime.value} {self.precision}, {self.size}"


CLAIMS = (
    Claim(RuntimeKind.LITERT, "fp32"),
    Claim(RuntimeKind.LITERT, "int8"),
    Claim(RuntimeKind.ONNXRUNTIME, "fp32"),
    Claim(RuntimeKind.ONNXRUNTIME, "int8"),
    Claim(RuntimeKind.PYTORCH, "fp32"),
    Claim(RuntimeKind.LITERT, "fp32", ImageSize(1024, 768)),
)

HEAD_COST = (Claim(RuntimeKind.LITERT, "fp32"), Claim(RuntimeKind.LITERT, "int8"))
"""Where the head's cost is measured unless something else is asked for."""
