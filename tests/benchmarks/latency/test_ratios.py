"""Statistics against independent implementations: the standard library's and SciPy's."""

import statistics

import numpy as np
import pytest
from scipy.stats import bootstrap

from mobile_actnet.benchmarks.latency.ratios import (
    block_length,
    ratio_of_medians,
    summarise,
)
from mobile_actnet.errors import ConfigError


def skewed(count: int, seed: int, scale: float = 1.0) -> np.ndarray:
    return scale * np.random.default_rng(seed).lognormal(0, 0.2, count)


def test_percentiles_are_those_of_the_standard_library() -> None:
    samples = skewed(101, 0)
    found = summarise(samples)
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    assert found.p50_ms == pytest.approx(cuts[49])
    assert found.p90_ms == pytest.approx(cuts[89])
    assert found.p99_ms == pytest.approx(cuts[98])
    assert found.mean_ms == pytest.approx(statistics.fmean(samples))
    assert (found.count, found.min_ms) == (101, min(samples))
    assert found.spread == pytest.approx(found.p90_ms / found.p50_ms - 1)


def test_interval_of_single_draws_is_that_of_scipy() -> None:
    over, under = skewed(80, 1, 3.0), skewed(80, 2)

    def statistic(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.median(a, axis=axis) / np.median(b, axis=axis)

    expected = bootstrap(
        (over, under), statistic, paired=True, method="percentile", n_resamples=20_000, rng=0
    ).confidence_interval
    found = ratio_of_medians(over, under, block=1)
    assert found.low == pytest.approx(expected.low, rel=0.01)
    assert found.high == pytest.approx(expected.high, rel=0.01)


def test_ratio_by_hand() -> None:
    found = ratio_of_medians(np.array([2.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0]))
    assert (found.ratio, found.pairs) == (2.0, 3)
    constant = ratio_of_medians(np.full(50, 3.0), np.full(50, 2.0))
    assert constant.low == constant.high == pytest.approx(1.5)


def drifting(count: int, rng: np.random.Generator) -> np.ndarray:
    """Noise that a run shares with its neighbours: autoregressive, 0.6 from one to the next."""
    noise = np.zeros(count)
    for i in range(1, count):
        noise[i] = 0.6 * noise[i - 1] + rng.normal(0, 0.05)
    return np.exp(noise)


@pytest.mark.parametrize(("block", "covers"), [(None, True), (1, False)])
def test_blocks_keep_the_interval_honest(block: int | None, covers: bool) -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for seed in range(100):
        found = ratio_of_medians(1.1 * drifting(100, rng), drifting(100, rng), seed, block)
        hits += found.low <= 1.1 <= found.high
    assert (hits >= 80) == covers


def test_interval_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        drift = rng.lognormal(0, 0.1, 60)  # both of a pair see the same machine
        a, b = (1.1 * drift * rng.lognormal(0, 0.05, 60), drift * rng.lognormal(0, 0.05, 60))
        found = ratio_of_medians(a, b, seed)
        covered += found.low <= 1.1 <= found.high
    assert 86 <= covered <= 100


def test_interval_narrows_with_more_runs() -> None:
    wide, narrow = (ratio_of_medians(skewed(n, 4), skewed(n, 5)) for n in (20, 2000))
    assert narrow.high - narrow.low < (wide.high - wide.low) / 3


def test_block_length() -> None:
    assert [block_length(n) for n in (1, 8, 27, 1000)] == [1, 2, 3, 10]


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [1.0, 0.0], [[1.0]]])
def test_samples_that_are_none_are_refused(bad: list) -> None:
    with pytest.raises(ConfigError, match="measure"):
        summarise(np.array(bad))
    with pytest.raises(ConfigError):
        ratio_of_medians(np.ones(3), np.ones(2))
