"""What the C program of phones and of ARM64 under emulation writes down."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from mobile_actnet.benchmarks.config import RunPlan
from mobile_actnet.benchmarks.latency.ratios import Samples
from mobile_actnet.errors import ActnetError


@dataclass(frozen=True)
class _Written:
    load_ns: int
    first_run_ns: int
    peak_kilobytes: int
    samples_ns: list[int]
    descriptor: list[float]


@dataclasses.dataclass(frozen=True)
class NativeResult:
    """One run of the program.

    Attributes:
        load_ms, first_run_ms: cold load and first run.
        peak_bytes: most resident memory; 0 where the system does not say.
        samples_ms: (N,) counted runs, N at least 1.
        descriptor: (D,) float32.
    """

    load_ms: float
    first_run_ms: float
    peak_bytes: int
    samples_ms: Samples
    descriptor: NDArray[np.float32]


_ADAPTER = TypeAdapter(_Written)


def read_result(content: bytes) -> NativeResult:
    """Read the program's result file.

    Raises:
        ActnetError: cut off, damaged, or with values that are not finite.
    """
    try:
        written = _ADAPTER.validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ActnetError(f"the program's result is damaged: {where}: {first['msg']}") from error
    if not written.samples_ns:
        raise ActnetError("the program's result holds no samples; run it again")
    return NativeResult(
        load_ms=written.load_ns / 1e6,
        first_run_ms=written.first_run_ns / 1e6,
        peak_bytes=written.peak_kilobytes * 1024,
        samples_ms=np.array(written.samples_ns, np.float64) / 1e6,
        descriptor=np.array(written.descriptor, np.float32),
    )


def program_options(num_threads: int, plan: RunPlan) -> list[str]:
    """Return the program's options, which are named as in `benchmark_model`."""
    return [
        f"--num_threads={num_threads}", f"--num_runs={plan.num_runs}",
        f"--warmup_runs={plan.warmup_runs}", f"--min_secs={plan.min_seconds:g}",
        f"--max_secs={plan.max_seconds:g}",
    ]  # fmt: skip
