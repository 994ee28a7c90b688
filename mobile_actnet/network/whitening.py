"""Whitening: the learned projection from signature to descriptor, and its PCA start."""

import math

import torch
from torch import Tensor, nn

from mobile_actnet.errors import ConfigError

DEFAULT_STRENGTH = 0.5


class Whitening(nn.Module):
    """Affine projection whose rows stand in order of variance.

    The first d rows are therefore a projection to d values of their own, which is what
    `--dim` cuts out.
    """

    def __init__(self, signature_dim: int, whitening_dim: int) -> None:
        super().__init__()
        if not 1 <= whitening_dim <= signature_dim:
            raise ConfigError(
                f"whitening_dim is {whitening_dim}; allowed is 1 to {signature_dim}, "
                "the length of the signature"
            )
        self.weight = nn.Parameter(torch.empty(whitening_dim, signature_dim))
        self.bias = nn.Parameter(torch.zeros(whitening_dim))
        # Not orthogonal: with all rows that takes seconds, for values that are replaced anyway.
        nn.init.normal_(self.weight, std=signature_dim**-0.5)

    def forward(self, signature: Tensor, dim: int) -> Tensor:
        """Project (N, signature_dim) onto the first `dim` rows: (N, dim)."""
        return nn.functional.linear(signature, self.weight[:dim], self.bias[:dim])

    @torch.no_grad()
    def set(self, weight: Tensor, bias: Tensor) -> None:
        """Copy a projection into the parameters: shapes (whitening_dim, signature_dim), (dim,)."""
        self.weight.copy_(weight)
        self.bias.copy_(bias)


def pca_whitening(
    signatures: Tensor, dim: int, strength: float = DEFAULT_STRENGTH
) -> tuple[Tensor, Tensor]:
    """Fit PCA whitening.

    Component i is divided by its standard deviation to the power `strength`: 0 is plain PCA, 1
    full whitening, which gives components that are mostly noise the weight of the best ones.

    Args:
        signatures: (M, D), at least dim + 1 of them, finite.
        dim: components kept, 1 to D.
        strength: 0 to 1.

    Returns:
        weight (dim, D) and bias (dim,), float32, rows in order of falling variance; the mean
        squared length of the projected signatures is 1.

    Raises:
        ConfigError: too few signatures for `dim` components, or `dim` larger than D.
    """
    count, signature_dim = signatures.shape
    if not 1 <= dim <= signature_dim:
        raise ConfigError(f"dim is {dim}; allowed is 1 to {signature_dim}")
    if count <= dim:
        raise ConfigError(
            f"{dim} components cannot be fitted on {count} photos; give more photos or a "
            f"whitening_dim below {count}"
        )
    centred = signatures.double()
    mean = centred.mean(0)
    centred = centred - mean
    variances, vectors = torch.linalg.eigh(centred.T @ centred / (count - 1))
    variances, vectors = variances.flip(0)[:dim], vectors.flip(1)[:, :dim]
    # Directions that never vary must not be blown up.
    variances = variances.clamp(min=float(variances[0]) * 1e-9)
    weight = (vectors / variances.sqrt().pow(strength)).T
    weight = weight / math.sqrt(float((variances ** (1 - strength)).sum()))
    return weight.float(), (-weight @ mean).float()


def order_rows_by_variance(
    weight: Tensor, bias: Tensor, signatures: Tensor, block_dim: int
) -> tuple[Tensor, Tensor]:
    """Rotate a trained projection so that its rows stand in order of variance again.

    Joint training mixes the rows. A rotation of the first `block_dim` of them changes no
    similarity of `block_dim`-d descriptors; rows after the block are left as they are.

    Args:
        weight: (R, D). bias: (R,). signatures: (M, D).
        block_dim: rows to rotate, those that were trained together.
    """
    projected = signatures.double() @ weight[:block_dim].double().T + bias[:block_dim].double()
    # About the origin, not the mean: descriptors are normalised about the origin.
    _, vectors = torch.linalg.eigh(projected.T @ projected)
    rotation = vectors.flip(1).T
    new_weight, new_bias = weight.clone(), bias.clone()
    new_weight[:block_dim] = (rotation @ weight[:block_dim].double()).float()
    new_bias[:block_dim] = (rotation @ bias[:block_dim].double()).float()
    return new_weight, new_bias
