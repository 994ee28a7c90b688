"""Scores of the best match of a photo: is it what the photo shows, or only the nearest there is?

- similarity: of the best match.
- distinctness: how many standard deviations the best match's similarity is above the mean of all
  the gallery's similarities to that photo. Known in speaker verification as test normalisation
  (Auckenthaler, Carey, Lloyd-Thomas, 2000): a dark, blurred or plain photo is about as similar to
  everything, and a gallery of things that look alike gives high similarities to any photo.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.gallery.config import NEARLY_THE_SAME


class Measure(StrEnum):
    """What a best match is judged by."""

    SIMILARITY = "similarity"
    DISTINCTNESS = "distinctness"


@dataclass(frozen=True)
class BestMatches:
    """The best match of each of Q queries.

    Attributes:
        similarity: (Q,) -1 to 1; -inf where there was nothing to compare with.
        distinctness: (Q,) 0 where all are equally similar.
        right: (Q,) whether it shows what the query shows.
    """

    similarity: NDArray[np.float64]
    distinctness: NDArray[np.float64]
    right: NDArray[np.bool_]

    def score(self, measure: Measure) -> NDArray[np.float64]:
        """Return (Q,) scores by one measure."""
        return self.similarity if measure is Measure.SIMILARITY else self.distinctness


class BestSoFar:
    """Collects best matches of Q queries block by block: no memory has to hold a whole gallery."""

    def __init__(self, queries: int) -> None:
        self._best, self._right = np.full(queries, -np.inf), np.zeros(queries, np.bool_)
        self._count, self._sum, self._squares = np.zeros((3, queries))

    def add(
        self, similarities: NDArray[np.float64], same: NDArray[np.bool_], seen: NDArray[np.bool_]
    ) -> None:
        """Take over a block of B descriptors.

        Args:
            similarities: (Q, B). same: (Q, B) whether a descriptor shows what the query shows.
            seen: (Q, B) false where a query must not see a descriptor.
        """
        rows, visible = np.arange(len(seen)), np.where(seen, similarities, -np.inf)
        place = visible.argmax(axis=1)
        better = visible[rows, place] > self._best
        self._best = np.where(better, visible[rows, place], self._best)
        self._right = np.where(better, same[rows, place], self._right)
        self._count += seen.sum(axis=1)
        self._sum += np.where(seen, similarities, 0.0).sum(axis=1)
        self._squares += np.where(seen, similarities**2, 0.0).sum(axis=1)

    def result(self) -> BestMatches:
        """Return the best of all blocks."""
        count = np.maximum(self._count, 1)
        mean = self._sum / count
        deviation = np.sqrt(np.maximum(self._squares / count - mean**2, 0.0))
        distinctness = np.divide(
            self._best - mean, deviation, out=np.zeros_like(mean), where=deviation > 0
        )
        return BestMatches(self._best, distinctness, self._right)


def known_and_unknown(
    queries: NDArray[np.float32],
    own: NDArray[np.float32],
    things: NDArray[np.int64],
    blocks: Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]],
) -> tuple[BestMatches, BestMatches]:
    """Search for photos of a gallery's things twice: in all of it, and without their own thing.

    Args:
        queries: (Q, D) descriptors of photos. own: (Q, D) the gallery's of what they show.
        things: (Q,) numbers of what they show.
        blocks: of the gallery: (B,) numbers of what is shown, and (B, D) descriptors. What is
            nearly the same picture as the own one shows the same, whatever its number.

    Returns:
        known: the best among all. unknown: the best among those that show something else.
    """
    known, unknown = BestSoFar(len(queries)), BestSoFar(len(queries))
    for shown, block in blocks:
        similarities = (queries @ block.T).astype(np.float64)
        same = (things[:, None] == shown) | (own @ block.T >= NEARLY_THE_SAME)
        known.add(similarities, same, np.ones_like(same))
        unknown.add(similarities, same, ~same)
    return known.result(), unknown.result()


def best_scores(
    queries: NDArray[np.float32], blocks: Iterable[NDArray[np.float32]], measure: Measure
) -> list[float | None]:
    """Score the best match of each of Q queries; None where there is nothing to compare with.

    Args:
        queries: (Q, D) descriptors. blocks: (B, D) descriptors of the gallery.
    """
    best = BestSoFar(len(queries))
    for block in blocks:
        similarities = (queries @ block.T).astype(np.float64)
        seen = np.ones_like(similarities, np.bool_)
        best.add(similarities, seen, seen)
    found = best.result()
    known = np.isfinite(found.similarity)
    scores: list[float] = found.score(measure).tolist()
    return [score if there else None for score, there in zip(scores, known, strict=True)]
