"""The order of hits when some are verified: similarity and inliers together.

The descriptor knows the neighbourhood, local features know the thing. A hit with more than a few
inliers rises by the logarithm of their number; without any, similarity alone decides, as it must for
things that have no local features worth the name. A hit that looks much less alike than the first does not
rise: it may share no more than the ground with the photo. How the numbers were chosen stands in docs/decisions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Found = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Ids and similarities of pictures, best first."""

CHANCE_INLIERS = 3
"""So many inliers come by chance."""

MOST_INLIERS = 25
"""More are no surer: the ground that two things were photographed on gives as many."""

WEIGHT = 0.15
"""Similarity that a factor e of inliers above chance is worth."""

REACH = 0.2
"""A picture whose similarity lies further below the largest one does not rise, whatever its inliers."""

SURE_SIMILARITY = 0.7
SURE_REACH = 0.03
"""Likewise where the largest similarity is at least 0.7: the descriptor is as good as sure by itself."""


def largest_per_picture(
    ids: NDArray[np.int64], similarities: NDArray[np.float64], top: int
) -> Found:
    """Merge the hits of a photo's views: each picture keeps its largest similarity.

    Args:
        ids, similarities: (H,) of all views' hits in any order.

    Returns:
        at most `top` of each, best first; equal similarities in the order of ids.
    """
    order = np.lexsort((ids, -similarities))
    first: dict[int, int] = {}
    for picture_id, place in zip(ids[order].tolist(), order.tolist(), strict=True):
        first.setdefault(picture_id, place)
        if len(first) == top:
            break
    places = np.array(list(first.values())[:top], np.int64)
    return ids[places], similarities[places]


def largest_of_views(
    ids: NDArray[np.int64], similarities: NDArray[np.float64], per_query: int, top: int
) -> list[Found]:
    """Merge the hits of Q photos' views, `per_query` of each; see `largest_per_picture`.

    Args:
        ids, similarities: (Q * per_query, H); an id below 0 is no hit.
    """
    found = []
    for start in range(0, len(ids), per_query):
        rows = slice(start, start + per_query)
        held = ids[rows] >= 0
        found.append(largest_per_picture(ids[rows][held], similarities[rows][held], top))
    return found


def merged(some: Sequence[Found], others: Sequence[Found], top: int) -> list[Found]:
    """Merge what two sets of views of the same photos found, each at least `top` where there are so many."""
    return [
        largest_per_picture(np.concatenate([a, b]), np.concatenate([near_a, near_b]), top)
        for (a, near_a), (b, near_b) in zip(some, others, strict=True)
    ]


def fused_scores(
    similarities: NDArray[np.float64], inliers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return what the hits of one photo are ordered by: similarity + 0.15 ln(1 + inliers above 3).

    25 inliers at most count; none where the similarity is more than 0.2 below the photo's largest, or 0.03
    where that is at least 0.7.

    Args:
        similarities: (H,) of all hits that were compared with the photo.
        inliers: (H,).
    """
    if not len(similarities):
        return similarities
    largest = similarities.max()
    reach = SURE_REACH if largest >= SURE_SIMILARITY else REACH
    counted = np.clip(inliers, CHANCE_INLIERS, MOST_INLIERS) - CHANCE_INLIERS
    return similarities + WEIGHT * np.log1p(counted) * (similarities >= largest - reach)


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
