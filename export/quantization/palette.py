"""Palettes: weights as places in a small table, found by k-means in one dimension.

coremltools leaves k-means to scikit-learn, which has no use here but this one, and takes minutes
for a matrix. In one dimension the nearest entry is a matter of sorting: seconds, and the same
table in every run.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_ROUNDS = 30


def palettised(weight: Tensor, bits: int) -> Tensor:
    """Replace weights by the nearest value of their table, rounded as half precision stores it."""
    table, places = palette(weight.half().numpy(), bits)
    return torch.from_numpy(table[places]).float()


def palette(
    weights: NDArray[np.floating], bits: int
) -> tuple[NDArray[np.floating], NDArray[np.uint8]]:
    """Find the table of 2^bits values with the least squared error, as k-means does.

    Args:
        weights: any shape, at least one value.
        bits: 1 to 8.

    Returns:
        table: (2^bits,) in the weights' dtype, rising; the last value repeats where there are
            fewer distinct ones.
        places: uint8, the shape of the weights.
    """
    values, inverse, counts = np.unique(weights, return_inverse=True, return_counts=True)
    table = _fitted(values.astype(np.float64), counts, 1 << bits)
    places = _nearest(values.astype(np.float64), table)
    return table.astype(weights.dtype), places[inverse].reshape(weights.shape).astype(np.uint8)


def _fitted(
    values: NDArray[np.float64], counts: NDArray[np.int64], size: int
) -> NDArray[np.float64]:
    if len(values) <= size:
        return np.concatenate([values, np.repeat(values[-1:], size - len(values))])
    # Halfway between equal steps of value and equal shares of weights: both ends get entries.
    shares = (np.cumsum(counts) - counts / 2) / counts.sum()
    steps = (np.arange(size) + 0.5) / size
    by_share = np.interp(steps, shares, values)
    table = (by_share + np.linspace(values[0], values[-1], size)) / 2
    for _ in range(_ROUNDS):
        places = _nearest(values, table)
        totals = np.bincount(places, counts, size)
        sums = np.bincount(places, counts * values, size)
        table = np.where(totals > 0, sums / np.maximum(totals, 1), table)
        table.sort()
    return table


def _nearest(values: NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.searchsorted((table[1:] + table[:-1]) / 2, values)
