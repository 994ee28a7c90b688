"""Settings of quantisation, and what commands show of them in their help; imports nothing heavy."""

from dataclasses import dataclass
from enum import StrEnum

from mobile_actnet.errors import ConfigError
from mobile_actnet.runtime.vocabulary import Precision


class CalibrationMethod(StrEnum):
    """How a range is chosen."""

    MIN_MAX = "min-max"
    PERCENTILE = "percentile"
    MSE = "mse"
    ENTROPY = "entropy"


MIN_IMAGES = 16


RECOMMENDED_IMAGES = 100


DEFAULT_IMAGES = 256


PALETTE_BITS = {Precision.PALETTISED_8: 8, Precision.PALETTISED_6: 6}
"""Length of a place in the table of weights."""


ROUNDED = frozenset({Precision.INT8_WEIGHTS, Precision.INT8, Precision.MIXED, *PALETTE_BITS})
"""Precisions whose kernels are rounded before conversion."""


STATIC = frozenset({Precision.INT8, Precision.MIXED})
"""Precisions that need activation ranges."""


@dataclass(frozen=True)
class TuningConfig:
    """Settings of a run.

    Attributes:
        steps: updates.
        batch_size: pictures in an update, one half captures, the other what they are captures of.
        image_sizes: (height, width), one is drawn for each update; small ones are faster.
        level_rate, shift_rate, widening_rate: peak learning rates of kernels (in levels of a row),
            of biases (in levels of the point behind) and of widenings (logarithms).
        warmup_steps: of linear growth to the peak; then a cosine down to 1 % of it.
        average_decay: of the running average of what is learnt, which is what is kept.
        seed: of every random choice.
    """

    steps: int = 1000
    batch_size: int = 16
    image_sizes: tuple[tuple[int, int], ...] = ((160, 160), (160, 160), (224, 224))
    level_rate: float = 0.002
    shift_rate: float = 0.004
    widening_rate: float = 0.02
    warmup_steps: int = 10
    average_decay: float = 0.99
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ConfigError(f"--steps is {self.steps}; it must be 1 or more")
        if self.batch_size < 2 or self.batch_size % 2:
            raise ConfigError(f"batch_size is {self.batch_size}; it must be even, and 2 or more")
