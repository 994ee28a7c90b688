"""Timing: warm-up, a fixed number of runs and seconds, two artefacts in turn."""

import time
from collections.abc import Callable

import numpy as np

from mobile_actnet.benchmarks.config import RunPlan
from mobile_actnet.benchmarks.latency.ratios import Samples

ClockNs = Callable[[], int]
"""A monotonic clock, nanoseconds."""

Timed = Callable[[], int]
"""One run; returns how long it took, nanoseconds."""


def timed(run: Callable[[], object], clock_ns: ClockNs = time.perf_counter_ns) -> Timed:
    """Make a function tell how long it took."""

    def step() -> int:
        start = clock_ns()
        run()
        return clock_ns() - start

    return step


def interleaved_latencies_ms(
    run_a: Timed, run_b: Timed, plan: RunPlan, clock_ns: ClockNs = time.perf_counter_ns
) -> tuple[Samples, Samples]:
    """Time two artefacts in turn, so that a machine whose speed drifts slows both alike.

    The order within a pair changes from pair to pair: A B, B A, A B, ...

    Returns:
        two (pairs,) arrays, milliseconds.
    """
    pairs = np.array(_rounds((run_a, run_b), plan, clock_ns), np.float64) / 1e6
    return pairs[:, 0], pairs[:, 1]


def steady_latencies_ms(
    run: Timed, plan: RunPlan, clock_ns: ClockNs = time.perf_counter_ns
) -> Samples:
    """Time one artefact, run after run: (runs,) milliseconds."""
    return np.array(_rounds((run,), plan, clock_ns), np.float64)[:, 0] / 1e6


def _rounds(runs: tuple[Timed, ...], plan: RunPlan, clock_ns: ClockNs) -> list[list[int]]:
    """Run all in turn, in the opposite order every other time; nanoseconds of each round."""
    order = list(range(len(runs)))
    for _ in range(plan.warmup_runs):
        for which in order:
            runs[which]()
    rounds: list[list[int]] = []
    start = clock_ns()
    while plan.goes_on(len(rounds), (clock_ns() - start) / 1e9):
        elapsed = [0] * len(runs)
        for which in order:
            elapsed[which] = runs[which]()
        rounds.append(elapsed)
        order.reverse()
    return rounds
