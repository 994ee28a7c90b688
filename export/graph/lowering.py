"""Lowering: the head written with constants and operators that phones accelerate.

The parameters of a trained head are numbers, so what depends on them alone is worked out here,
once, in double precision. The Weibull becomes, with t = log(max(x, epsilon)),

    y / m = x * exp((beta - 2) t + c - exp(zeta t + d)),

which is max, log, mul, add, exp, sub: no POW, which no mobile accelerator takes, and exactly 0 at
x = 0, where most of a feature map lies. The divisor m is the largest value that the layer takes on
[0, 6], but at most 16. Dividing by it keeps activations near 1, so that a sum over positions stays
far from half precision's largest number; the power normalisation gives m back: lambda * (m z +
epsilon)^p = lambda m^p * (z + epsilon / m)^p. A divisor above 16 would make epsilon / m a subnormal
half, which accelerators flush to zero.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.activations import (
    FEATURE_MAP_MAX,
    WEIBULL_EPSILON,
    Exponential,
    SinH,
    Weibull,
    activation_parameters,
)
from mobile_actnet.network.actnet import POWER_EPSILON, PowerNormalisation, Stream
from mobile_actnet.network.pooling import AveragePooling, GemPooling
from mobile_actnet.runtime.vocabulary import Lowering

GRID_POINTS = 60_001
_LARGEST_DIVISOR = 16.0
# Of the layer's largest value, or of 1 if that is less.
_LARGEST_AT_ZERO = 1e-4

Grid = NDArray[np.float64]


class LogGuard(nn.Module):
    """max(x, epsilon), what the logarithm takes; a module, so that a format may write it its way."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=WEIBULL_EPSILON)


class LoweredWeibull(nn.Module):
    """x * exp((beta - 2) t + c - exp(zeta t + d)) with t = log(max(x, epsilon))."""

    def __init__(self, layer: Weibull) -> None:
        super().__init__()
        parameters = activation_parameters(layer)
        alpha, self.beta = parameters["alpha"], parameters["beta"]
        gamma, self.zeta = parameters["gamma"], parameters["zeta"]
        self.divisor = divisor(layer)
        self.c = -(self.beta - 1.0) * math.log(alpha) - math.log(self.divisor)
        self.d = -self.zeta * math.log(gamma)
        self.guard = LogGuard()

    def forward(self, x: Tensor) -> Tensor:
        t = self.guard(x).log()
        return x * (((self.beta - 2.0) * t + self.c) - (self.zeta * t + self.d).exp()).exp()


class UnitCap(nn.Module):
    """min(x, 1); a module, so that a format may write it its way."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(max=1.0)


class MaskedWeibull(LoweredWeibull):
    """exp((beta - 1) t + c - exp(zeta t + d)) * min(x / epsilon, 1)."""

    def __init__(self, layer: Weibull) -> None:
        super().__init__(layer)
        self.cap = UnitCap()

    def forward(self, x: Tensor) -> Tensor:
        t = self.guard(x).log()
        value = (((self.beta - 1.0) * t + self.c) - (self.zeta * t + self.d).exp()).exp()
        return value * self.cap(x * (1.0 / WEIBULL_EPSILON))


class BareWeibull(nn.Module):
    """exp((beta - 1) t - exp(zeta t + d)): no factor x and no constant c.

    At 0 it gives `at_zero`, its value at epsilon: next to nothing where the Weibull rises slowly.
    It is not divided by the largest value but by what c would hold; the power gives both back.

    Raises:
        ConfigError: the Weibull rises too steeply, or its values are too far from 1.
    """

    def __init__(self, layer: Weibull) -> None:
        super().__init__()
        parameters = activation_parameters(layer)
        self.exponent, self.zeta = parameters["beta"] - 1.0, parameters["zeta"]
        self.d = -self.zeta * math.log(parameters["gamma"])
        self.divisor = parameters["alpha"] ** -self.exponent
        self.at_zero = float(formula(layer, np.array(WEIBULL_EPSILON))) / self.divisor
        self.guard = LogGuard()
        largest = largest_value(layer) / self.divisor
        # The power takes it off again, and what is left there must stay above 0.
        allowed = min(_LARGEST_AT_ZERO * min(largest, 1.0), 0.1 * POWER_EPSILON / self.divisor)
        if self.at_zero > allowed:
            raise ConfigError(
                f"{Lowering.LOG_EXP_BARE.value} is for a Weibull that is nearly 0 at "
                f"{WEIBULL_EPSILON}; with {parameters} it is not: use {Lowering.LOG_EXP.value}"
            )
        if max(self.divisor, largest) > _LARGEST_DIVISOR:
            raise ConfigError(
                f"{Lowering.LOG_EXP_BARE.value} gives values up to {largest:.3g}, a divisor of "
                f"{self.divisor:.3g}; at most {_LARGEST_DIVISOR:g} are allowed: "
                f"use {Lowering.LOG_EXP.value}"
            )

    def forward(self, x: Tensor) -> Tensor:
        t = self.guard(x).log()
        return (self.exponent * t - (self.zeta * t + self.d).exp()).exp()


class LoweredSinH(nn.Module):
    """exp(beta x + c) - exp(-beta x + c)."""

    def __init__(self, layer: SinH) -> None:
        super().__init__()
        self.divisor = divisor(layer)
        self.beta = float(layer.beta.detach())
        self.c = math.log(float(layer.alpha.detach()) / 2.0 / self.divisor)

    def forward(self, x: Tensor) -> Tensor:
        scaled = self.beta * x
        return (scaled + self.c).exp() - (self.c - scaled).exp()


class LoweredExponential(nn.Module):
    """(exp(beta x) - 1) * alpha / m: exactly 0 at 0."""

    def __init__(self, layer: Exponential) -> None:
        super().__init__()
        self.divisor = divisor(layer)
        self.beta = float(layer.beta.detach())
        self.scale = float(layer.alpha.detach()) / self.divisor

    def forward(self, x: Tensor) -> Tensor:
        return ((self.beta * x).exp() - 1.0) * self.scale


class LoweredGemPooling(nn.Module):
    """GeM pooling with its p as a constant."""

    def __init__(self, pooling: GemPooling) -> None:
        super().__init__()
        self.p = float(pooling.log_p.detach().exp())

    def forward(self, x: Tensor) -> Tensor:
        powered = (self.p * x.clamp(min=1e-6).log()).exp()
        mean = nn.functional.adaptive_avg_pool2d(powered, 1).flatten(1)
        return (mean.clamp(min=torch.finfo(torch.float32).tiny).log() * (1.0 / self.p)).exp()


class LoweredPower(nn.Module):
    """exp(p log(z + epsilon / m) + log(lambda m^p)): power normalisation of z = m z'.

    Args:
        at_zero: what a lowered layer gives at 0; taken off again, as most of a map is 0.
    """

    def __init__(self, power: PowerNormalisation, divisor: float, at_zero: float = 0.0) -> None:
        super().__init__()
        self.p = float(power.power.detach())
        self.epsilon = POWER_EPSILON / divisor - at_zero
        self.c = math.log(float(power.scale.detach())) + self.p * math.log(divisor)

    def forward(self, z: Tensor) -> Tensor:
        return (self.p * (z + self.epsilon).log() + self.c).exp()


class LoweredStream(nn.Module):
    """A stream with all its parameters folded."""

    def __init__(self, stream: Stream, lowering: Lowering = Lowering.LOG_EXP) -> None:
        super().__init__()
        self.layers, self.unbounded = stream.layers, stream.unbounded
        self.activation = lower_activation(stream.activation, lowering)
        self.pooling: nn.Module = stream.pooling
        if isinstance(stream.pooling, GemPooling):
            self.pooling = LoweredGemPooling(stream.pooling)
        # Only a mean scales with its input; R-MAC normalises each region.
        self.power = LoweredPower(
            stream.power,
            getattr(self.activation, "divisor", 1.0),
            getattr(self.activation, "at_zero", 0.0),
        )
        if isinstance(self.activation, BareWeibull) and not isinstance(
            stream.pooling, AveragePooling
        ):
            raise ConfigError(
                f"{lowering.value} is for average pooling; got {type(stream.pooling).__name__}: "
                f"use {Lowering.LOG_EXP.value}"
            )

    forward: Callable[[dict[str, Tensor]], Tensor] = Stream.forward  # type: ignore[assignment]
    _clip = Stream._clip


def lower_activation(layer: nn.Module, lowering: Lowering = Lowering.LOG_EXP) -> nn.Module:
    """Return the lowered form of an activation layer; only the Weibull has several.

    Raises:
        ConfigError: a layer without one.
    """
    if isinstance(layer, Weibull):
        return _WEIBULLS[lowering](layer)
    for kind, lowered in _LOWERINGS.items():
        if isinstance(layer, kind):
            return lowered(layer)
    raise ConfigError(f"no lowering for the activation layer {type(layer).__name__}")


def automatic_lowering(head: nn.Module, preferred: Lowering) -> Lowering:
    """Return the preferred lowering if all streams of a head can be written so, else log-exp."""
    try:
        for stream in head.modules():
            if isinstance(stream, Stream):
                LoweredStream(stream, preferred)
    except ConfigError:
        return Lowering.LOG_EXP
    return preferred


def formula(layer: nn.Module, x: Grid) -> Grid:
    """Evaluate an activation layer as the paper writes it, in double precision."""
    p = activation_parameters(layer)
    if isinstance(layer, Weibull):
        growth = (x / p["alpha"]) ** (p["beta"] - 1.0)
        return growth * np.exp(-((x / p["gamma"]) ** p["zeta"]))
    if isinstance(layer, SinH):
        return p["alpha"] * np.sinh(p["beta"] * x)
    if isinstance(layer, Exponential):
        return p["alpha"] * np.expm1(p["beta"] * x)
    return x


def divisor(layer: nn.Module) -> float:
    """Return what a layer's values are divided by in the exported graph (see above)."""
    return min(largest_value(layer), _LARGEST_DIVISOR)


def largest_value(layer: nn.Module) -> float:
    """Return the largest value of an activation layer on [0, 6]."""
    points = np.linspace(0.0, FEATURE_MAP_MAX, GRID_POINTS)
    if isinstance(layer, Weibull):
        points = np.append(points, min(float(layer.peak.detach()), FEATURE_MAP_MAX))
    with np.errstate(over="ignore"):
        largest = float(formula(layer, points).max())
    if not math.isfinite(largest) or largest <= 0.0:
        raise ConfigError(
            f"the {type(layer).__name__} layer's largest value on [0, 6] is {largest}; "
            f"its parameters {activation_parameters(layer)} cannot be exported"
        )
    return largest


_WEIBULLS: dict[Lowering, Callable[[Weibull], nn.Module]] = {
    Lowering.LOG_EXP: LoweredWeibull,
    Lowering.LOG_EXP_MASK: MaskedWeibull,
    Lowering.LOG_EXP_BARE: BareWeibull,
}

_LOWERINGS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    SinH: LoweredSinH,
    Exponential: LoweredExponential,
    nn.Identity: nn.Identity,
}
