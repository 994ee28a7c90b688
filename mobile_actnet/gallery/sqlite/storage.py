"""How a gallery keeps descriptors: int8 or float16 values, and a scale for each descriptor.

A stored descriptor is `scale * values`, of length 1. The query goes through the same storage, so
that the similarity of two int8 descriptors is a whole number times two scales: the same bits on
every machine. docs/gallery.md writes the arithmetic out.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import GalleryError
from mobile_actnet.native.scanning import store_descriptors

LARGEST_INT8 = 127
LENGTH_TOLERANCE = 0.01
"""How far from 1 the length of a descriptor from a model may be; half precision needs 0.001."""

Values = NDArray[np.int8] | NDArray[np.float16]


class Storage(StrEnum):
    """The kind of a gallery's values."""

    INT8 = "int8"
    FLOAT16 = "float16"

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type of the values; little-endian in the file."""
        return np.dtype("<i1" if self is Storage.INT8 else "<f2")


@dataclass(frozen=True)
class StoredDescriptors:
    """Descriptors as a gallery keeps them.

    Attributes:
        values: (N, D) int8 or float16.
        scales: (N,) float64, one over the length of each row of `values`.
    """

    values: Values
    scales: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)


def encode(descriptors: NDArray[np.floating], storage: Storage) -> StoredDescriptors:
    """Bring descriptors into a storage.

    int8: value = round to even of (x * (127 / largest |x| of the descriptor)), in float64.
    float16: the nearest half.

    Args:
        descriptors: (N, D), each of length 1.

    Raises:
        GalleryError: one is not finite or not of length 1; it would be found wrongly.
    """
    if storage is Storage.INT8 and descriptors.dtype == np.float32 and descriptors.size:
        stored = store_descriptors(np.ascontiguousarray(descriptors), LENGTH_TOLERANCE)
        if stored is not None:
            return StoredDescriptors(*stored)
    wide = np.asarray(descriptors, np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= LENGTH_TOLERANCE))
    if len(wrong):
        raise GalleryError(
            f"descriptor {wrong[0]} has the length {lengths[wrong[0]]:.3g}; it must be 1. "
            "The model computes wrong values: check it with actnet-doctor --model"
        )
    if storage is Storage.INT8:
        largest = np.abs(wide).max(axis=1, keepdims=True)
        values: Values = np.rint(wide * (LARGEST_INT8 / largest)).astype(np.int8)
    else:
        values = wide.astype(storage.dtype)
    return StoredDescriptors(values, scales_of(values))


def scales_of(values: Values) -> NDArray[np.float64]:
    """Return one over the length of each row, (N,): 1 / sqrt(sum of squares), in float64.

    The sum is a whole number for int8 and therefore exact; rows of zeros give infinity.
    """
    wide = values.astype(np.float64)
    with np.errstate(divide="ignore"):
        return 1.0 / np.sqrt(np.einsum("nd,nd->n", wide, wide))


def not_of_length_1(stored: StoredDescriptors) -> NDArray[np.bool_]:
    """Tell which rows do not have the length that their scale says, (N,); NaN and infinity count, too."""
    scales = scales_of(stored.values)
    return ~(np.isclose(scales, stored.scales, rtol=1e-12) & np.isfinite(scales))


def decode(stored: StoredDescriptors) -> NDArray[np.float32]:
    """Return the descriptors that searches see: (N, D) float32, each of length 1."""
    return (stored.values.astype(np.float64) * stored.scales[:, None]).astype(np.float32)
