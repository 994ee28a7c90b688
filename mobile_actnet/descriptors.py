"""Descriptors: vectors of length 1, one for each picture; their inner product is the similarity."""

import numpy as np
from numpy.typing import NDArray

Descriptors = NDArray[np.float32]


def cosine(reference: Descriptors, others: Descriptors) -> Descriptors:
    """Return the cosine of each pair of rows; 0 where one is zero or not finite."""
    a, b = reference.astype(np.float64), others.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = (a * b).sum(1) / lengths
    return np.where(np.isfinite(cosines), cosines, 0.0).astype(np.float32)
