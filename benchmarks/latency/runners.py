"""Runners: what runs an artefact and tells how long a run took, behind one Protocol.

The time is that of the runtime's own call on a picture that is already in its input: neither
decoding nor resizing nor copying is in it; `stages` measures those.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from mobile_actnet.benchmarks.config import Clock, RuntimeKind
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.networks import NETWORKS
from mobile_actnet.benchmarks.latency.process_runner import ProcessRunner
from mobile_actnet.benchmarks.latency.timing import ClockNs, timed
from mobile_actnet.descriptors import Descriptors
from mobile_actnet.errors import ConfigError
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.onnx.onnx_session import OnnxRuntime
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import Layout


class Runner(Protocol):
    """A loaded network.

    Attributes:
        version: of what runs it.
    """

    version: str

    def describe(self, pixels: Pixels) -> Descriptors:
        """Run (N, H, W, 3) uint8 RGB pictures one by one: (N, D) float32. The last one stays."""
        ...

    def run_ns(self) -> int:
        """Run once more on the picture that was described last; nanoseconds."""
        ...

    def close(self) -> None:
        """Give back what it holds; runs are over."""
        ...


@dataclass(frozen=True)
class RunnerOptions:
    """Where runners are found.

    Attributes:
        tflite_python: interpreter of an environment with tflite-runtime; it needs an older NumPy.
        clock_ns: wall time, monotonic, for runners of this process.
        clock: what runs are measured in.
    """

    tflite_python: Path | None = None
    clock_ns: ClockNs = time.perf_counter_ns
    clock: Clock = Clock.WALL

    @property
    def run_clock_ns(self) -> ClockNs:
        """The clock of a run."""
        return self.clock_ns if self.clock is Clock.WALL else time.process_time_ns


class PytorchRunner:
    """The wrapped module itself, eager, as the exporters get it."""

    def __init__(self, case: Case, clock_ns: ClockNs = time.perf_counter_ns) -> None:
        self.version = str(torch.__version__)
        self._threads = case.num_threads
        self._module = NETWORKS[case.network].build(Layout.NCHW)
        self._image = torch.zeros(0)
        self._timed = timed(self._run, clock_ns)

    def describe(self, pixels: Pixels) -> Descriptors:
        rows = []
        for picture in torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous():
            self._image = picture[None]
            rows.append(self._run())
        return torch.cat(rows).numpy()

    def run_ns(self) -> int:
        return self._timed()

    def close(self) -> None:
        self._module = torch.nn.Identity()

    def _run(self) -> torch.Tensor:
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            descriptor: torch.Tensor = self._module(self._image)
        return descriptor


class ArtefactRunner:
    """An artefact in one of the runtimes that exporting checks it with."""

    def __init__(
        self, runtime: TfliteRuntime | OnnxRuntime, clock_ns: ClockNs = time.perf_counter_ns
    ) -> None:
        self.version = runtime.version
        self._runtime: TfliteRuntime | OnnxRuntime | None = runtime
        self.describe: Callable[[Pixels], Descriptors] = runtime.describe
        self.run_ns = timed(runtime.invoke, clock_ns)

    def close(self) -> None:
        self._runtime = None
        del self.describe, self.run_ns


def open_runner(case: Case, artefact: Artefact | None, options: RunnerOptions) -> Runner:
    """Load a case in its runtime.

    Raises:
        ConfigError: tflite-runtime without an environment to find it in, or with another clock
            than wall time.
        ActnetError: the runtime is not installed, or cannot load the artefact.
    """
    if case.runtime is RuntimeKind.PYTORCH:
        return PytorchRunner(case, options.run_clock_ns)
    assert artefact is not None
    if case.runtime is RuntimeKind.TFLITE_RUNTIME:
        if options.tflite_python is None:
            raise ConfigError(
                "tflite-runtime lives in an environment of its own (it needs NumPy 1); "
                "give its interpreter with --tflite-python ENV/bin/python"
            )
        if options.clock is not Clock.WALL:
            raise ConfigError("tflite-runtime runs in a process of its own; leave out --clock")
        return ProcessRunner(
            case.runtime, str(artefact.path), case.num_threads, options.tflite_python
        )
    if case.runtime is RuntimeKind.ONNXRUNTIME:
        return ArtefactRunner(OnnxRuntime(artefact.path, case.num_threads), options.run_clock_ns)
    return ArtefactRunner(TfliteRuntime(artefact.path, case.num_threads), options.run_clock_ns)
