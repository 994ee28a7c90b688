"""mAP against dimension, on descriptors whose first values mislead."""

from pathlib import Path

import numpy as np
import pytest

from mobile_actnet.evaluation.reports.dimension_curve import curve_dims, cut, dimension_curves
from mobile_actnet.pictures.photos import Photo


@pytest.mark.parametrize(
    ("rows", "dims"),
    [
        (2560, [16, 32, 64, 128, 256, 512, 1024, 2048, 2560]),
        (64, [16, 32, 64]),
        (40, [16, 32, 40]),
        (5, [5]),
    ],
)
def test_dims(rows: int, dims: list[int]) -> None:
    assert curve_dims(rows) == dims


def test_cut_is_of_length_1_and_zero_stays_zero() -> None:
    descriptors = np.array([[3, 4, 12], [0, 0, 1]], np.float32) / np.float32(13)
    np.testing.assert_allclose(cut(descriptors, 2), [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_more_values_find_what_the_first_ones_miss() -> None:
    # The query's first value is nearest to the wrong picture, all three to the right one.
    descriptors = np.array([[0.6, 0.8, 0], [0.5, 0.8, 0.33], [0.9, -0.3, 0.3]], np.float32)
    descriptors[1, 0] = -0.5
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    photos = [
        Photo(Path("q"), "a", "query"),
        Photo(Path("right"), "a", "database"),
        Photo(Path("wrong"), "b", "database"),
    ]
    curves = dimension_curves(descriptors, photos, {"shop": np.array([0])}, [1, 3])
    assert curves == {"shop": {1: 50.0, 3: 100.0}}
