"""Heads and their joining: known similarities, and a linear map that ridge regression finds."""

import pytest
import torch
from torch.nn.functional import normalize

from mobile_actnet.errors import ConfigError
from mobile_actnet.training.distillation.joining import (
    fit_ridge,
    join_heads,
    principal_components,
    split_heads,
    teacher_shares,
)


def test_joined_heads_give_the_weighted_mean_of_their_similarities() -> None:
    generator = torch.Generator().manual_seed(0)
    signatures = torch.randn(400, 32, generator=generator)
    weight, bias = torch.randn(24, 32, generator=generator), torch.zeros(24)
    joined_weight, joined_bias = join_heads(weight, bias, signatures, [16, 8], [0.75, 0.25], 24)
    joined = signatures @ joined_weight.T + joined_bias
    first, second = split_heads(signatures @ weight.T, [16, 8])
    expected = 0.75 * first @ first.T + 0.25 * second @ second.T
    similarities = normalize(joined) @ normalize(joined).T
    apart = ~torch.eye(400, dtype=torch.bool)
    agreement = torch.corrcoef(torch.stack([similarities[apart], expected[apart]]))[0, 1]
    # Not 1: the heads are joined by their mean lengths, not by those of each picture.
    assert agreement > 0.97


def test_joined_rows_stand_in_order_of_variance() -> None:
    signatures = torch.randn(200, 12, generator=torch.Generator().manual_seed(1))
    weight, bias = join_heads(torch.eye(12), torch.ones(12), signatures, [6, 6], [0.5, 0.5], 8)
    values = signatures @ weight.T + bias
    variances = values.var(0)
    assert weight.shape == (8, 12)
    assert (variances[:-1] >= variances[1:] - 1e-5).all()
    assert values.mean(0).abs().max() < 1e-4


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_whitening_evens_out_the_variances_by_its_strength(strength: float) -> None:
    generator = torch.Generator().manual_seed(3)
    signatures = torch.randn(5000, 4, generator=generator) * torch.tensor([8.0, 4.0, 2.0, 1.0])
    weight, bias = join_heads(
        torch.eye(4), torch.zeros(4), signatures, [4], [1.0], 4, strength
    )  # fmt: skip
    deviations = (signatures @ weight.T + bias).std(0)
    expected = torch.tensor([8.0, 4.0, 2.0, 1.0]) ** (1 - strength)
    assert torch.allclose(deviations / deviations[-1], expected, rtol=0.1)


def test_ridge_finds_a_linear_map() -> None:
    generator = torch.Generator().manual_seed(2)
    signatures = torch.randn(500, 10, generator=generator) + 3
    true = torch.randn(4, 10, generator=generator)
    weight, bias = fit_ridge(signatures, signatures @ true.T - 1)
    assert torch.allclose(weight, true, atol=1e-2)
    assert torch.allclose(bias, torch.full((4,), -1.0), atol=0.1)


def test_principal_components_are_no_more_than_there_are_pictures() -> None:
    projection = principal_components(torch.randn(5, 20), 16)
    assert projection(torch.randn(3, 20)).shape == (3, 4)


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [-1.0, 2.0], [float("inf"), 1.0]])
def test_weights_that_fit_no_two_teachers_are_refused(weights: list[float]) -> None:
    with pytest.raises(ConfigError, match="give 2 numbers"):
        teacher_shares(weights, 2)


def test_weights_are_brought_to_a_sum_of_1() -> None:
    assert teacher_shares([3, 1], 2) == [0.75, 0.25]
