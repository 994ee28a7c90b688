"""Repairs before quantising: what makes MobileNetV2 bear 8 bits.

Cross-layer equalisation (Nagel et al., "Data-Free Quantization Through Weight Equalization and
Bias Correction", ICCV 2019): the channels of a tensor share 256 levels, so that one strong channel
leaves a weak one a handful. Between two convolutions a channel can be multiplied by a number and
the next kernel divided by it. Per-channel kernels make it free where the next one is depthwise.

Bias correction (the same paper, with means measured rather than derived): rounded weights shift
the mean of every output channel; the bias takes the shift back. It is what helps most here: the
mean over positions that follows keeps a shift and averages noise away.

The picture's bytes are the input's levels, so that nothing is lost before the first kernel.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import (
    INPUT,
    SIGNATURE,
    BackbonePoints,
    Convolution,
)
from mobile_actnet.network.activations import FEATURE_MAP_MAX

WEIGHT_LEVEL_MAX = 127

BYTE_ZERO_POINT = 116
"""The byte that is 0 to a backbone that reads bytes: ImageNet's mean of green, between the others."""

BYTE_RANGE = (-float(BYTE_ZERO_POINT), 255.0 - BYTE_ZERO_POINT)
"""Of its input."""

Rounding = Callable[[Tensor], Tensor]

_LARGEST_SCALE = 20.0
_SMALLEST = 1e-3


@dataclass(frozen=True)
class Bond:
    """Points that must share their scales, what writes them, and the convolutions that read them."""

    points: frozenset[str]
    writers: list[Convolution]
    readers: list[Convolution]


@torch.no_grad()
def equalisation_scales(points: BackbonePoints, largest: dict[str, Tensor]) -> dict[str, Tensor]:
    """Find what to multiply each point's channels by.

    Args:
        largest: per point, (C,) the largest magnitude of each channel.

    Returns:
        per point that can be scaled, (C,) positive numbers.
    """
    scales: dict[str, Tensor] = {}
    for bond in bonds(points):
        values = torch.stack([largest[name] for name in bond.points]).amax(0).clamp(min=_SMALLEST)
        weights = torch.stack([_input_magnitudes(x.module) for x in bond.readers]).amax(0)
        if any(writer.bounded for writer in bond.writers):
            scale = _bounded_scale(values, weights, bond.readers[0].module)
        else:
            scale = (weights.clamp(min=1e-8) / values).sqrt()
            scale = (scale / scale.log().mean().exp()).clamp(1 / _LARGEST_SCALE, _LARGEST_SCALE)
        scales |= dict.fromkeys(bond.points, scale)
    return scales


def equalise_from_bytes(points: BackbonePoints, scales: dict[str, Tensor]) -> None:
    """Bring a float network to the form that 8 bits are chosen in, in place.

    Done twice, the second time with no scales, it changes nothing more.
    """
    take_bytes(points)
    equalise(points, scales)


@torch.no_grad()
def take_bytes(points: BackbonePoints) -> None:
    """Let the backbone read byte - 116 in place of normalised values, in place.

    So the input's 256 levels are the bytes themselves. Normalised, its three channels have three
    steps, and rounding them anew to a common one was the largest single noise in dark pictures. Scale
    and offset move into the first kernels. Padding with 0 now is byte 116 in every channel, where it
    was the mean of each (124, 116, 104): a cosine of 0.99999.
    """
    deployable = points.deployable
    ratio = deployable.scale
    shift = BYTE_ZERO_POINT * ratio + deployable.offset
    for module in (x.module for x in points.convolutions if x.source == INPUT):
        assert module.bias is not None
        module.bias += (module.weight * shift).sum((1, 2, 3))
        module.weight *= ratio
    deployable.scale = torch.ones_like(ratio)
    deployable.offset = torch.full_like(ratio, -BYTE_ZERO_POINT)


@torch.no_grad()
def equalise(points: BackbonePoints, scales: dict[str, Tensor]) -> None:
    """Multiply the channels of points by their scales, in place; the function stays the same.

    Behind a ReLU6 it stays so as long as no channel exceeds what `equalisation_scales` was told.
    """
    for convolution in points.convolutions:
        module = convolution.module
        if convolution.source in scales:
            scale = scales[convolution.source]
            depthwise = module.groups > 1
            module.weight /= scale.view(-1, 1, 1, 1) if depthwise else scale.view(1, -1, 1, 1)
        if convolution.point in scales:
            scale = scales[convolution.point]
            module.weight *= scale.view(-1, 1, 1, 1)
            assert module.bias is not None
            module.bias *= scale


@torch.no_grad()
def round_weights(
    deployable: DeployableActnet,
    points: BackbonePoints,
    means: dict[str, Tensor],
    kept: frozenset[str] = frozenset(),
    whitening: bool = True,
    rounding: Rounding | None = None,
) -> None:
    """Bring kernels to the few values that they will be stored as, and correct the biases.

    Every converter finds the same values again: of int8 because the largest weight of a channel
    is one of its levels, of a palette because there are no others.

    Args:
        means: per point, (C,) the mean of each channel; biases stay as they are where it is missing.
        kept: names of convolutions to leave as they are.
        whitening: whether the projection is rounded too.
        rounding: from weights (out, ...) to rounded ones; symmetric per-channel int8 if None.
    """
    rounding = rounding or rounded_weights
    for convolution in points.convolutions:
        if convolution.name not in kept:
            _round(convolution.module, means.get(convolution.source), rounding)
    if whitening:
        _round(deployable.whitening, means.get(SIGNATURE), rounding)


def rounded_weights(weight: Tensor) -> Tensor:
    """Round (out, ...) weights to multiples of their row's largest magnitude / 127.

    A kernel of several taps is rounded so that the errors of a row cancel: neighbouring pixels are
    nearly alike, so that what it gives for a flat patch matters most. After Guo et al., "SQuant:
    On-the-Fly Data-Free Quantization via Diagonal Hessian Approximation", ICLR 2022. It takes away
    nine tenths of the first convolution's noise, which is the largest.
    """
    largest = weight.abs().flatten(1).amax(1).clamp(min=torch.finfo(torch.float32).tiny)
    step = (largest / WEIGHT_LEVEL_MAX).view(-1, *[1] * (weight.ndim - 1))
    levels = weight / step
    rounded = levels.round()
    if weight.ndim == 4 and weight[0, 0].numel() > 1:
        rounded -= _corrections(levels.flatten(1), rounded.flatten(1)).view_as(rounded)
    return rounded * step


def rounded_to_half(weight: Tensor) -> Tensor:
    """Round (out, in, h, w) weights to halves so that the errors of a kernel's taps cancel.

    What is left of a kernel's sum goes to its smallest tap, which has the finest steps. What the
    kernel gives for a flat patch stays the same, to a thousandth of what rounding alone would do.

    Returns:
        float32 values that are halves.
    """
    taps = weight.flatten(0, 1).flatten(1)
    rounded = taps.half().float()
    if taps.shape[1] > 1:
        kernels, smallest = torch.arange(len(taps)), taps.abs().argmin(1)
        rounded[kernels, smallest] += (taps - rounded).sum(1)
    return rounded.half().float().view_as(weight)


def _corrections(levels: Tensor, rounded: Tensor) -> Tensor:
    """Return (rows, taps) -1, 0 or 1: what to take off, so that a row's errors add up to about 0.

    Rounded the other way are the taps that lie nearest to the middle between two levels. The
    largest one of a row is a level itself and stays.
    """
    errors = rounded - levels
    total = errors.sum(1, keepdim=True)
    ranks = (errors * total.sign()).argsort(1, descending=True).argsort(1)
    return torch.where(ranks < total.abs().round(), total.sign(), torch.zeros(()))


def _round(module: nn.Conv2d | nn.Linear, mean: Tensor | None, rounding: Rounding) -> None:
    rounded = rounding(module.weight)
    if mean is not None:
        assert module.bias is not None
        module.bias -= bias_shift(rounded - module.weight, mean, getattr(module, "groups", 1))
    module.weight.copy_(rounded)


def bias_shift(change: Tensor, mean: Tensor, groups: int) -> Tensor:
    """Return (out,) by how much a change of a kernel moves the mean of each output channel.

    Args:
        change: (out, in / groups, ...). mean: (in,) of the channels that the kernel reads.
    """
    shift = change.flatten(2).sum(2) if change.ndim > 2 else change
    # (out, in / groups) times each group's means.
    by_group = shift.view(groups, -1, shift.shape[1])
    return torch.einsum("goi,gi->go", by_group, mean.view(groups, -1)).flatten()


def bonds(points: BackbonePoints) -> list[Bond]:
    """Group points that additions tie together; leave out what the head or nothing else reads."""
    tied = {x.point: {x.point} for x in points.convolutions} | {
        x.point: {x.point} for x in points.additions
    }
    for addition in points.additions:
        together = set().union(*(tied[name] for name in (*addition.sources, addition.point)))
        for name in together:
            tied[name] = together
    bonds_of_groups = []
    read_by_head = set(points.outputs.values())
    for group in {frozenset(names) for names in tied.values()}:
        writers = [x for x in points.convolutions if x.point in group]
        readers = [x for x in points.convolutions if x.source in group]
        if readers and not group & read_by_head and _can_scale(group, writers, readers):
            bonds_of_groups.append(Bond(group, writers, readers))
    return bonds_of_groups


def _can_scale(
    group: frozenset[str], writers: list[Convolution], readers: list[Convolution]
) -> bool:
    """A ReLU6 bears scaling alone and with one reader; grouped kernels only if depthwise."""
    if any(x.module.groups not in (1, x.module.in_channels) for x in readers):
        return False
    return not any(x.bounded for x in writers) or (len(group) == 1 and len(readers) == 1)


def _bounded_scale(values: Tensor, weights: Tensor, reader: nn.Conv2d) -> Tensor:
    """Widen weak channels, never beyond what ReLU6 lets through, and no saturated ones."""
    if reader.groups > 1:
        scale = values.max() / values
    else:
        scale = (weights.clamp(min=1e-8) / values).sqrt()
        scale = scale * (values.max() / (values * scale).max())
    scale = torch.minimum(scale.clamp(1.0, _LARGEST_SCALE), FEATURE_MAP_MAX / values)
    return scale.clamp(min=1.0)


def _input_magnitudes(module: nn.Conv2d) -> Tensor:
    """Return (in,) the largest magnitude of the weights that read each input channel."""
    magnitudes = module.weight.abs()
    return magnitudes.amax((1, 2, 3)) if module.groups > 1 else magnitudes.amax((0, 2, 3))
