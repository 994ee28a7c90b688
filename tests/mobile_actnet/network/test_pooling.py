"""Poolings against values worked out by hand and against numpy."""

import numpy as np
import pytest
import torch

from mobile_actnet.network.pooling import (
    POOLINGS,
    AveragePooling,
    GemPooling,
    MaxPooling,
    RegionalMaxPooling,
    rmac_regions,
)

MAP = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]]])


def test_average_and_maximum_by_hand() -> None:
    assert AveragePooling()(MAP).tolist() == [[3.0, 1.0]]
    assert MaxPooling()(MAP).tolist() == [[6.0, 4.0]]


def test_gem_by_hand() -> None:
    # ((1 + 8 + 27 + 216) / 4)^(1/3) and (64 / 4)^(1/3)
    expected = torch.tensor([[63.0 ** (1 / 3), 16.0 ** (1 / 3)]])
    torch.testing.assert_close(GemPooling(3.0)(MAP), expected, rtol=1e-5, atol=1e-6)


def test_gem_is_the_mean_at_1_and_near_the_maximum_at_20() -> None:
    torch.testing.assert_close(GemPooling(1.0)(MAP), AveragePooling()(MAP), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(GemPooling(20.0)(MAP), MaxPooling()(MAP), rtol=0.07, atol=0)


def test_rmac_of_one_level_is_the_normalised_maximum() -> None:
    maximum = np.array([6.0, 4.0])
    found = RegionalMaxPooling(levels=1)(MAP)[0].numpy()
    np.testing.assert_allclose(found, maximum / np.linalg.norm(maximum), rtol=1e-5)


def test_rmac_regions_of_a_square_by_hand() -> None:
    assert rmac_regions(6, 6, 2) == [(0, 0, 6), (0, 0, 4), (0, 2, 4), (2, 0, 4), (2, 2, 4)]
    assert len(rmac_regions(7, 7, 3)) == 1 + 4 + 9


def test_rmac_regions_stay_inside_and_overlap_on_the_longer_side() -> None:
    for height, width in ((7, 10), (10, 7), (1, 1), (2, 32), (24, 32)):
        for top, left, side in rmac_regions(height, width, 3):
            assert side >= 1
            assert 0 <= top <= height - side
            assert 0 <= left <= width - side
    # 7 x 10 needs one region more along the longer side: 40 % overlap asks for steps of 4.2.
    assert [left for _, left, side in rmac_regions(7, 10, 1)] == [0, 3]


def test_rmac_equals_numpy() -> None:
    x = torch.rand(2, 5, 7, 10)
    expected = np.zeros((2, 5))
    for top, left, side in rmac_regions(7, 10, 3):
        maximum = x[:, :, top : top + side, left : left + side].numpy().max((2, 3))
        expected += maximum / np.linalg.norm(maximum, axis=1, keepdims=True)
    np.testing.assert_allclose(RegionalMaxPooling()(x).numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize("kind", POOLINGS)
def test_black_and_single_positions_give_finite_values_and_gradients(kind: str) -> None:
    for shape in ((2, 4, 7, 7), (1, 4, 1, 1), (1, 4, 3, 8)):
        x = torch.zeros(shape, requires_grad=True)
        pooled = POOLINGS[kind]()(x)  # type: ignore[index]
        assert pooled.shape == shape[:2]
        pooled.sum().backward()
        assert torch.isfinite(pooled).all()
        assert x.grad is not None
        assert torch.isfinite(x.grad).all()
