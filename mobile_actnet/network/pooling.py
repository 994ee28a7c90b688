"""Poolings: how the positions of a feature map become one value per channel.

All take (N, C, H, W) and return (N, C).
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobile_actnet.network.config import PoolingKind

_EPSILON = 1e-6


class AveragePooling(nn.Module):
    """Mean over positions (SPoC; "DA" in the paper)."""

    def forward(self, x: Tensor) -> Tensor:
        # Not x.mean((2, 3)): the TFLite converter wraps that in two transposes.
        return F.adaptive_avg_pool2d(x, 1).flatten(1)


class MaxPooling(nn.Module):
    """MAC: maximum over positions (Tolias et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        return _window_max(x, x.shape[2], x.shape[3])


class RegionalMaxPooling(nn.Module):
    """R-MAC: sum of the L2-normalised maxima of square regions (Tolias et al., 2016).

    At level l there are l regions along the shorter side, each 2 * min(H, W) / (l + 1) wide; the
    longer side gets as many as keep the overlap of neighbours near 40 %. Non-finite never: a
    region of zeros adds zeros.
    """

    def __init__(self, levels: int = 3) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2], x.shape[3]
        maxima = [
            _window_max(x[:, :, top : top + side, left : left + side], side, side)
            for top, left, side in rmac_regions(height, width, self.levels)
        ]
        return torch.stack([_l2_normalise(maximum) for maximum in maxima]).sum(0)


class GemPooling(nn.Module):
    """Generalised mean (mean(x^p))^(1/p), p learnable and positive (Radenovic et al., 2018).

    Values below 1e-6 count as 1e-6, in training and in the exported graph alike.
    """

    def __init__(self, p: float = 3.0) -> None:
        super().__init__()
        self.log_p = nn.Parameter(torch.tensor(math.log(p)))

    def forward(self, x: Tensor) -> Tensor:
        p = self.log_p.exp()
        powered = (p * x.clamp(min=_EPSILON).log()).exp()
        mean = F.adaptive_avg_pool2d(powered, 1).flatten(1)
        # The smallest normal float32 keeps the logarithm finite where 1e-6^p underflows.
        return (mean.clamp(min=torch.finfo(torch.float32).tiny).log() / p).exp()


def rmac_regions(height: int, width: int, levels: int) -> list[tuple[int, int, int]]:
    """Return R-MAC's square regions as (top, left, side), in positions of the feature map.

    Args:
        height, width: size of the feature map, each at least 1.
        levels: number of scales, at least 1.
    """
    shorter, longer = min(height, width), max(height, width)
    extra = _extra_regions(shorter, longer)
    regions = []
    for level in range(1, levels + 1):
        side = max(1, 2 * shorter // (level + 1))
        counts = (
            level + (extra if height > width else 0),
            level + (extra if width > height else 0),
        )
        tops = _starts(height, side, counts[0])
        lefts = _starts(width, side, counts[1])
        regions += [(top, left, side) for top in tops for left in lefts]
    return regions


def _extra_regions(shorter: int, longer: int, wanted_overlap: float = 0.4) -> int:
    """How many regions more the longer side gets, so that neighbours overlap by about 40 %."""
    if shorter == longer:
        return 0
    candidates = range(2, 8)
    steps = [(longer - shorter) / (count - 1) for count in candidates]
    overlaps = [(shorter**2 - shorter * step) / shorter**2 for step in steps]
    return min(range(len(steps)), key=lambda i: abs(overlaps[i] - wanted_overlap)) + 1


def _starts(length: int, side: int, count: int) -> list[int]:
    if count == 1:
        return [(length - side) // 2]
    return [int(index * (length - side) / (count - 1)) for index in range(count)]


def _window_max(x: Tensor, height: int, width: int) -> Tensor:
    return F.max_pool2d(x, (int(height), int(width))).flatten(1)


def _l2_normalise(x: Tensor) -> Tensor:
    return x * ((x * x).sum(1, keepdim=True) + _EPSILON).rsqrt()


POOLINGS: dict[PoolingKind, Callable[[], nn.Module]] = {
    PoolingKind.AVERAGE: AveragePooling,
    PoolingKind.MAC: MaxPooling,
    PoolingKind.RMAC: RegionalMaxPooling,
    PoolingKind.GEM: GemPooling,
}
