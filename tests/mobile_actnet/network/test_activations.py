"""Activation layers against the paper's formulas and derivatives (eq. 2 to 17), in float64."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mobile_actnet.network.activations import (
    WEIBULL_EPSILON,
    Exponential,
    SinH,
    Weibull,
    activation_parameters,
)

X = torch.linspace(0.01, 6.0, 300, dtype=torch.float64)
WEIBULLS = [(1.0, 2.5, 4.0, 2.0), (0.5, 1.2, 2.0, 0.7), (2.0, 4.0, 5.0, 3.0)]


def weibull(x: Tensor, alpha: float, beta: float, gamma: float, zeta: float) -> Tensor:
    return (x / alpha) ** (beta - 1) * torch.exp(-((x / gamma) ** zeta))


def weibull_derivatives(
    x: Tensor, alpha: float, beta: float, gamma: float, zeta: float
) -> dict[str, Tensor]:
    """Partial derivatives of eq. 10.

    Eq. 17, by zeta, is printed with log(x/zeta); the derivative of eq. 10 has log(x/gamma).
    """
    y = weibull(x, alpha, beta, gamma, zeta)
    decay = (x / gamma) ** zeta
    return {
        "x": y * ((beta - 1) - zeta * decay) / x,
        "alpha": -y * (beta - 1) / alpha,
        "beta": y * torch.log(x / alpha),
        "gamma": y * decay * zeta / gamma,
        "zeta": -y * decay * torch.log(x / gamma),
    }


def gradients(layer: nn.Module, x: Tensor, chain: dict[str, float]) -> dict[str, Tensor]:
    """d y / d x at every x, and d y / d parameter at every x.

    `chain` has d parameter / d its stored logarithm, which autograd's value is divided by.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in ("x", *chain)}
    parameters = list(layer.parameters())
    for value in x:
        point = value.clone().requires_grad_()
        by_x, *by_parameter = torch.autograd.grad(layer(point), [point, *parameters])
        found["x"].append(by_x)
        for (name, factor), gradient in zip(chain.items(), by_parameter, strict=True):
            found[name].append(gradient / factor)
    return {name: torch.stack(values) for name, values in found.items()}


@pytest.mark.parametrize("parameters", WEIBULLS)
def test_weibull_is_equation_10_with_its_derivatives(
    parameters: tuple[float, float, float, float],
) -> None:
    layer = Weibull(*parameters).double()
    alpha, beta, gamma, zeta = parameters
    tolerance = {"rtol": 1e-6, "atol": 1e-9}  # parameters are stored in float32
    torch.testing.assert_close(layer(X), weibull(X, *parameters), **tolerance)
    chain = {"alpha": alpha, "beta": beta - 1, "gamma": gamma, "zeta": zeta}
    found = gradients(layer, X, chain)
    for name, expected in weibull_derivatives(X, *parameters).items():
        scale = float(expected.abs().max())
        torch.testing.assert_close(found[name] / scale, expected / scale, rtol=1e-5, atol=1e-6)


def test_equation_17_is_misprinted() -> None:
    """Central differences side with log(x/gamma), and not with the printed log(x/zeta)."""
    alpha, beta, gamma, zeta = WEIBULLS[0]
    step = 1e-6
    numeric = (
        weibull(X, alpha, beta, gamma, zeta + step) - weibull(X, alpha, beta, gamma, zeta - step)
    ) / (2 * step)
    y, decay = weibull(X, alpha, beta, gamma, zeta), (X / gamma) ** zeta
    right, printed = -y * decay * torch.log(X / gamma), -y * decay * torch.log(X / zeta)
    torch.testing.assert_close(numeric, right, rtol=1e-5, atol=1e-8)
    assert float((numeric - printed).abs().max()) > 0.1


@pytest.mark.parametrize(
    ("layer", "function", "derivatives"),
    [
        (
            SinH(2.0, 0.5),
            lambda x: 2 * torch.sinh(0.5 * x),
            {  # eq. 3 to 5
                "x": lambda x: 2 * 0.5 * torch.cosh(0.5 * x),
                "alpha": lambda x: torch.sinh(0.5 * x),
                "beta": lambda x: 2 * x * torch.cosh(0.5 * x),
            },
        ),
        (
            Exponential(2.0, 0.5),
            lambda x: 2 * (torch.exp(0.5 * x) - 1),
            {  # eq. 7 to 9
                "x": lambda x: 2 * 0.5 * torch.exp(0.5 * x),
                "alpha": lambda x: torch.exp(0.5 * x) - 1,
                "beta": lambda x: 2 * x * torch.exp(0.5 * x),
            },
        ),
    ],
)
def test_sinh_and_exponential(
    layer: nn.Module,
    function: Callable[[Tensor], Tensor],
    derivatives: dict[str, Callable[[Tensor], Tensor]],
) -> None:
    layer = layer.double()
    torch.testing.assert_close(layer(X), function(X), rtol=1e-6, atol=1e-9)
    found = gradients(layer, X, {"alpha": 2.0, "beta": 0.5})
    for name, expected in derivatives.items():
        torch.testing.assert_close(found[name], expected(X), rtol=1e-5, atol=1e-7, msg=name)


def test_peak_is_that_of_equation_11() -> None:
    for parameters in WEIBULLS:
        layer = Weibull(*parameters)
        x = torch.linspace(0.01, 20, 200_001)
        assert float(x[layer(x).detach().argmax()]) == pytest.approx(
            float(layer.peak.detach()), abs=2e-3
        )


def test_below_epsilon_the_weibull_is_a_line_to_the_origin() -> None:
    layer = Weibull(1.0, 1.5, 4.0, 2.0).double()
    x = torch.tensor([WEIBULL_EPSILON, WEIBULL_EPSILON / 2], dtype=torch.float64)
    at_epsilon, at_half = layer(x).tolist()
    assert at_half == pytest.approx(at_epsilon / 2)


@pytest.mark.parametrize(
    "layer",
    [
        Weibull(),
        Weibull(1.0, 1.0001, 4.0, 2.0),
        Weibull(1.0, 2.5, 0.01, 50.0),
        Weibull(0.01, 8.0, 100.0, 0.01),
        SinH(),
        Exponential(),
    ],
)
def test_values_and_gradients_are_finite_on_the_whole_range(layer: nn.Module) -> None:
    x = torch.cat([torch.zeros(3), torch.logspace(-30, math.log10(6.0), 2000)]).requires_grad_()
    y = layer(x)
    assert not y[:3].any()
    assert (y >= 0).all()
    y.sum().backward()
    for gradient in (x.grad, *(p.grad for p in layer.parameters())):
        assert gradient is not None
        assert torch.isfinite(gradient).all()


def test_parameters_stay_positive_whatever_the_optimiser_does() -> None:
    layer = Weibull()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(-5.0)
    values = activation_parameters(layer)
    assert sorted(values) == ["alpha", "beta", "gamma", "zeta"]
    assert min(values.values()) > 0
    assert values["beta"] > 1
