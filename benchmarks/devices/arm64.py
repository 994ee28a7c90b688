"""ARM64 without a phone: instructions of one inference, counted under emulation.

The program is the one that phones run (`android_demo/native/actnet_bench.c`), in qemu's user mode,
with a plug-in that counts between two marks. Instructions are not time: caches and issue width are
not in them. They do not depend on the machine's load, which makes them fit for ratios between
networks and for finding regressions.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mobile_actnet.benchmarks.config import DEFAULT_TOOLS, RunPlan
from mobile_actnet.benchmarks.devices.native import NativeResult, program_options, read_result
from mobile_actnet.benchmarks.latency.artefacts import Artefact
from mobile_actnet.benchmarks.latency.cases import Case
from mobile_actnet.benchmarks.reports.report import Instructions
from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.generated_pictures import golden_picture
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.vocabulary import Precision

REPEATABILITY_LIMIT = 0.001
FLOAT_DIFFERENCE_LIMIT = 1e-5
INT8_DIFFERENCE_LIMIT = 1e-7
"""Whole numbers are equal; the head and the normalisation behind them round in floats."""

# LiteRT's kernels need the atomic instructions of ARMv8.1, which an A53 does not have.
_PROCESSOR = "cortex-a76"
_COUNTED_RUNS = 2
_MARKS_PER_RUN = 2
_FLOATING = (Precision.FP32, Precision.FP16)


@dataclass(frozen=True)
class Arm64Tools:
    """The folder that `make arm64` fills.

    Raises:
        ConfigError: it has not been filled.
    """

    folder: Path = DEFAULT_TOOLS

    def __post_init__(self) -> None:
        if not (self.folder / ".ready").exists():
            raise ConfigError(
                f"{self.folder} does not hold the tools for ARM64; run: make arm64 "
                "(in a checkout, on Debian x86-64), or give their folder with --arm64 DIR"
            )

    def path(self, name: str) -> Path:
        """Return where something in the folder is, absolute: the tools run elsewhere."""
        return (self.folder / name).resolve()


def count_instructions(case: Case, artefact: Artefact, tools: Arm64Tools) -> Instructions:
    """Count the instructions of an artefact's inferences, and compare its output with x86.

    The first run, in which the runtime prepares itself, does not count.

    Raises:
        ActnetError: the emulated program failed; the message is its last words.
    """
    picture = golden_picture(case.size)
    expected = TfliteRuntime(artefact.path, case.num_threads).describe(picture[None])[0]
    marks, result = _emulate(artefact.path, picture.tobytes(), tools)
    counts = counts_between(marks)[-_COUNTED_RUNS:]
    return Instructions(
        network=case.network.value,
        precision=case.precision.value,
        size=str(case.size),
        millions=[count / 1e6 for count in counts],
        repeatability=(max(counts) - min(counts)) / min(counts),
        output_difference=float(np.abs(result.descriptor - expected).max()),
        weights=artefact.weights,
    )


def counts_between(marks: list[int]) -> list[int]:
    """Return the instructions of each run from the sums before and behind it.

    Raises:
        ActnetError: the plug-in did not see the program's marks.
    """
    if len(marks) < _MARKS_PER_RUN * _COUNTED_RUNS or len(marks) % _MARKS_PER_RUN:
        raise ActnetError(f"{len(marks)} marks do not belong to whole runs; run: make arm64")
    counts = [behind - before for before, behind in zip(marks[::2], marks[1::2], strict=True)]
    if min(counts) <= 0:
        raise ActnetError("the plug-in counted nothing; run: make arm64")
    return counts


def problems(instructions: Instructions) -> list[str]:
    """Say where a count does not repeat, or where ARM64 computes other values than x86."""
    complaints = []
    if instructions.repeatability > REPEATABILITY_LIMIT:
        complaints.append(
            f"the count differs by {100 * instructions.repeatability:.2f} % from run to run"
        )
    floating = Precision(instructions.precision) in _FLOATING
    limit = FLOAT_DIFFERENCE_LIMIT if floating else INT8_DIFFERENCE_LIMIT
    if instructions.output_difference > limit:
        complaints.append(f"the output differs from x86 by {instructions.output_difference:.2e}")
    return complaints


def _emulate(artefact: Path, picture: bytes, tools: Arm64Tools) -> tuple[list[int], NativeResult]:
    """Run the program once in the emulator: the sums at its marks, and its result."""
    with tempfile.TemporaryDirectory(prefix="actnet-arm64-") as name:
        folder = Path(name)
        (folder / "picture.rgb").write_bytes(picture)
        command = [
            tools.path("bin/qemu-aarch64"),
            "-plugin", f"{tools.path('count_instructions.so')},out=marks",
            "-cpu", _PROCESSOR, "-L", tools.path("sysroot"), tools.path("actnet_bench"),
            f"--graph={artefact.resolve()}", "--input=picture.rgb", "--output=result.json",
            *program_options(1, RunPlan(_COUNTED_RUNS, 0.0, 1e9, 0)),
        ]  # fmt: skip
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ActnetError(f"the emulated program failed, exit code {done.returncode}: {said}")
        marks = [int(line) for line in (folder / "marks").read_text().split()]
        return marks, read_result((folder / "result.json").read_bytes())
