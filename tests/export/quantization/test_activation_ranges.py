"""Ranges from histograms: each method by hand, or against a search that tries everything."""

import numpy as np
import pytest

from mobile_actnet.export.quantization.activation_ranges import (
    BINS,
    Histogram,
    choose_range,
    rounded,
)
from mobile_actnet.export.quantization.config import CalibrationMethod


def filled(values: np.ndarray) -> Histogram:
    histogram = Histogram(float(values.min()), float(values.max()))
    histogram.add(values.astype(np.float32))
    return histogram


def with_outlier(count: int = 200_000) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 1, count)
    return np.append(values, 40.0)


def test_levels_by_hand() -> None:
    # 0 to 255 in steps of 1; -0.4 and 300 lie outside.
    found = rounded(np.array([-0.4, 0.4, 0.6, 254.6, 300.0]), (0.0, 255.0))
    np.testing.assert_allclose(found, [0, 0, 1, 255, 255])


@pytest.mark.parametrize("limits", [(-1.3, 2.7), (0.0, 5.1), (-3.0, 0.0)])
def test_zero_is_a_level(limits: tuple[float, float]) -> None:
    assert rounded(np.zeros(1), limits)[0] == 0.0


def test_min_max_keeps_everything() -> None:
    values = with_outlier()
    found = choose_range(filled(values), CalibrationMethod.MIN_MAX)
    assert found == pytest.approx((values.min(), 40.0))


@pytest.mark.parametrize("method", [CalibrationMethod.PERCENTILE, CalibrationMethod.MSE])
def test_one_outlier_among_many_is_cut(method: CalibrationMethod) -> None:
    values = with_outlier(2_000_000 if method is CalibrationMethod.PERCENTILE else 200_000)
    low, high = choose_range(filled(values), method)
    assert 3 < high < 40
    assert low < -3


def test_mse_is_no_worse_than_any_other_cut_of_one_end() -> None:
    values = np.abs(np.random.default_rng(1).laplace(0, 1, 50_000))
    histogram = filled(values)
    low, high = choose_range(histogram, CalibrationMethod.MSE)
    assert low == 0.0

    def error(end: float) -> float:
        centres = histogram.centres
        return float(histogram.counts @ (rounded(centres, (0.0, end)) - centres) ** 2)

    others = [error(share * histogram.high) for share in np.linspace(0.4, 1, 25)]
    assert error(high) == pytest.approx(min(others))


def test_entropy_cuts_a_long_empty_tail_and_keeps_a_flat_one() -> None:
    flat = np.random.default_rng(2).uniform(0, 6, 100_000)
    assert choose_range(filled(flat), CalibrationMethod.ENTROPY)[1] == pytest.approx(6, rel=0.1)
    low, high = choose_range(filled(with_outlier()), CalibrationMethod.ENTROPY)
    assert low < 0 < high <= 40


@pytest.mark.parametrize("method", CalibrationMethod)
def test_a_tensor_of_zeros_has_a_range(method: CalibrationMethod) -> None:
    histogram = Histogram(0.0, 0.0)
    histogram.add(np.zeros(10, np.float32))
    low, high = choose_range(histogram, method)
    assert low == 0.0
    assert high > 0.0


def test_batches_add_up() -> None:
    histogram = Histogram(0.0, 1.0)
    for _ in range(3):
        histogram.add(np.linspace(0, 1, 100, dtype=np.float32))
    assert histogram.counts.sum() == 300
    assert len(histogram.centres) == BINS
