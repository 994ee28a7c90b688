"""Ranges: from the values that a tensor takes to the ends of its 256 levels.

Wide ranges waste levels on rare values, narrow ones cut those off. Each method looks at a
histogram of all values of all calibration images: min-max keeps everything, percentile drops a
fixed share, mse and entropy try cuts and keep the one with the least squared error or the least
loss of information (Kullback-Leibler).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.export.quantization.config import CalibrationMethod
from mobile_actnet.export.quantization.plan import Range

LEVELS = 256
BINS = 2048
_PERCENTILE = 99.999
# Shares of the ends that are tried, each end for itself.
_CUTS = np.linspace(0.4, 1.0, 25)

_Values = NDArray[np.float64]


class Histogram:
    """Values of one tensor, counted.

    Args:
        low, high: no value lies outside; zero lies inside.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = min(low, 0.0), max(high, 0.0, low + 1e-6)
        self.counts = np.zeros(BINS)

    def add(self, values: NDArray[np.float32]) -> None:
        counts, _ = np.histogram(values, BINS, (self.low, self.high))
        self.counts += counts

    @property
    def centres(self) -> _Values:
        width = (self.high - self.low) / BINS
        return self.low + width * (np.arange(BINS, dtype=np.float64) + 0.5)


def choose_range(histogram: Histogram, method: CalibrationMethod) -> Range:
    """Return the range that a method finds best; zero lies inside."""
    if method is CalibrationMethod.MIN_MAX or not histogram.counts.any():
        return histogram.low, histogram.high
    if method is CalibrationMethod.PERCENTILE:
        shares = np.cumsum(histogram.counts) / histogram.counts.sum()
        cut = (100 - _PERCENTILE) / 100
        low, high = (histogram.centres[np.searchsorted(shares, x)] for x in (cut, 1 - cut))
        return min(float(low), 0.0) if histogram.low < 0 else 0.0, max(float(high), 1e-6)
    cost = _squared_error if method is CalibrationMethod.MSE else _information_loss
    return _cheapest(histogram, cost)


def rounded(values: _Values, limits: Range) -> _Values:
    """Round values to the 256 levels of a range, zero among them, and cut what lies outside."""
    low, high = limits
    step = (high - low) / (LEVELS - 1)
    zero_point = np.round(-low / step)
    levels = np.clip(np.round(values / step) + zero_point, 0, LEVELS - 1)
    return (levels - zero_point) * step


def _cheapest(histogram: Histogram, cost: Callable[[Histogram, Range], float]) -> Range:
    """Move one end at a time; both together would be the square of the tries."""
    best = (histogram.low, histogram.high)
    for _ in range(2):
        highs = [(best[0], share * histogram.high) for share in _CUTS]
        best = min(highs, key=lambda limits: cost(histogram, limits))
        if histogram.low < 0:
            lows = [(share * histogram.low, best[1]) for share in _CUTS]
            best = min(lows, key=lambda limits: cost(histogram, limits))
    return float(best[0]), float(best[1])


def _squared_error(histogram: Histogram, limits: Range) -> float:
    centres = histogram.centres
    return float(histogram.counts @ (rounded(centres, limits) - centres) ** 2)


def _information_loss(histogram: Histogram, limits: Range) -> float:
    """Kullback-Leibler divergence of the values, cut, from the values that share their level."""
    counts, centres = histogram.counts, histogram.centres
    # Zeros fill most of a feature map and are exact at every range.
    width = centres[1] - centres[0]
    counted = (counts > 0) & (np.abs(centres) > width)
    cut = np.clip(centres, *limits)
    order = np.unique(rounded(cut, limits), return_inverse=True)[1]
    inside = counted & (centres >= limits[0]) & (centres <= limits[1])
    shares = np.where(counted, counts, 0.0)
    per_level = np.bincount(order, shares)
    # What lies outside is told nothing of but its level.
    bins = np.bincount(order, inside.astype(float))
    spread = np.where(inside, per_level[order] / np.maximum(bins[order], 1), 0.0)
    total = shares.sum()
    if not total:
        return 0.0
    p, q = shares / total, np.maximum(spread / total, 1e-12)
    return float(np.sum(p[counted] * np.log(p[counted] / q[counted])))
