"""Reports: what was measured, where and how, as JSON that other programs can rely on.

The classes here are its schema; an unknown or missing field is refused when a report is read.
Reports of this machine, of ARM64 under emulation and of an Android phone have the same shape.
"""

from dataclasses import field

import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from mobile_actnet.benchmarks.config import Clock
from mobile_actnet.benchmarks.latency.noise import Noise
from mobile_actnet.benchmarks.latency.process_runner import Probe
from mobile_actnet.benchmarks.latency.ratios import Ratio, Samples, Summary
from mobile_actnet.benchmarks.reports.machine import Machine

SCHEMA = 1

# A typing error in a hand-made file is an error, not passed over.
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class Measurement:
    """One network in one setting.

    Attributes:
        network: a name of `networks.NetworkName`, or the app's own.
        runtime, runtime_version, precision: what ran it.
        size: of the input, HEIGHTxWIDTH.
        num_threads: of the runtime.
        weights: "shipped", or "random" and the seed: fit for time, not for descriptors.
        artefact_sha256, artefact_bytes: of the file; empty and 0 for PyTorch.
        samples_ms: every counted run, in the order they were made.
        summary: of the samples.
        probe: cold load, first run and memory in a process of its own; None where not measured.
        clock: what the samples are: a word of `latency.Clock`.
    """

    network: str
    runtime: str
    runtime_version: str
    precision: str
    size: str
    num_threads: int
    weights: str
    artefact_sha256: str
    artefact_bytes: int
    samples_ms: list[float]
    summary: Summary
    probe: Probe | None = None
    clock: str = Clock.WALL.value

    @property
    def setting(self) -> str:
        """All but the network."""
        threads = "1 thread" if self.num_threads == 1 else f"{self.num_threads} threads"
        clock = "" if self.clock == Clock.WALL else f", {self.clock} time"
        return f"{self.runtime} {self.precision}, {self.size}, {threads}{clock}"

    @property
    def samples(self) -> Samples:
        """The samples as an array, (N,) milliseconds."""
        return np.array(self.samples_ms)


@dataclass(frozen=True, config=_STRICT)
class Comparison:
    """A network beside a reference, runs in turn.

    Attributes:
        ours, reference: what was measured; equally many samples, made in pairs.
        speedup: median of the reference over ours, with its interval.
        min_speedup: what is claimed; None where nothing is.
        noise: what else the machine did meanwhile.
        pinned_cores: that the process was kept on; empty if on none.
    """

    ours: Measurement
    reference: Measurement
    speedup: Ratio
    min_speedup: float | None
    noise: Noise
    pinned_cores: list[int]

    @property
    def verdict(self) -> str:
        """PASS when the whole interval is at least what is claimed, else FAIL; "" without claim."""
        if self.min_speedup is None:
            return ""
        return "PASS" if self.speedup.low >= self.min_speedup else "FAIL"


@dataclass(frozen=True, config=_STRICT)
class NotMeasured:
    """What was asked for and could not be measured.

    Attributes:
        what: network and setting.
        why: a sentence.
    """

    what: str
    why: str


@dataclass(frozen=True, config=_STRICT)
class Window:
    """A stretch of a sustained run.

    Attributes:
        at_s: its middle, seconds from the start.
        p50_ms, p90_ms: of the runs in it.
        runs: in it.
        clock_mhz: of the core, where the system tells; temperature_c: of the hottest sensor.
    """

    at_s: float
    p50_ms: float
    p90_ms: float
    runs: int
    clock_mhz: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, config=_STRICT)
class Sustained:
    """One network run without pause for minutes.

    Attributes:
        measurement: its samples are those of the first window.
        windows: in order.
        slowdown: median of the last tenth of the windows over that of the first tenth.
    """

    measurement: Measurement
    windows: list[Window]
    slowdown: float


@dataclass(frozen=True, config=_STRICT)
class Stages:
    """From a picture file to the nearest pictures of a gallery.

    Attributes:
        setting: network and where it ran.
        picture: what was decoded: "a photo" or "generated", with its size.
        gallery: pictures in the gallery; search: what searched it.
        stages_ms: summaries of decode, view, describe, shortlist, extract, match, verify, and their total
            where no answer is certain; `certain`: the total where the first views are enough.
        views: that are described at most; 1 in reports of before.
    """

    setting: str
    picture: str
    gallery: int
    search: str
    stages_ms: dict[str, Summary]
    views: int = 1


@dataclass(frozen=True, config=_STRICT)
class Instructions:
    """ARM64 instructions of one inference under emulation. Not time.

    Attributes:
        network, precision, size: what ran.
        millions: of instructions, of each counted inference.
        repeatability: (largest - smallest) / smallest of them.
        output_difference: largest difference from the descriptor computed on x86.
        weights: "shipped" or "random" and the seed.
    """

    network: str
    precision: str
    size: str
    millions: list[float]
    repeatability: float
    output_difference: float
    weights: str


@dataclass(frozen=True, config=_STRICT)
class Roofline:
    """How far an artefact is from the least time that the machine could take.

    Attributes:
        network, setting: what ran.
        multiply_adds, weight_bytes: of one inference.
        peak_gflops, bandwidth_gb_s: measured here, in the same number of threads.
        compute_ms, memory_ms: least time for each; their larger one is the floor.
        p50_ms: measured.
    """

    network: str
    setting: str
    multiply_adds: int
    weight_bytes: int
    peak_gflops: float
    bandwidth_gb_s: float
    compute_ms: float
    memory_ms: float
    p50_ms: float

    @property
    def times_floor(self) -> float:
        """Measured time over the floor."""
        return self.p50_ms / max(self.compute_ms, self.memory_ms)


@dataclass(frozen=True, config=_STRICT)
class Report:
    """Everything of one run of the benchmark; see `docs/bench-report.md`.

    Attributes:
        schema: of this file.
        created: UTC, ISO 8601.
        command: that made it.
        machine: that it was measured on.
    """

    machine: Machine
    command: str
    created: str = ""
    schema: int = SCHEMA
    comparisons: list[Comparison] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    sustained: list[Sustained] = field(default_factory=list)
    stages: list[Stages] = field(default_factory=list)
    instructions: list[Instructions] = field(default_factory=list)
    roofline: list[Roofline] = field(default_factory=list)
    not_measured: list[NotMeasured] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether there are claims, all of them hold, and nothing is missing."""
        verdicts = [comparison.verdict for comparison in self.comparisons if comparison.verdict]
        return bool(verdicts) and set(verdicts) == {"PASS"} and not self.not_measured
