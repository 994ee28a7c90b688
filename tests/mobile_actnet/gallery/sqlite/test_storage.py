"""Stored descriptors against arithmetic worked out by hand and in whole numbers."""

import numpy as np
import pytest

from mobile_actnet.errors import GalleryError
from mobile_actnet.gallery.sqlite.storage import (
    Storage,
    StoredDescriptors,
    decode,
    encode,
    scales_of,
)


def unit(count: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dim))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_int8_by_hand() -> None:
    stored = encode(np.array([[0.6, -0.8, 0.0]]), Storage.INT8)
    # 127 / 0.8 = 158.75; 0.6 * 158.75 = 95.25
    assert stored.values.tolist() == [[95, -127, 0]]
    assert stored.scales.tolist() == [1 / np.sqrt(95**2 + 127**2)]
    np.testing.assert_allclose(decode(stored), [[0.59899, -0.80075, 0.0]], atol=1e-5)


def test_halves_round_to_even() -> None:
    # With values that are sums of powers of two the products are exact: 5/254 of 127 is 2.5.
    row = np.array([[5 / 256, 7 / 256, 254 / 256]])
    assert (row * (127 / row.max())).tolist() == [[2.5, 3.5, 127.0]]
    assert encode(row, Storage.INT8).values.tolist() == [[2, 4, 127]]


@pytest.mark.parametrize("storage", Storage)
def test_length_one_and_near(storage: Storage) -> None:
    rows = unit(50, 256)
    seen = decode(encode(rows, storage))
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1, atol=1e-6)
    assert (seen * rows).sum(axis=1).min() > (0.9999 if storage is Storage.INT8 else 0.9999999)


def test_int8_similarity_is_a_whole_number_times_two_scales() -> None:
    stored = encode(unit(2, 64), Storage.INT8)
    one, other = (list(map(int, row)) for row in stored.values)
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = [1 / sum(a * a for a in row) ** 0.5 for row in (one, other)]
    assert stored.scales.tolist() == lengths
    assert dot * lengths[0] * lengths[1] == pytest.approx(
        float(np.prod(decode(stored), 0).sum()), abs=1e-6
    )


@pytest.mark.parametrize("row", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 0.0], [2.0, 0.0], [0.98, 0.0]])
def test_a_wrong_descriptor_is_refused(row: list[float]) -> None:
    with pytest.raises(GalleryError, match="descriptor 1 has the length .* it must be 1"):
        encode(np.array([[1.0, 0.0], row]), Storage.INT8)


def test_rows_of_zeros_have_no_scale() -> None:
    assert np.isinf(scales_of(np.zeros((1, 4), np.int8))).all()


def test_length_is_the_number_of_descriptors() -> None:
    assert len(StoredDescriptors(np.zeros((3, 4), np.int8), np.ones(3))) == 3
