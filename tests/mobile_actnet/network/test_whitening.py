"""PCA whitening against numpy's singular values."""

import numpy as np
import pytest
import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.whitening import Whitening, order_rows_by_variance, pca_whitening


@pytest.fixture
def signatures() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(200, 12, generator=generator) * torch.linspace(3, 0.2, 12)
    return mixed @ torch.linalg.qr(torch.randn(12, 12, generator=generator)).Q + 2.0


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_pca_whitening_equals_numpy_svd(signatures: torch.Tensor, strength: float) -> None:
    weight, bias = pca_whitening(signatures, 5, strength)
    projected = (signatures @ weight.T + bias).numpy()
    centred = signatures.numpy() - signatures.numpy().mean(0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    deviations = values[:5] / np.sqrt(199)
    expected = left[:, :5] * values[:5] / deviations**strength
    # Up to the sign of each component and one common scale.
    scale = np.sqrt((expected.var(0, ddof=1)).sum())
    np.testing.assert_allclose(np.abs(projected), np.abs(expected / scale), rtol=1e-3, atol=1e-4)


def test_rows_stand_in_order_of_variance_and_lengths_are_about_one(
    signatures: torch.Tensor,
) -> None:
    weight, bias = pca_whitening(signatures, 8)
    projected = signatures @ weight.T + bias
    variances = projected.var(0)
    assert (variances[:-1] > variances[1:]).all()
    assert float(projected.var(0).sum()) == pytest.approx(1.0, rel=1e-3)


def test_constant_directions_are_not_blown_up() -> None:
    flat = torch.zeros(50, 6)
    flat[:, 0] = torch.linspace(-1, 1, 50)
    weight, bias = pca_whitening(flat, 4, strength=1.0)
    assert torch.isfinite(weight).all()
    assert torch.isfinite(bias).all()


def test_too_few_signatures_and_impossible_dims_are_refused(signatures: torch.Tensor) -> None:
    with pytest.raises(ConfigError, match="5 components cannot be fitted on 5 photos"):
        pca_whitening(signatures[:5], 5)
    with pytest.raises(ConfigError, match="dim is 13; allowed is 1 to 12"):
        pca_whitening(signatures, 13)
    with pytest.raises(ConfigError, match="whitening_dim is 13; allowed is 1 to 12"):
        Whitening(12, 13)


def test_ordering_rotates_without_changing_similarities(signatures: torch.Tensor) -> None:
    weight, bias = torch.randn(8, 12), torch.randn(8)
    ordered_weight, ordered_bias = order_rows_by_variance(weight, bias, signatures, 6)
    before = signatures @ weight[:6].T + bias[:6]
    after = signatures @ ordered_weight[:6].T + ordered_bias[:6]
    torch.testing.assert_close(before @ before.T, after @ after.T, rtol=1e-3, atol=1e-2)
    energies = after.square().mean(0)
    assert (energies[:-1] >= energies[1:]).all()
    assert torch.equal(ordered_weight[6:], weight[6:])
    assert torch.equal(ordered_bias[6:], bias[6:])
