"""Every runner computes what PyTorch computes, and tells time by the clock it was given."""

import contextlib
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.benchmarks.config import Clock, NetworkName, RuntimeKind
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.latency.process_runner import ProcessRunner, probe
from mobile_actnet.benchmarks.latency.runners import RunnerOptions, open_runner
from mobile_actnet.descriptors import cosine
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import Format, ImageSize, Precision

SIZE = ImageSize(64, 64)
PICTURES = generated_pictures(2, SIZE)
FORMATS = {RuntimeKind.ONNXRUNTIME: Format.ONNX, RuntimeKind.LITERT: Format.TFLITE}


def case(runtime: RuntimeKind) -> Case:
    return Case(NetworkName.MOBILE_ACTNET, runtime, Precision.FP32, SIZE)


@pytest.fixture
def artefact(small_artefact):
    def made(runtime: RuntimeKind) -> Artefact | None:
        if runtime not in FORMATS:
            return None
        return Artefact(small_artefact(FORMATS[runtime], Precision.FP32).path, "", 0, "shipped")

    return made


@pytest.mark.parametrize("runtime", [RuntimeKind.PYTORCH, *FORMATS])
def test_runners_agree_and_use_the_clock(runtime: RuntimeKind, artefact) -> None:
    ticks = iter(range(0, 10**9, 7))
    options = RunnerOptions(clock_ns=lambda: next(ticks))
    trusted = open_runner(case(RuntimeKind.PYTORCH), None, RunnerOptions())
    with contextlib.closing(open_runner(case(runtime), artefact(runtime), options)) as runner:
        assert runner.version
        assert cosine(trusted.describe(PICTURES), runner.describe(PICTURES)).min() > 0.9999
        assert runner.run_ns() == 7


@pytest.mark.parametrize("runtime", [RuntimeKind.PYTORCH, *FORMATS])
def test_a_process_of_its_own(runtime: RuntimeKind, artefact) -> None:
    made = artefact(runtime)
    source = str(made.path) if made else NetworkName.MOBILE_ACTNET.value
    trusted = open_runner(case(RuntimeKind.PYTORCH), None, RunnerOptions())
    with contextlib.closing(ProcessRunner(runtime, source, 1)) as runner:
        assert cosine(trusted.describe(PICTURES), runner.describe(PICTURES)).min() > 0.9999
        assert runner.run_ns() > 0
        assert runner.peak_bytes() > runner.baseline_bytes > 0
    runner.close()  # Twice does no harm.


def test_processor_time_is_that_of_this_process() -> None:
    assert RunnerOptions(clock=Clock.PROCESSOR).run_clock_ns is time.process_time_ns
    assert RunnerOptions().run_clock_ns is time.perf_counter_ns


def test_memory_is_not_that_of_the_parent(artefact) -> None:
    made = artefact(RuntimeKind.ONNXRUNTIME)
    assert made is not None
    small = probe(case(RuntimeKind.ONNXRUNTIME), str(made.path))
    ballast = np.ones(400 << 20, np.uint8)
    beside = probe(case(RuntimeKind.ONNXRUNTIME), str(made.path))
    assert ballast.sum() == 400 << 20
    assert beside.peak_bytes < small.peak_bytes + (100 << 20)


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="onnxruntime stopped .* exit code 1: "):
        ProcessRunner(RuntimeKind.ONNXRUNTIME, str(tmp_path / "missing.onnx"), 1)
    with pytest.raises(ConfigError, match="cannot be run"):
        ProcessRunner(RuntimeKind.TFLITE_RUNTIME, "x", 1, tmp_path / "python")


def test_tflite_runtime_needs_an_environment(artefact) -> None:
    with pytest.raises(ConfigError, match="--tflite-python"):
        open_runner(case(RuntimeKind.TFLITE_RUNTIME), artefact(RuntimeKind.LITERT), RunnerOptions())
    beside = RunnerOptions(tflite_python=Path(sys.executable), clock=Clock.PROCESSOR)
    with pytest.raises(ConfigError, match="leave out --clock"):
        open_runner(case(RuntimeKind.TFLITE_RUNTIME), artefact(RuntimeKind.LITERT), beside)
    # This interpreter has no tflite-runtime: its own words must reach the user.
    options = RunnerOptions(tflite_python=Path(sys.executable))
    with pytest.raises(ActnetError, match="No module named 'tflite_runtime'"):
        open_runner(case(RuntimeKind.TFLITE_RUNTIME), artefact(RuntimeKind.LITERT), options)
