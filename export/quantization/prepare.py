"""What every format does alike for 8 bits: repair the network, and say which tensor has which range.

The kernels are rounded here, in torch, before any converter sees them. So the three formats hold
the same integers, and what is measured of one repair holds for all.
"""

import functools
import math
from collections.abc import Sequence

from torch import Tensor

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import (
    INPUT,
    SIGNATURE,
    WHITENING,
    BackbonePoints,
)
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.config import PALETTE_BITS, ROUNDED, STATIC
from mobile_actnet.export.quantization.palette import palettised
from mobile_actnet.export.quantization.plan import ConvolutionPlan, QuantizationPlan, Range
from mobile_actnet.export.quantization.weight_repair import equalise_from_bytes, round_weights
from mobile_actnet.runtime.vocabulary import Precision

SMALL_KERNEL = 100_000
"""Values; smaller kernels stay in half precision where only weights are rounded."""

TINY_KERNEL = 1024
"""Values; still smaller ones stay in single precision there, where the format has it."""


def plan_of(
    points: BackbonePoints, ranges: dict[str, Range], kept: frozenset[str] = frozenset()
) -> QuantizationPlan:
    """Put ranges in the order of execution.

    Args:
        kept: names of convolutions that stay in float.
    """
    return QuantizationPlan(
        tuple(
            ConvolutionPlan(
                x.name, tuple(x.module.weight.shape), ranges[x.point], x.name in kept
            )
            for x in points.convolutions
        ),
        tuple(ranges[x.point] for x in points.additions),
        ranges[INPUT], ranges[SIGNATURE], ranges[WHITENING],
        {layer: ranges[point] for layer, point in points.outputs.items()},
    )  # fmt: skip


def prepare(
    deployable: DeployableActnet,
    precision: Precision,
    activation_ranges: ActivationRanges | None,
    kept: frozenset[str] = frozenset(),
) -> QuantizationPlan | None:
    """Repair a network for a precision, in place.

    Args:
        deployable: float weights as trained.
        activation_ranges: what calibration measured; without it biases are not corrected. Tuned kernels stand in
            for the network's own where activations are of 8 bits.
        kept: names of convolutions that stay in float.

    Returns:
        the plan for the converter; None for a precision without 8-bit activations.
    """
    if precision not in ROUNDED:
        return None
    points = BackbonePoints(deployable)
    means: dict[str, Tensor] = {}
    if precision not in STATIC:
        if activation_ranges is not None:
            # The float network reads normalised values, not bytes.
            inner = {name: x for name, x in activation_ranges.means.items() if name != INPUT}
            means = {name: x / activation_ranges.scales.get(name, 1.0) for name, x in inner.items()}
        kept = frozenset(x.name for x in points.convolutions if is_small(x.module.weight.shape))
    elif activation_ranges is not None:
        equalise_from_bytes(points, activation_ranges.scales)
        means = activation_ranges.means
        if activation_ranges.tuned is not None:
            activation_ranges.tuned.put_into(points, kept)
            # Their biases are corrected already.
            means = {SIGNATURE: means[SIGNATURE]}
    bits = PALETTE_BITS.get(precision)
    rounding = functools.partial(palettised, bits=bits) if bits else None
    round_weights(deployable, points, means, kept, precision is not Precision.MIXED, rounding)
    return (
        plan_of(points, activation_ranges.ranges, kept)
        if precision in STATIC and activation_ranges
        else None
    )


def is_small(shape: Sequence[int]) -> bool:
    """Whether a kernel stays in half precision where only weights are rounded.

    Most of the weights are in a few large kernels, most of the rounding's noise is not.
    """
    return math.prod(int(side) for side in shape) < SMALL_KERNEL


def is_tiny(shape: Sequence[int]) -> bool:
    """Whether a kernel is not worth storing in less than single precision.

    Four kernels of the first two blocks, a thousandth of the weights: half precision there makes
    more noise than in all the others together.
    """
    return math.prod(int(side) for side in shape) < TINY_KERNEL
