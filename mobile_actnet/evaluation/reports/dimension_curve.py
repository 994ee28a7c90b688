"""mAP against the length of the descriptor (the paper, figure 6).

The whitening's rows stand in order of variance, so the descriptor of d values is the first d
values of the longest one, brought back to length 1: the photos are described once.
"""

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.evaluation.ranking import evaluate
from mobile_actnet.pictures.photos import Photo

SMALLEST_DIM = 16


def curve_dims(whitening_dim: int) -> list[int]:
    """Return 16, 32, 64, ... below the number of the whitening's rows, and that number."""
    doublings = range(SMALLEST_DIM.bit_length() - 1, whitening_dim.bit_length())
    return [2**n for n in doublings if 2**n < whitening_dim] + [whitening_dim]


def cut(descriptors: Descriptors, dim: int) -> Descriptors:
    """Keep the first `dim` values of (N, D) and scale to length 1: (N, dim); zero stays zero."""
    leading = descriptors[:, :dim]
    lengths = np.linalg.norm(leading, axis=1, keepdims=True)
    return leading / np.maximum(lengths, np.finfo(np.float32).tiny)


def dimension_curves(
    descriptors: Descriptors,
    photos: list[Photo],
    sets: dict[str, NDArray[np.int64]],
    dims: list[int],
) -> dict[str, dict[int, float]]:
    """Measure each set at each length of the descriptor.

    Args:
        descriptors: (N, D) float32 with all rows of the whitening.
        photos: the N photos they belong to.
        sets: numbers of the queries, by the set's name.
        dims: lengths, each 1 to D.

    Returns:
        mAP in per cent by dimension, by the set's name.
    """
    curves: dict[str, dict[int, float]] = {name: {} for name in sets}
    for dim in dims:
        shorter = cut(descriptors, dim)
        for name, queries in sets.items():
            curves[name][dim] = evaluate(shorter, photos, queries).mean_ap
    return curves
