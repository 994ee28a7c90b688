"""Descriptors of int8 in the C engine: how a photo's are stored, and which stored ones are most similar."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.native.engine import require_engine

Int8Descriptors = tuple[NDArray[np.int8], NDArray[np.float64]]
"""(N, D) values and (N,) scales."""


def store_descriptors(descriptors: NDArray[np.float32], tolerance: float) -> Int8Descriptors | None:
    """Store descriptors as docs/gallery.md says: `round(x * (127 / largest |x|))`, and one over the length.

    Args:
        descriptors: (N, D), each of length 1, rows one after another.
        tolerance: how far from 1 a length may be.

    Returns:
        None where a length is not 1.

    Raises:
        MissingPackageError: the engine is not there.
    """
    count, length = descriptors.shape
    values, scales = np.empty((count, length), np.int8), np.empty(count)
    stored = require_engine().actnet_store(
        descriptors.ctypes.data, count, length, tolerance, values.ctypes.data, scales.ctypes.data
    )
    return (values, scales) if stored else None


def scan_descriptors(
    rows: Int8Descriptors, queries: Int8Descriptors, top: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """Find the most similar rows for each query: `product of values * scale of the query * scale of the row`.

    Args:
        rows, queries: of the same length, rows one after another.
        top: of each query; 1 or more.

    Returns:
        positions and similarities, (Q, top), best first; equal similarities in the order of rows. None where
        fewer rows have a finite similarity, or the processor has no vectors that this is faster with.

    Raises:
        MissingPackageError: the engine is not there.
        MemoryError: too little memory.
    """
    count, length = queries[0].shape
    positions, similarities = np.empty((count, top), np.int64), np.empty((count, top))
    counts = (ctypes.c_int32 * count)()
    given = [
        _Stored(values.ctypes.data, scales.ctypes.data, len(values), length)
        for values, scales in (rows, queries)
    ]
    done = require_engine().actnet_scan(
        ctypes.byref(given[0]), ctypes.byref(given[1]), top,
        positions.ctypes.data, similarities.ctypes.data, ctypes.byref(counts),
    )  # fmt: skip
    if done < 0:
        raise MemoryError
    return (positions, similarities) if done and all(n == top for n in counts) else None


class _Stored(ctypes.Structure):
    _fields_ = [
        ("values", ctypes.c_void_p),
        ("scales", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("length", ctypes.c_int32),
    ]
