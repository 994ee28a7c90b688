"""Searching with descriptors and saying how good the ranking is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.photos import Photo


@dataclass(frozen=True)
class RetrievalScore:
    """Result of one set, in per cent.

    Attributes:
        mean_ap: mean over queries of average precision: the precision at each positive's rank,
            averaged over the positives (no interpolation).
        recall_at_1: queries whose first hit is a positive.
        recall_at_10: queries with a positive among the first ten hits.
        queries: how many.
        database: how many pictures were searched.
    """

    mean_ap: float
    recall_at_1: float
    recall_at_10: float
    queries: int
    database: int


def average_precision(positives: NDArray[np.bool_]) -> float:
    """Average precision of one ranking.

    Args:
        positives: (K,) whether the hit at each rank is a positive, best hit first. All positives
            are in it.

    Returns:
        0 to 1; 0 where there is no positive.
    """
    ranks = np.flatnonzero(positives) + 1
    if not len(ranks):
        return 0.0
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def in_order_of_paths(photos: list[Photo], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows of photos in the order of their paths."""
    return np.array(sorted(rows.tolist(), key=lambda row: str(photos[row].path)), np.int64)


def evaluate(
    descriptors: Descriptors, photos: list[Photo], queries: NDArray[np.int64] | None = None
) -> RetrievalScore:
    """Rank a labelled collection by its roles.

    A query is searched in everything with the role database, distractor or both, itself left out.
    Equal similarities are ordered by path, not by the order of a manifest's lines.
    A query without a positive there is not counted.

    Args:
        descriptors: (N, D) float32, each of length 1.
        photos: the N photos they belong to.
        queries: which of them to search for; all with the role query or both if None.
    """
    instances = np.array([photo.instance for photo in photos])
    database = in_order_of_paths(photos, np.flatnonzero([photo.is_searched for photo in photos]))
    if queries is None:
        queries = np.flatnonzero([photo.is_query for photo in photos])
    precisions, first_ranks = [], []
    for query in queries:
        others = database[database != query]
        order = np.argsort(-(descriptors[others] @ descriptors[query]), kind="stable")
        positives = instances[others[order]] == instances[query]
        if positives.any():
            precisions.append(average_precision(positives))
            first_ranks.append(int(positives.argmax()))
    if not precisions:
        return RetrievalScore(0.0, 0.0, 0.0, 0, len(database))
    ranks = np.array(first_ranks)
    return RetrievalScore(
        mean_ap=100 * float(np.mean(precisions)),
        recall_at_1=100 * float(np.mean(ranks < 1)),
        recall_at_10=100 * float(np.mean(ranks < 10)),
        queries=len(ranks),
        database=len(database),
    )
