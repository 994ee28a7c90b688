"""A network that computes in float what its int8 artefact will compute, with gradients.

Kernels are rounded as the export rounds them, biases corrected as it corrects them, every point
rounded to the 256 levels of its range. A gradient passes a rounding as if it were not there
(Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons", 2013), and stops
where a value lies outside its range.
"""

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.activation_ranges import LEVELS
from mobile_actnet.export.quantization.backbone_points import BackbonePoints, Convolution
from mobile_actnet.export.quantization.calibration import ActivationRanges
from mobile_actnet.export.quantization.tuned_kernels import TunedKernels, levels_of
from mobile_actnet.export.quantization.weight_repair import (
    bias_shift,
    bonds,
    equalise_from_bytes,
    rounded_weights,
)


class SimulatedInt8(nn.Module):
    """The int8 backbone of a network in front of its float head.

    What is learnt is counted in levels, kernels in those of their row and biases in those of the
    point behind them: one learning rate suits all layers. Widenings are logarithms of factors on
    channels between convolutions, as in equalisation: but for what they do to the rounding they
    change nothing, so that they can learn fast.

    Args:
        deployable: float weights as trained; equalised here, in place.
        ranges: ranges, scales and means of that network.
    """

    def __init__(self, deployable: DeployableActnet, ranges: ActivationRanges) -> None:
        super().__init__()
        self._points = BackbonePoints(deployable)
        equalise_from_bytes(self._points, ranges.scales)
        self._deployable, self._ranges = deployable, ranges
        self._order = {x.name: number for number, x in enumerate(self._points.convolutions)}
        modules = [x.module for x in self._points.convolutions]
        self._steps = [levels_of(rounded_weights(x.weight))[1] for x in modules]
        self._starts = [x.bias.detach().clone() for x in modules if x.bias is not None]
        self.levels = nn.ParameterList(
            module.weight.detach() / _rows(step)
            for module, step in zip(modules, self._steps, strict=True)
        )
        self.shifts = nn.ParameterList(torch.zeros_like(bias) for bias in self._starts)
        self._bond_of: dict[str, int] = {}
        widths = []
        for number, bond in enumerate(sorted(bonds(self._points), key=lambda x: sorted(x.points))):
            self._bond_of |= dict.fromkeys(bond.points, number)
            widths.append(bond.writers[0].module.out_channels)
        self.widenings = nn.ParameterList(torch.zeros(width) for width in widths)

    def forward(self, images: Tensor) -> Tensor:
        """Return the signature: images in the deployable's layout to (N, signature_dim)."""
        maps = _Simulated(self, self._points).run(self._deployable.normalised(images))
        return torch.cat([stream(maps) for stream in self._deployable.streams], 1)

    def kernel(self, convolution: Convolution) -> tuple[Tensor, Tensor]:
        """Return a convolution's rounded kernel and its corrected bias."""
        number = self._order[convolution.name]
        groups = convolution.module.groups
        weight = self.levels[number] * _rows(self._steps[number])
        bias = self._starts[number] + self.shifts[number] * self._step(convolution.point)
        read, written = self._factor(convolution.source), self._factor(convolution.point)
        if read is not None:
            weight = weight / (_rows(read) if groups > 1 else read.view(1, -1, 1, 1))
        if written is not None:
            weight, bias = weight * _rows(written), bias * written
        with torch.no_grad():
            change = rounded_weights(weight) - weight
            mean = self._ranges.means[convolution.source]
            correction = bias_shift(change, mean if read is None else mean * read, groups)
        return weight + change, bias - correction

    def rounded(self, point: str, values: Tensor) -> Tensor:
        """Round a point's values to the levels of its range; a range from 0 cuts as a ReLU does."""
        step = self._step(point)
        zero_point = round(-self._ranges.ranges[point][0] / step)
        return torch.fake_quantize_per_tensor_affine(values, step, zero_point, 0, LEVELS - 1)

    @torch.no_grad()
    def record(self, about: dict[str, Any]) -> ActivationRanges:
        """Return what to record: the kernels, and scales and means that hold the widenings.

        Args:
            about: how they were tuned.
        """
        kernels = {x.name: self.kernel(x) for x in self._points.convolutions}
        split = {name: levels_of(weight) for name, (weight, _) in kernels.items()}
        tuned = TunedKernels(
            {name: levels for name, (levels, _) in split.items()},
            {name: steps for name, (_, steps) in split.items()},
            {name: bias.clone() for name, (_, bias) in kernels.items()},
            about,
        )
        scales, means = self._widened(self._ranges.scales), self._widened(self._ranges.means)
        return replace(self._ranges, scales=scales, means=means, tuned=tuned)

    def _widened(self, channels: dict[str, Tensor]) -> dict[str, Tensor]:
        factors = {point: self._factor(point) for point in channels}
        return {
            point: x if (factor := factors[point]) is None else x * factor
            for point, x in channels.items()
        }

    def _factor(self, point: str) -> Tensor | None:
        """Return (C,) what a point's channels are multiplied by; None where nothing may be."""
        number = self._bond_of.get(point)
        return None if number is None else self.widenings[number].exp()

    def _step(self, point: str) -> float:
        low, high = self._ranges.ranges[point]
        return (high - low) / (LEVELS - 1)


class _Simulated(fx.Interpreter):
    def __init__(self, simulated: SimulatedInt8, points: BackbonePoints) -> None:
        super().__init__(points.graph)
        self._simulated, self._points = simulated, points
        self._convolutions = {x.name: x for x in points.convolutions}

    def run_node(self, n: fx.Node) -> Any:
        point = self._points.of.get(n)
        if n.op == "call_module" and str(n.target) in self._convolutions:
            value = self._convolve(self._convolutions[str(n.target)], *self._values(n))
        elif point is not None and n.op == "call_module":
            # A ReLU: the range behind it begins at 0.
            (value,) = self._values(n)
        else:
            value = super().run_node(n)
        return value if point is None else self._simulated.rounded(point, value)

    def _values(self, n: fx.Node) -> Any:
        return self.fetch_args_kwargs_from_env(n)[0]

    def _convolve(self, convolution: Convolution, values: Tensor) -> Tensor:
        module = convolution.module
        weight, bias = self._simulated.kernel(convolution)
        return F.conv2d(
            values, weight, bias, module.stride, module.padding, module.dilation, module.groups
        )


def _rows(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
