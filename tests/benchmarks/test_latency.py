"""Interleaving and statistics with a clock of our own; no test asserts a time."""

import numpy as np
import pytest

from mobile_actnet.benchmarks.latency import compare_latencies, interleaved_latencies_ms


class Clock:
    """A clock that the timed functions move."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.calls: list[str] = []

    def run(self, name: str, duration_ms: float):
        def step() -> None:
            self.calls.append(name)
            self.now_ns += int(duration_ms * 1e6)

        return step


def test_pairs_alternate_and_warm_up_runs_do_not_count() -> None:
    clock = Clock()
    a_ms, b_ms = interleaved_latencies_ms(
        clock.run("a", 5),
        clock.run("b", 2),
        num_runs=4,
        warmup_runs=2,
        clock_ns=lambda: clock.now_ns,
    )
    assert "".join(clock.calls) == "abbaabbaabba"
    assert list(a_ms) == [5, 5, 5, 5]
    assert list(b_ms) == [2, 2, 2, 2]


def test_ratio_by_hand() -> None:
    report = compare_latencies(np.array([2.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0]))
    assert (report.median_a_ms, report.median_b_ms, report.ratio) == (4.0, 2.0, 2.0)
    constant = compare_latencies(np.full(50, 3.0), np.full(50, 2.0))
    assert constant.ratio_low == constant.ratio_high == pytest.approx(1.5)


def test_interval_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        drift = rng.lognormal(0, 0.1, 60)  # both of a pair see the same machine
        a, b = (1.1 * drift * rng.lognormal(0, 0.05, 60), drift * rng.lognormal(0, 0.05, 60))
        report = compare_latencies(a, b, seed)
        covered += report.ratio_low <= 1.1 <= report.ratio_high
    assert 88 <= covered <= 100


def test_interval_narrows_with_more_runs() -> None:
    rng = np.random.default_rng(2)
    widths = []
    for count in (20, 2000):
        report = compare_latencies(rng.lognormal(0, 0.1, count), rng.lognormal(0, 0.1, count))
        widths.append(report.ratio_high - report.ratio_low)
    assert widths[1] < widths[0] / 3
