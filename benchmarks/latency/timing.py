"""Timing: warm-up, a fixed number of runs and seconds, two artefacts in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from mobile_actnet.benchmarks.latency.ratios import Samples
from mobile_actnet.errors import ConfigError

ClockNs = Callable[[], int]
"""A monotonic clock, nanoseconds."""

Timed = Callable[[], int]
"""One run; returns how long it took, nanoseconds."""


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
