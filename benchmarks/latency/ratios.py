"""Statistics of latencies: percentiles, and how sure a ratio of medians is.

Samples that follow each other share the machine's mood: they are drawn in blocks (circular block
bootstrap; Politis and Romano, 1992), or the interval would be too narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import ConfigError

Samples = NDArray[np.float64]

BOOTSTRAP_DRAWS = 2000
CONFIDENCE = 0.95
_DRAWS_AT_ONCE = 200


@dataclass(frozen=True)
class Summary:
    """What the samples of one artefact say.

    Attributes:
        count: of samples.
        p50_ms, p90_ms, p99_ms: percentiles, linear between samples.
        mean_ms, min_ms: arithmetic mean, and the fastest run.
        spread: (p90 - p50) / p50; a quiet machine stays below 0.1.
    """

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    mean_ms: float
    min_ms: float
    spread: float


@dataclass(frozen=True)
class Ratio:
    """A ratio of medians and its bootstrap 95 % interval.

    Attributes:
        ratio: median of the one over median of the other.
        low, high: ends of the interval.
        pairs: that it was made of.
    """

    ratio: float
    low: float
    high: float
    pairs: int


def summarise(samples_ms: Samples) -> Summary:
    """Summarise latencies, shape (N,), N at least 1."""
    samples = _checked(samples_ms)
    p50, p90, p99 = (float(value) for value in np.percentile(samples, (50, 90, 99)))
    mean, fastest = float(samples.mean()), float(samples.min())
    return Summary(len(samples), p50, p90, p99, mean, fastest, (p90 - p50) / p50)


def ratio_of_medians(
    over_ms: Samples, under_ms: Samples, seed: int = 0, block: int | None = None
) -> Ratio:
    """Return the median of the one over the median of the other, with its interval.

    Args:
        over_ms, under_ms: (N,) latencies of runs that were made in pairs.
        block: pairs that are drawn together; by the number of pairs if None.
    """
    over, under = _checked(over_ms), _checked(under_ms)
    low, high = interval(bootstrap_ratios(over, under, seed, block))
    return Ratio(float(np.median(over) / np.median(under)), low, high, len(over))


def bootstrap_ratios(
    over_ms: Samples, under_ms: Samples, seed: int = 0, block: int | None = None
) -> Samples:
    """Draw ratios of medians, (BOOTSTRAP_DRAWS,), from pairs in blocks."""
    over, under = _checked(over_ms), _checked(under_ms)
    if len(over) != len(under):
        raise ConfigError(f"{len(over)} and {len(under)} samples are no pairs; measure them again")
    block = block_length(len(over)) if block is None else block
    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(BOOTSTRAP_DRAWS // _DRAWS_AT_ONCE):
        drawn = _drawn_indices(len(over), block, rng)
        ratios.append(np.median(over[drawn], axis=1) / np.median(under[drawn], axis=1))
    return np.concatenate(ratios)


def interval(draws: Samples) -> tuple[float, float]:
    """Return the ends of the central 95 % of bootstrap draws."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(draws, (tail, 100 - tail))
    return float(low), float(high)


def block_length(count: int) -> int:
    """Return how many neighbours are drawn together: the cube root of the number of samples."""
    return max(1, round(count ** (1 / 3)))


def _drawn_indices(count: int, block: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw indices of samples in blocks that wrap around: (_DRAWS_AT_ONCE, count)."""
    starts = rng.integers(0, count, (_DRAWS_AT_ONCE, -(-count // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % count
    return drawn.reshape(_DRAWS_AT_ONCE, -1)[:, :count]


def _checked(samples_ms: Samples) -> Samples:
    samples = np.asarray(samples_ms, np.float64)
    if samples.ndim != 1 or not len(samples):
        raise ConfigError("there are no samples; measure at least one run")
    if not (np.isfinite(samples).all() and (samples > 0).all()):
        raise ConfigError("a latency is not a positive number; measure again")
    return samples
