"""Settings of benchmarks, and what `actnet bench` shows of them in its help; imports nothing heavy."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from mobile_actnet.errors import ConfigError
from mobile_actnet.runtime.vocabulary import Format, Precision


class NetworkName(StrEnum):
    """Networks that can be timed."""

    MOBILE_ACTNET = "mobile_actnet"
    MOBILE_ACTNET_POW = "mobile_actnet_pow"
    MOBILENET_V2 = "mobilenet_v2"
    RESNEXT101 = "resnext101_32x8d"
    RESNET101_GEM = "resnet101_gem"


class RuntimeKind(StrEnum):
    """What runs an artefact on this machine."""

    PYTORCH = "pytorch"
    ONNXRUNTIME = "onnxruntime"
    LITERT = "ai-edge-litert"
    TFLITE_RUNTIME = "tflite-runtime"


class Clock(StrEnum):
    """What a run is measured in.

    Wall time is what a user waits for. Processor time, of all threads of this process, leaves out
    what other processes take: it says nothing of waiting, but finds a slower network on a machine
    that is busy.
    """

    WALL = "wall"
    PROCESSOR = "processor"


FEWEST_RUNS = 10
"""However slow a network is, an interval of fewer runs says nothing."""


@dataclass(frozen=True)
class RunPlan:
    """When a measurement is done; the options' names and meanings are those of `benchmark_model`.

    Attributes:
        num_runs: at least so many counted runs.
        min_seconds: and at least so long.
        max_seconds: but no longer, once there are `fewest_runs` (or `num_runs` if that is less).
        warmup_runs: runs before that do not count.
        fewest_runs: however long they take.

    Raises:
        ConfigError: a number outside its range.
    """

    num_runs: int = 50
    min_seconds: float = 1.0
    max_seconds: float = 60.0
    warmup_runs: int = 3
    fewest_runs: int = FEWEST_RUNS

    def __post_init__(self) -> None:
        if self.num_runs < 1 or self.warmup_runs < 0:
            raise ConfigError(
                f"num_runs is {self.num_runs}, warmup_runs {self.warmup_runs}; "
                "give at least 1 and at least 0"
            )
        if not 0 <= self.min_seconds <= self.max_seconds:
            raise ConfigError(
                f"min_seconds is {self.min_seconds:g}, max_seconds {self.max_seconds:g}; "
                "allowed is 0 <= min_seconds <= max_seconds"
            )

    def share_of(self, parts: int) -> "RunPlan":
        """Return the plan of each of several equal parts; every part has its own warm-up."""
        return replace(
            self,
            num_runs=-(-self.num_runs // parts),
            min_seconds=self.min_seconds / parts,
            max_seconds=self.max_seconds / parts,
            fewest_runs=-(-self.fewest_runs // parts),
        )

    def goes_on(self, runs: int, seconds: float) -> bool:
        """Whether another run is to be made after so many, which took so long."""
        if seconds >= self.max_seconds and runs >= min(self.fewest_runs, self.num_runs):
            return False
        return runs < self.num_runs or seconds < self.min_seconds


DEFAULT_FOLDER = Path("artefacts/bench")


MIN_SPEEDUP = 5.0
"""The claim: so many times faster than ResNeXt101-32x8d ACTNET."""


TOLERANCE = 0.05
"""A change of less is none that anybody would notice."""


DEFAULT_TOOLS = Path(".arm64")

COMPARED_FORMATS = (Format.TFLITE, Format.ONNX)


COMPARED_PRECISIONS = (Precision.FP32, Precision.FP16, Precision.INT8)


@dataclass(frozen=True)
class PhotoSet:
    """Folders that are searched together; the first has the queries and gives the name."""

    folders: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.folders[0].name


def parse_set(text: str) -> PhotoSet:
    """Read "queries+distractors": folders joined by plus signs."""
    return PhotoSet(tuple(Path(part) for part in text.split("+") if part))
