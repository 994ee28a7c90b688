"""Learnable activation layers: Weibull, SinH and Exponential (the paper, eq. 2 to 17).

Each has a few scalar parameters per stream, kept positive by holding their logarithms, and maps a
feature map in [0, 6] (ReLU6's range) to values that are 0 at 0, so that the zeros that fill most
of a feature map stay zeros.

The layers are written in the operators that phones accelerate (max, log, exp, mul, add), never
`pow`, and are the same in training and in the exported graph: what is trained is what runs.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mobile_actnet.network.config import ActivationKind

FEATURE_MAP_MAX = 6.0  # ReLU6

WEIBULL_EPSILON = 1e-3
"""Below this input the Weibull is a straight line to the origin.

log(x) has no value at 0, and for beta < 2 the slope of eq. 10 grows without bound towards it.
max(x, epsilon) inside the logarithm with a factor x outside bounds both, and is exactly 0 at 0.
1e-3 is also well inside the normal numbers of half precision.
"""

# exp(-exp(w)) is 0 in float32 long before w = 80, and exp(80) is still finite: beyond it the
# gradient would be 0 * inf.
_LARGEST_EXPONENT = 80.0


class Weibull(nn.Module):
    """Modified Weibull: y = (x/alpha)^(beta-1) * exp(-(x/gamma)^zeta) (eq. 10).

    Defined for x >= 0, with alpha, gamma, zeta > 0 and beta > 1. For x < `WEIBULL_EPSILON` it is
    x/epsilon times the value at epsilon, hence y(0) = 0 with a finite slope. The peak is at
    gamma * ((beta-1)/zeta)^(1/zeta) (eq. 11).

    The default values put the peak near 3.5, where MobileNetV2's strong activations are, and
    bend down the bursts above it.
    """

    def __init__(
        self, alpha: float = 1.0, beta: float = 2.5, gamma: float = 4.0, zeta: float = 2.0
    ) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(alpha)))
        self.log_beta_minus_1 = nn.Parameter(torch.tensor(math.log(beta - 1.0)))
        self.log_gamma = nn.Parameter(torch.tensor(math.log(gamma)))
        self.log_zeta = nn.Parameter(torch.tensor(math.log(zeta)))

    @property
    def alpha(self) -> Tensor:
        return self.log_alpha.exp()

    @property
    def beta(self) -> Tensor:
        return 1.0 + self.log_beta_minus_1.exp()

    @property
    def gamma(self) -> Tensor:
        return self.log_gamma.exp()

    @property
    def zeta(self) -> Tensor:
        return self.log_zeta.exp()

    @property
    def peak(self) -> Tensor:
        """The input with the largest output (eq. 11)."""
        return self.gamma * ((self.beta - 1.0) / self.zeta) ** (1.0 / self.zeta)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer elementwise.

        Args:
            x: feature map, any shape, values in [0, 6].

        Returns:
            Same shape and dtype, values >= 0.
        """
        log_x = x.clamp(min=WEIBULL_EPSILON).log()
        # (x/gamma)^zeta = exp(decay_exponent)
        decay_exponent = (self.zeta * (log_x - self.log_gamma)).clamp(max=_LARGEST_EXPONENT)
        growth_exponent = (self.beta - 2.0) * log_x - (self.beta - 1.0) * self.log_alpha
        return x * (growth_exponent - decay_exponent.exp()).exp()


class SinH(nn.Module):
    """y = alpha * sinh(beta * x) (eq. 2), alpha, beta > 0."""

    def __init__(self, alpha: float = 1.0, beta: float = 0.5) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(alpha)))
        self.log_beta = nn.Parameter(torch.tensor(math.log(beta)))

    @property
    def alpha(self) -> Tensor:
        return self.log_alpha.exp()

    @property
    def beta(self) -> Tensor:
        return self.log_beta.exp()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer elementwise: `x` in [0, 6], any shape; same shape and dtype back."""
        # sinh(a) = (e^a - e^-a) / 2: mobile runtimes have no sinh.
        scaled = self.beta * x
        return 0.5 * self.alpha * (scaled.exp() - (-scaled).exp())


class Exponential(nn.Module):
    """y = alpha * (exp(beta * x) - 1) (eq. 6), alpha, beta > 0."""

    def __init__(self, alpha: float = 1.0, beta: float = 0.5) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(alpha)))
        self.log_beta = nn.Parameter(torch.tensor(math.log(beta)))

    @property
    def alpha(self) -> Tensor:
        return self.log_alpha.exp()

    @property
    def beta(self) -> Tensor:
        return self.log_beta.exp()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer elementwise: `x` in [0, 6], any shape; same shape and dtype back."""
        return self.alpha * ((self.beta * x).exp() - 1.0)


ACTIVATIONS: dict[ActivationKind, Callable[[], nn.Module]] = {
    ActivationKind.WEIBULL: Weibull,
    ActivationKind.SINH: SinH,
    ActivationKind.EXPONENTIAL: Exponential,
    ActivationKind.NONE: nn.Identity,
}


def activation_parameters(layer: nn.Module) -> dict[str, float]:
    """Return the parameters of an activation layer by their names in the paper."""
    names = ("alpha", "beta", "gamma", "zeta")
    return {name: float(getattr(layer, name).detach()) for name in names if hasattr(layer, name)}
