"""The order of hits when some are verified: similarity and inliers together.

The descriptor knows the neighbourhood, local features know the thing. A hit with more than a few
inliers rises by the logarithm of their number; without any, similarity alone decides, as it must for
things that have no local features worth the name. How the numbers were chosen stands in docs/decisions.
"""

import numpy as np
from numpy.typing import NDArray

CHANCE_INLIERS = 3
"""So many inliers come by chance."""

WEIGHT = 0.1
"""Similarity that a factor e of inliers above chance is worth."""


def largest_per_picture(
    ids: NDArray[np.int64], similarities: NDArray[np.float64], top: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge the hits of a photo's views: each picture keeps its largest similarity.

    Args:
        ids, similarities: (H,) of all views' hits in any order.

    Returns:
        at most `top` of each, best first; equal similarities in the order of ids.
    """
    order = np.lexsort((ids, -similarities))
    _, first = np.unique(ids[order], return_index=True)
    kept = order[np.sort(first)][:top]
    return ids[kept], similarities[kept]


def fused_scores(
    similarities: NDArray[np.float64], inliers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what hits are ordered by: similarity + 0.1 ln(1 + inliers above 3)."""
    return similarities + WEIGHT * np.log1p(np.maximum(inliers - CHANCE_INLIERS, 0))


def certainty(similarity: float, inliers: int) -> float:
    """Return how sure a hit is: its inliers times its similarity, 0 where that is negative.

    Many inliers on a thing that looks otherwise (a shared logo, a house of the same street) say less
    than fewer on one that looks alike.
    """
    return inliers * max(0.0, similarity)


def fused_order(
    ids: NDArray[np.int64], similarities: NDArray[np.float64], inliers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the places of hits, best first; equal scores in the order of ids."""
    return np.lexsort((ids, -fused_scores(similarities, inliers)))
