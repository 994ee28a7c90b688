"""Heads: one projection of the signature for each teacher, joined to one descriptor afterwards.

While it learns, the student has a head for each teacher. One common space from the beginning was
tried: the teacher whose similarities vary most drowned the other one (docs/training-log.md). Heads
are linear in the signature, so joining them gives an ordinary whitening, and the teachers' weights
can be chosen after the training.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mobile_actnet.errors import ConfigError


@dataclass(frozen=True)
class Projection:
    """Subtract the mean, project, bring to length 1.

    Attributes:
        mean: (D,). weight: (D, d).
    """

    mean: Tensor
    weight: Tensor

    def __call__(self, descriptors: Tensor) -> Tensor:
        """Project (N, D) to (N, d), each of length 1."""
        return torch.nn.functional.normalize((descriptors - self.mean) @ self.weight)


def principal_components(values: Tensor, dim: int) -> Projection:
    """Fit the projection of (M, D) to its first `dim` principal components, or as many as it has."""
    mean = values.double().mean(0)
    centred = values.double() - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    count = max(1, min(dim, values.shape[1], len(values) - 1))
    return Projection(mean.float(), vectors.flip(1)[:, :count].float())


def teacher_shares(weights: list[float], count: int) -> list[float]:
    """Bring the weights of `count` teachers to a sum of 1.

    Raises:
        ConfigError: another number of weights, a negative one, or none above 0.
    """
    if len(weights) != count or not all(0 <= w < math.inf for w in weights) or not sum(weights):
        raise ConfigError(
            f"the teachers' weights are {weights}; give {count} numbers, 0 or more, not all 0"
        )
    return [weight / sum(weights) for weight in weights]


def split_heads(described: Tensor, dims: list[int]) -> list[Tensor]:
    """Cut (B, sum of dims) into the heads' descriptors, each (B, dim) of length 1."""
    return [torch.nn.functional.normalize(part) for part in described.split(dims, 1)]


_LEAST_VARIANCE = 1e-6
"""Of the first row's: rows below it are noise, and whitening would make them loud."""


def join_heads(
    weight: Tensor, bias: Tensor, signatures: Tensor, dims: list[int], shares: list[float],
    dim: int, strength: float = 0.0,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Join heads to one whitening.

    With strength 0 the similarity is near the mean of the heads' similarities by their shares.
    Rows stand in order of variance, so leading ones are a shorter descriptor.

    Args:
        weight: (sum of dims, D), bias: (sum of dims,): the heads, behind each other.
        signatures: (M, D) of clean pictures.
        shares: part of each head in the similarity; the sum is 1.
        dim: rows of the result, or as many as there are.
        strength: of whitening, 0 to 1: a row of variance v is divided by v to the power of half of
            it, so that a few directions do not decide alone.

    Returns:
        weight (dim, D) and bias (dim,), float32.
    """
    weight, bias = weight.double(), bias.double()
    projected = signatures.double() @ weight.T + bias
    scale = torch.cat(
        [
            math.sqrt(share) / part.norm(dim=1).mean() * torch.ones(part.shape[1]).to(part)
            for part, share in zip(projected.split(dims, 1), shares, strict=True)
        ]
    )
    joint = principal_components(projected * scale, dim)
    rotation = joint.weight.double()
    variances = ((projected * scale - joint.mean) @ rotation).var(0, correction=0)
    rotation = rotation / variances.clamp(min=variances[0] * _LEAST_VARIANCE) ** (strength / 2)
    new_weight = rotation.T @ (weight * scale[:, None])
    return new_weight.float(), (rotation.T @ (bias * scale - joint.mean.double())).float()


_RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def fit_ridge(signatures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Fit targets as a linear function of signatures; the strength is chosen on a tenth of them.

    Args:
        signatures: (M, D). targets: (M, d).

    Returns:
        weight (d, D) and bias (d,), float32.
    """
    apart = torch.arange(len(signatures)) % 10 == 9
    chosen = _RIDGES[2]
    if apart.any():
        scores = {}
        for ridge in _RIDGES:
            weight, bias = _solve(signatures[~apart], targets[~apart], ridge)
            fitted = torch.nn.functional.normalize(signatures[apart] @ weight.T + bias)
            expected = torch.nn.functional.normalize(targets[apart])
            scores[ridge] = float((fitted * expected).sum(1).mean())
        chosen = max(scores, key=lambda ridge: scores[ridge])
    return _solve(signatures, targets, chosen)


def _solve(signatures: Tensor, targets: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    x, y = signatures.double(), targets.double()
    mean, centre = x.mean(0), y.mean(0)
    covariance = (x - mean).T @ (x - mean)
    # In units of the mean variance, so that the scale of the signature does not matter.
    covariance += ridge * covariance.diagonal().mean() * torch.eye(len(covariance)).to(covariance)
    weight = torch.linalg.solve(covariance, (x - mean).T @ (y - centre)).T
    return weight.float(), (centre - weight @ mean).float()
