"""Which convolutions bear 8 bits worst: each alone is rounded in torch, and the descriptors compared."""

import copy

import numpy as np
import torch
from torch import Tensor

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.graph.lowering_errors import INT8_LEVELS
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.plan import Range
from mobile_actnet.export.quantization.weight_repair import equalise_from_bytes, round_weights
from mobile_actnet.pictures.preprocessing import Pixels

KEPT_COUNTS = (1, 2, 4, 8)
"""How many of the most sensitive convolutions are kept in float, one try each."""

_PICTURES = 16


def most_sensitive(whole: DeployableActnet, ranges: ActivationRanges, pixels: Pixels) -> list[str]:
    """Return the names of all convolutions that are rounded, the one that hurts most first.

    Args:
        whole: float, as trained; not changed.
        pixels: (N, H, W, 3) uint8; the first few are used.
    """
    pixels = pixels[:_PICTURES]
    equalised = copy.deepcopy(whole)
    points = BackbonePoints(equalised)
    equalise_from_bytes(points, ranges.scales)
    expected = _descriptors(points, pixels)
    rounded = copy.deepcopy(equalised)
    points_of_rounded = BackbonePoints(rounded)
    if ranges.tuned is not None:
        ranges.tuned.put_into(points_of_rounded)
    else:
        round_weights(rounded, points_of_rounded, ranges.means)
    of_rounded = {x.name: x.module for x in points_of_rounded.convolutions}
    losses: dict[str, float] = {}
    for convolution in points.convolutions:
        module, other = convolution.module, of_rounded[convolution.name]
        kept = module.weight.data, module.bias.data if module.bias is not None else None
        module.weight.data, module.bias.data = other.weight.data, other.bias.data  # type: ignore[union-attr]
        rounded_output = _descriptors(
            points, pixels, {convolution.point: ranges.ranges[convolution.point]}
        )
        module.weight.data, module.bias.data = kept  # type: ignore[union-attr, assignment]
        losses[convolution.name] = 1.0 - float((expected * rounded_output).sum(1).mean())
    return sorted(losses, key=lambda name: -losses[name])


def _descriptors(
    points: BackbonePoints, pixels: Pixels, ranges: dict[str, Range] | None = None
) -> np.ndarray:
    """Describe pictures with the results of some points rounded to 256 levels: (N, dim)."""

    def observe(name: str, values: Tensor) -> None:
        if ranges and name in ranges:
            low, high = ranges[name]
            step = (high - low) / (INT8_LEVELS - 1)
            # In place: what is observed is what the network goes on with.
            values.div_(step).round_().clamp_(round(low / step), round(high / step)).mul_(step)

    results = points.observe(pixels, observe)
    return torch.nn.functional.normalize(results).numpy()
