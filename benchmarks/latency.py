"""Latency of two artefacts, run in turn, and how sure their ratio is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_BOOTSTRAP_DRAWS = 2000


@dataclass(frozen=True)
class RatioReport:
    """Median latencies of a and b, and their ratio.

    Attributes:
        median_a_ms, median_b_ms: over all runs.
        ratio: median of a over median of b.
        ratio_low, ratio_high: bootstrap 95 % interval of the ratio, pairs drawn together.
        num_runs: pairs of runs.
    """

    median_a_ms: float
    median_b_ms: float
    ratio: float
    ratio_low: float
    ratio_high: float
    num_runs: int


def interleaved_latencies_ms(
    run_a: Callable[[], None],
    run_b: Callable[[], None],
    num_runs: int,
    warmup_runs: int,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> tuple[Samples, Samples]:
    """Time two functions in turn, so that a machine whose speed drifts slows both alike.

    The order within a pair changes from pair to pair: A B, B A, A B, ...

    Args:
        num_runs: counted pairs, at least 1.
        warmup_runs: pairs before them.
        clock_ns: a monotonic clock.

    Returns:
        two (num_runs,) arrays, milliseconds.
    """
    samples = np.zeros((2, num_runs))
    for pair in range(-warmup_runs, num_runs):
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            start = clock_ns()
            (run_a, run_b)[which]()
            elapsed_ms = (clock_ns() - start) / 1e6
            if pair >= 0:
                samples[which, pair] = elapsed_ms
    return samples[0], samples[1]


def compare_latencies(a_ms: Samples, b_ms: Samples, seed: int = 0) -> RatioReport:
    """Return the ratio of medians with its bootstrap interval.

    Args:
        a_ms, b_ms: (N,) latencies of runs that were made in pairs.
    """
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(a_ms), (_BOOTSTRAP_DRAWS, len(a_ms)))
    ratios = np.median(a_ms[draws], axis=1) / np.median(b_ms[draws], axis=1)
    low, high = np.percentile(ratios, (2.5, 97.5))
    median_a, median_b = float(np.median(a_ms)), float(np.median(b_ms))
    return RatioReport(median_a, median_b, median_a / median_b, float(low), float(high), len(a_ms))
