"""Palettes: k-means in one dimension, by hand and against plain rounding."""

import numpy as np
import pytest
import torch

from mobile_actnet.export.quantization.palette import palette, palettised


def test_few_values_are_kept_exactly() -> None:
    weights = np.array([[0.5, -1.0], [0.5, 2.0]], np.float32)
    table, places = palette(weights, 2)
    np.testing.assert_array_equal(table, [-1.0, 0.5, 2.0, 2.0])
    np.testing.assert_array_equal(table[places], weights)
    assert places.dtype == np.uint8


def test_two_groups_by_hand() -> None:
    table, places = palette(np.array([0.0, 0.2, 0.1, 10.0, 10.2, 10.1]), 1)
    np.testing.assert_allclose(table, [0.1, 10.1])
    np.testing.assert_array_equal(places, [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("bits", [6, 8])
def test_better_than_evenly_spaced_levels(bits: int) -> None:
    weights = np.random.default_rng(0).laplace(0, 1, (40, 50)).astype(np.float32)
    table, places = palette(weights, bits)
    levels = np.linspace(weights.min(), weights.max(), 1 << bits)
    nearest = levels[np.abs(weights.ravel()[:, None] - levels).argmin(1)].reshape(weights.shape)
    assert np.mean((table[places] - weights) ** 2) < 0.7 * np.mean((nearest - weights) ** 2)
    assert (np.diff(table) >= 0).all()


def test_palettised_weights_are_palettised_again_without_a_change() -> None:
    weights = torch.randn(30, 40, generator=torch.Generator().manual_seed(0))
    once = palettised(weights, 6)
    assert len(once.unique()) <= 64
    torch.testing.assert_close(palettised(once, 6), once, rtol=0, atol=0)
