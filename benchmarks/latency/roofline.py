"""How far an artefact is from the least time that this machine could take (Williams et al., 2009).

Two floors, the larger one counts: all multiply-adds at the machine's measured peak, and all weights
read once at the measured bandwidth. Activations are left out: they may stay in the caches. So the
floor is a true lower bound, not a prediction.
"""

import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mobile_actnet.benchmarks.config import NetworkName
from mobile_actnet.benchmarks.latency.networks import NETWORKS
from mobile_actnet.benchmarks.latency.timing import ClockNs, timed
from mobile_actnet.benchmarks.reports.report import Measurement, Roofline
from mobile_actnet.export.graph.deployable import example_input
from mobile_actnet.runtime.vocabulary import ImageSize, Layout

_MATRIX_SIDE = 1024
_REPEATS = 15
_INT8_WORD = "int8"


def multiply_adds(module: nn.Module, size: ImageSize) -> int:
    """Count the multiply-adds of convolutions and matrix products in one inference."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(example_input(size, Layout.NHWC))
    return int(counter.get_total_flops()) // 2


def roofline_of(
    measured: Measurement, size: ImageSize, clock_ns: ClockNs = time.perf_counter_ns
) -> Roofline:
    """Put a measurement beside its floor; the machine's peak is measured in as many threads.

    Static int8 is held against the peak of int8 products, everything else against float32.
    """
    module = NETWORKS[NetworkName(measured.network)].build(Layout.NHWC)
    count = multiply_adds(module, size)
    weights = measured.artefact_bytes or parameter_bytes(module)
    threads = torch.get_num_threads()
    torch.set_num_threads(measured.num_threads)
    try:
        peak = peak_gflops(measured.precision == _INT8_WORD, clock_ns)
        bandwidth = bandwidth_gb_s(weights, clock_ns)
    finally:
        torch.set_num_threads(threads)
    return Roofline(
        network=measured.network,
        setting=measured.setting,
        multiply_adds=count,
        weight_bytes=weights,
        peak_gflops=peak,
        bandwidth_gb_s=bandwidth,
        compute_ms=2 * count / peak / 1e6,
        memory_ms=weights / bandwidth / 1e6,
        p50_ms=measured.summary.p50_ms,
    )


def peak_gflops(int8: bool, clock_ns: ClockNs = time.perf_counter_ns) -> float:
    """Measure the machine's best at matrix products, 10^9 operations a second; float32 or int8."""
    side = _MATRIX_SIDE
    if int8:
        a, b = (torch.ones((side, side), dtype=torch.int8) for _ in range(2))
        seconds = _fastest(lambda: torch._int_mm(a, b), clock_ns)
    else:
        x, y = torch.ones((side, side)), torch.ones((side, side))
        seconds = _fastest(lambda: torch.mm(x, y), clock_ns)
    return float(2 * side**3 / seconds / 1e9)


def bandwidth_gb_s(size_bytes: int, clock_ns: ClockNs = time.perf_counter_ns) -> float:
    """Measure how fast a buffer of the weights' size is read, from whichever cache holds it."""
    buffer = torch.ones(max(1, size_bytes // 4))
    return size_bytes / _fastest(lambda: torch.dot(buffer, buffer), clock_ns) / 1e9


def parameter_bytes(module: nn.Module) -> int:
    """Return the size of a module's parameters and constants."""
    tensors = [*module.parameters(), *module.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _fastest(run: Callable[[], object], clock_ns: ClockNs) -> float:
    """Return the seconds of the fastest of a few runs: a peak is not disturbed by noise."""
    step = timed(run, clock_ns)
    step()
    return max(1, min(step() for _ in range(_REPEATS))) / 1e9
