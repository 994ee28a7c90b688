"""The lowered layers against the paper's formulas, in double precision and over the whole range."""

import math

import numpy as np
import pytest
import torch

from mobile_actnet.errors import ConfigError
from mobile_actnet.export.graph.lowering import (
    LoweredGemPooling,
    LoweredPower,
    LoweredStream,
    LoweredWeibull,
    automatic_lowering,
    formula,
    largest_value,
    lower_activation,
)
from mobile_actnet.export.graph.lowering_errors import level_error, lowering_error
from mobile_actnet.network.activations import WEIBULL_EPSILON, Exponential, SinH, Weibull
from mobile_actnet.network.actnet import PowerNormalisation, Stream
from mobile_actnet.network.config import ActivationKind, PoolingKind, StreamConfig
from mobile_actnet.network.pooling import GemPooling
from mobile_actnet.runtime.vocabulary import Lowering

WEIBULLS = [
    Weibull(),
    Weibull(0.5, 1.2, 2.0, 0.7),
    Weibull(2.0, 4.0, 5.0, 3.0),
    Weibull(1.0, 1.05, 0.5, 1.0),
    Weibull(1.5, 2.0, 10.0, 1.5),
]


@pytest.mark.parametrize("layer", WEIBULLS)
def test_weibull_follows_equation_10_above_epsilon(layer: Weibull) -> None:
    x = np.linspace(WEIBULL_EPSILON, 6.0, 5000)
    a, b, g, z = (float(v.detach()) for v in (layer.alpha, layer.beta, layer.gamma, layer.zeta))
    expected = [(v / a) ** (b - 1) * math.exp(-((v / g) ** z)) for v in x]
    lowered = LoweredWeibull(layer)
    found = lowered(torch.from_numpy(x)).numpy() * lowered.divisor
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("layer", [*WEIBULLS, SinH(), Exponential()])
def test_zero_stays_exactly_zero_and_values_stay_near_one(layer: torch.nn.Module) -> None:
    lowered = lower_activation(layer)
    for dtype in (torch.float32, torch.float16):
        assert not lowered(torch.zeros(3, dtype=dtype)).any()
    grid = lowered(torch.linspace(0, 6, 100_001, dtype=torch.float64))
    largest = largest_value(layer)
    assert float(grid.max()) == pytest.approx(largest / min(largest, 16), abs=1e-6)


@pytest.mark.parametrize("layer", [*WEIBULLS, SinH(), Exponential()])
def test_lowered_equals_the_trained_layer(layer: torch.nn.Module) -> None:
    x = torch.linspace(0, 6, 2001)
    lowered = lower_activation(layer)
    with torch.no_grad():
        torch.testing.assert_close(lowered(x) * lowered.divisor, layer(x), rtol=2e-5, atol=1e-6)


def test_largest_value_is_at_the_peak_of_equation_11() -> None:
    # beta = 3, zeta = 2, gamma = 4: peak at 4 * (2/2)^(1/2) = 4, where y = 4^2 * exp(-1).
    assert largest_value(Weibull(1.0, 3.0, 4.0, 2.0)) == pytest.approx(16 * math.exp(-1), rel=1e-6)
    # A peak beyond 6 counts at 6.
    assert largest_value(Weibull(1.0, 3.0, 40.0, 2.0)) == pytest.approx(
        36 * math.exp(-((6 / 40) ** 2)), rel=1e-6
    )


def test_epsilon_of_the_power_stays_a_normal_half() -> None:
    steep = Weibull(0.1, 2.5, 4.0, 2.0)  # its largest value is near 100
    assert largest_value(steep) > 50
    stream = LoweredPower(PowerNormalisation(), lower_activation(steep).divisor)
    assert stream.epsilon >= float(np.finfo(np.float16).tiny)


def test_formula_of_sinh_and_exponential() -> None:
    x = np.array([0.0, 0.5, 3.0, 6.0])
    np.testing.assert_allclose(formula(SinH(2.0, 0.5), x), 2 * np.sinh(0.5 * x), rtol=1e-6)
    np.testing.assert_allclose(
        formula(Exponential(2.0, 0.5), x), 2 * (np.exp(0.5 * x) - 1), rtol=1e-6
    )


def test_error_is_measured_and_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lowering_error(Weibull()).max_absolute < 1e-5
    assert lowering_error(Weibull(), torch.float16).max_absolute > 1e-4
    monkeypatch.setattr(
        LoweredWeibull, "forward", lambda self, x: torch.where(x > 3.0, x * 0 + 0.5, x * 0)
    )
    assert lowering_error(Weibull()).max_absolute > 0.3


def test_error_at_a_beta_below_two_is_that_of_the_line_below_epsilon() -> None:
    # Below epsilon the layer is a line; (x/eps - (x/eps)^(beta-1)) eps^(beta-1) is the difference.
    layer = Weibull(1.0, 1.2, 4.0, 2.0)
    found = lowering_error(layer)
    below = np.linspace(0, WEIBULL_EPSILON, 11)[1:]  # the grid's points
    share = below / WEIBULL_EPSILON
    worst = np.abs(share - share**0.2).max() * WEIBULL_EPSILON**0.2 / largest_value(layer)
    assert found.at < WEIBULL_EPSILON
    assert found.max_absolute == pytest.approx(worst, rel=0.02)


def test_power_gives_the_largest_value_back() -> None:
    z, largest = torch.rand(4, 7, dtype=torch.float64), 3.2
    power = PowerNormalisation(scale=1.7, power=0.4)
    with torch.no_grad():
        torch.testing.assert_close(
            LoweredPower(power, largest)(z / largest), power(z), rtol=1e-6, atol=1e-7
        )


def test_gem_pooling_lowered() -> None:
    x = torch.rand(2, 3, 4, 5) * 6
    torch.testing.assert_close(
        LoweredGemPooling(GemPooling(2.5))(x), x.pow(2.5).mean((2, 3)).pow(1 / 2.5)
    )


def test_layers_without_a_lowering_and_values_beyond_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="no lowering for the activation layer Tanh"):
        lower_activation(torch.nn.Tanh())
    with pytest.raises(ConfigError, match="largest value on \\[0, 6\\] is inf"):
        lower_activation(SinH(1.0, 500.0))


_SLOW, _LARGE = [Weibull(), Weibull(1.2, 2.8, 3.9, 1.8)], Weibull(1, 3.5, 20, 1)


@pytest.mark.parametrize(
    ("layer", "lowering"),
    [
        *((layer, lowering) for layer in _SLOW for lowering in Lowering),
        (_LARGE, Lowering.LOG_EXP),
        (_LARGE, Lowering.LOG_EXP_MASK),
    ],
)
def test_all_ways_of_writing_the_weibull_are_the_formula(
    layer: Weibull, lowering: Lowering
) -> None:
    assert lowering_error(layer, torch.float32, lowering).max_absolute < 2e-4
    grid = torch.linspace(0, 6, 1001)
    lowered = lower_activation(layer, lowering)
    expected = lower_activation(layer, Lowering.LOG_EXP)
    at_zero = getattr(lowered, "at_zero", 0.0)
    assert float(lowered(grid)[0]) == pytest.approx(at_zero, rel=1e-4)
    torch.testing.assert_close(
        (lowered(grid) - at_zero) * lowered.divisor, expected(grid) * expected.divisor,
        rtol=1e-4, atol=3e-4,
    )  # fmt: skip


@pytest.mark.parametrize("lowering", Lowering)
@pytest.mark.parametrize("limits", [(0.0, 6.0), (-1.4, 1.3), (0.0, 0.8)])
def test_all_256_inputs_are_evaluated(lowering: Lowering, limits: tuple[float, float]) -> None:
    layer = Weibull(1.2, 2.8, 3.9, 1.8)
    found = level_error(layer, limits, lowering)
    assert (found.low, found.high) == limits
    step = (limits[1] - limits[0]) / 255
    zero_point = round(-limits[0] / step)
    inputs = [min(max((level - zero_point) * step, 0.0), 6.0) for level in range(256)]
    lowered = lower_activation(layer, lowering)
    largest = largest_value(layer)
    worst = max(
        abs(float(lowered(torch.tensor(x))) * lowered.divisor - float(formula(layer, np.array(x))))
        / largest
        for x in inputs
    )
    # One number at a time and a vector of them may round their last bit apart.
    assert found.max_absolute == pytest.approx(worst, rel=0.2, abs=1e-7)
    assert found.max_absolute < 1e-4 < found.half_step < 0.1
    assert any(found.at == pytest.approx(x) for x in inputs)


def test_bare_weibull_is_refused_where_zero_would_count() -> None:
    # beta = 1.5: (1e-3 / 1)^0.5 is 3 % of a value near 1.
    with pytest.raises(ConfigError, match="log-exp-bare is for a Weibull that is nearly 0 at"):
        lower_activation(Weibull(1.0, 1.5, 4.0, 2.0), Lowering.LOG_EXP_BARE)
    # Next to its values zero is little, but more than the power's epsilon: a mean of 0 gave NaN.
    with pytest.raises(ConfigError, match="log-exp-bare is for a Weibull that is nearly 0 at"):
        lower_activation(Weibull(0.13, 2.35, 2.0, 3.0), Lowering.LOG_EXP_BARE)
    # x^4 without its constant reaches 800 at 6.
    with pytest.raises(ConfigError, match="at most 16 are allowed: use log-exp"):
        lower_activation(Weibull(1.0, 5.0, 20.0, 2.0), Lowering.LOG_EXP_BARE)


def _stream(activation: Weibull, pooling: str = "average") -> Stream:
    config = StreamConfig(("layer",), ActivationKind.WEIBULL, PoolingKind(pooling))
    stream = Stream(config, {"layer"})
    stream.activation = activation
    return stream


def test_streams_written_barely_are_those_that_were_trained() -> None:
    stream = _stream(Weibull(1.2, 2.8, 4.4, 1.8))
    maps = {"layer": torch.rand(2, 5, 7, 7).sub(0.7).clamp(min=0) * 10}
    maps["layer"][:, 0] = 0  # a channel of zeros: epsilon alone counts
    with torch.no_grad():
        torch.testing.assert_close(
            LoweredStream(stream, Lowering.LOG_EXP_BARE)(maps), stream(maps), rtol=1e-4, atol=1e-6
        )


def test_automatic_lowering_falls_back_where_a_stream_cannot_be_written_so() -> None:
    flat, steep = _stream(Weibull()), _stream(Weibull(1.0, 1.5, 4.0, 2.0))
    regional = _stream(Weibull(), "rmac")
    bare = Lowering.LOG_EXP_BARE

    def automatic(*streams: Stream, preferred: Lowering = bare) -> Lowering:
        return automatic_lowering(torch.nn.ModuleList(streams), preferred)

    assert automatic(flat, flat) is bare
    assert automatic(flat, steep) is Lowering.LOG_EXP
    assert automatic(flat, regional) is Lowering.LOG_EXP
    assert automatic(flat, preferred=Lowering.LOG_EXP_MASK) is Lowering.LOG_EXP_MASK
