"""How far apart the distances of matching and of non-matching pairs are (the paper, figure 3).

mAP looks at the order of hits; an app that has to say "not found" needs one threshold for all
queries, and that works only where the two histograms of distances lie apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.photos import Photo

Counts = NDArray[np.int64]

BINS = 64
LARGEST_DISTANCE = 2.0
"""Of two vectors of length 1."""

SMOOTHING = 0.5
"""Added to the count of every bin before the divergence, so that an empty bin is no infinity."""

_CHUNK = 64


@dataclass(frozen=True)
class DistanceHistograms:
    """How many pairs have which distance.

    Attributes:
        edges: (B + 1,) float64, borders of the bins, 0 to 2.
        matching: (B,) int64, pairs of a query and a database picture of its instance.
        non_matching: (B,) int64, all other pairs of a query and a database picture.
    """

    edges: NDArray[np.float64]
    matching: Counts
    non_matching: Counts

    @property
    def kl_matching(self) -> float:
        """KL(matching || non-matching) in nats; see `kl_divergence`."""
        return kl_divergence(self.matching, self.non_matching)

    @property
    def kl_non_matching(self) -> float:
        """KL(non-matching || matching) in nats; see `kl_divergence`."""
        return kl_divergence(self.non_matching, self.matching)

    @property
    def has_both_kinds(self) -> bool:
        """Whether there is a pair of each kind, without which there is no divergence."""
        return bool(self.matching.any() and self.non_matching.any())


def kl_divergence(first: Counts, second: Counts, smoothing: float = SMOOTHING) -> float:
    """Return KL(first || second) = sum of p * ln(p / q) of two histograms, in nats.

    p and q are the shares of the counts after `smoothing` was added to every bin. Without it a
    bin that only `first` has would make the sum infinite; with it the result depends a little on
    the number of pairs, and only values for the same photos compare.

    Args:
        first, second: (B,) counts on the same bins, at least 0.
        smoothing: above 0; by default half a pair.
    """
    p = (first + smoothing) / (first + smoothing).sum()
    q = (second + smoothing) / (second + smoothing).sum()
    return float(np.sum(p * np.log(p / q)))


def distance_histograms(
    descriptors: Descriptors, photos: list[Photo], queries: NDArray[np.int64], bins: int = BINS
) -> DistanceHistograms:
    """Count the distances of queries to everything in the database, themselves left out.

    Args:
        descriptors: (N, D) float32, each of length 1.
        photos: the N photos they belong to; the database are those with the role database,
            distractor or both.
        queries: which of them to search for.
        bins: of equal width from 0 to 2.
    """
    instances = np.unique([photo.instance for photo in photos], return_inverse=True)[1]
    database = np.flatnonzero([photo.is_searched for photo in photos])
    edges = np.linspace(0, LARGEST_DISTANCE, bins + 1)
    matching, non_matching = np.zeros(bins, np.int64), np.zeros(bins, np.int64)
    for start in range(0, len(queries), _CHUNK):
        chunk = queries[start : start + _CHUNK]
        similarities = descriptors[chunk] @ descriptors[database].T  # (chunk, database)
        # |a - b|^2 = 2 - 2ab; half precision may leave lengths a little off 1.
        distances = np.sqrt(np.clip(2 - 2 * similarities, 0, LARGEST_DISTANCE**2))
        same = instances[chunk][:, None] == instances[database][None, :]
        others = chunk[:, None] != database[None, :]
        matching += np.histogram(distances[same & others], edges)[0]
        non_matching += np.histogram(distances[~same], edges)[0]
    return DistanceHistograms(edges, matching, non_matching)
