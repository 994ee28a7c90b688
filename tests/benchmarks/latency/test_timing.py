"""Interleaving, warm-up and the end of a measurement, with a clock of our own."""

from collections.abc import Callable

import pytest

from mobile_actnet.benchmarks.config import FEWEST_RUNS, RunPlan
from mobile_actnet.benchmarks.latency.timing import (
    interleaved_latencies_ms,
    steady_latencies_ms,
    timed,
)
from mobile_actnet.errors import ConfigError


class Clock:
    """A clock that the timed functions move."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.calls = ""

    def __call__(self) -> int:
        return self.now_ns

    def run(self, name: str, duration_ms: float) -> Callable[[], int]:
        def step() -> None:
            self.calls += name
            self.now_ns += int(duration_ms * 1e6)

        return timed(step, self)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_pairs_alternate_and_warm_up_runs_do_not_count(clock: Clock) -> None:
    plan = RunPlan(num_runs=4, min_seconds=0, warmup_runs=2)
    a_ms, b_ms = interleaved_latencies_ms(clock.run("a", 5), clock.run("b", 2), plan, clock)
    assert clock.calls == "abab" + "abbaabba"
    assert list(a_ms) == [5, 5, 5, 5]
    assert list(b_ms) == [2, 2, 2, 2]


def test_goes_on_for_the_seconds_asked_for(clock: Clock) -> None:
    plan = RunPlan(num_runs=3, min_seconds=1, warmup_runs=0)
    assert len(steady_latencies_ms(clock.run("a", 100), plan, clock)) == 10


def test_a_slow_network_ends_at_the_largest_number_of_seconds(clock: Clock) -> None:
    plan = RunPlan(num_runs=100, min_seconds=1, max_seconds=5, warmup_runs=0)
    assert len(steady_latencies_ms(clock.run("a", 400), plan, clock)) == 13
    assert len(steady_latencies_ms(clock.run("a", 4000), plan, clock)) == FEWEST_RUNS


@pytest.mark.parametrize(
    "numbers", [{"num_runs": 0}, {"warmup_runs": -1}, {"min_seconds": 9, "max_seconds": 8}]
)
def test_impossible_plans_are_refused(numbers: dict) -> None:
    with pytest.raises(ConfigError):
        RunPlan(**numbers)


def test_parts_of_a_plan_are_the_plan_together(clock: Clock) -> None:
    part = RunPlan(num_runs=12, min_seconds=1, max_seconds=5, warmup_runs=2).share_of(5)
    assert part == RunPlan(3, 0.2, 1.0, 2, fewest_runs=2)
    assert len(steady_latencies_ms(clock.run("a", 4000), part, clock)) == 2
