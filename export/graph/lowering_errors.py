"""How exact a lowered activation layer is: against the paper's formula, in double precision.

Once over a dense grid, and once over the 256 inputs that an int8 feature map can hold.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mobile_actnet.export.graph.lowering import (
    GRID_POINTS,
    Grid,
    divisor,
    formula,
    lower_activation,
)
from mobile_actnet.network.activations import FEATURE_MAP_MAX
from mobile_actnet.runtime.vocabulary import Lowering

INT8_LEVELS = 256


@dataclass(frozen=True)
class LoweringError:
    """How far a lowered activation layer is from the paper's formula, over a grid of [0, 6].

    Attributes:
        max_absolute: largest difference, as a share of the divisor: the layer's largest value on
            [0, 6], at most 16.
        at: input where it is.
        grid_points: number of inputs, evenly spaced from 0 to 6.
        dtype: arithmetic that the lowered layer was evaluated in.
    """

    max_absolute: float
    at: float
    grid_points: int
    dtype: str


@dataclass(frozen=True)
class LevelError:
    """What 256 inputs make of an activation layer: every one was evaluated.

    Attributes:
        low, high: the inputs' range.
        max_absolute: largest difference of the lowered layer, in float32, from the paper's formula
            at the same input, as a share of the divisor. at: the input where it is.
        half_step: largest change of the formula half a level away: what rounding the input costs.
    """

    low: float
    high: float
    max_absolute: float
    at: float
    half_step: float


@torch.no_grad()
def lowering_error(
    layer: nn.Module,
    dtype: torch.dtype = torch.float32,
    lowering: Lowering = Lowering.LOG_EXP,
) -> LoweringError:
    """Compare a lowered layer with the paper's formula on a dense grid of [0, 6]."""
    grid = np.linspace(0.0, FEATURE_MAP_MAX, GRID_POINTS)
    difference = np.abs(_difference(layer, grid, dtype, lowering))
    worst = int(difference.argmax())
    return LoweringError(
        float(difference[worst]), float(grid[worst]), GRID_POINTS, str(dtype).rpartition(".")[2]
    )


@torch.no_grad()
def level_error(
    layer: nn.Module, limits: tuple[float, float], lowering: Lowering = Lowering.LOG_EXP
) -> LevelError:
    """Evaluate a lowered layer on all 256 inputs that an int8 feature map can hold.

    Args:
        limits: range of the feature map; what is below 0 the head cuts off.
    """
    low, high = limits
    step = (high - low) / (INT8_LEVELS - 1)
    zero_point = round(-low / step)
    inputs = ((np.arange(INT8_LEVELS) - zero_point) * step).clip(0.0, FEATURE_MAP_MAX)
    difference = np.abs(_difference(layer, inputs, torch.float32, lowering))
    worst = int(difference.argmax())
    moved = [
        np.abs(formula(layer, (inputs + side).clip(0.0, FEATURE_MAP_MAX)) - formula(layer, inputs))
        for side in (-step / 2, step / 2)
    ]
    half_step = float(np.max(moved)) / divisor(layer)
    return LevelError(low, high, float(difference[worst]), float(inputs[worst]), half_step)


def _difference(layer: nn.Module, x: Grid, dtype: torch.dtype, lowering: Lowering) -> Grid:
    lowered = lower_activation(layer, lowering)
    values = lowered(torch.from_numpy(x).to(dtype)).double().numpy()
    return (values * getattr(lowered, "divisor", 1.0) - formula(layer, x)) / divisor(layer)
