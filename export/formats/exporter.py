"""What a format is to export: a converter behind one Protocol."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.errors import ConfigError
from mobile_actnet.export.quantization.plan import QuantizationPlan
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.packages import RUNNING, require
from mobile_actnet.runtime.vocabulary import (
    CoremlInput,
    Format,
    ImageSize,
    Layout,
    Lowering,
    Precision,
)

if TYPE_CHECKING:
    from torch import nn

Values = NDArray[np.float32]

COMMON_PRECISIONS = (
    Precision.FP32,
    Precision.FP16,
    Precision.INT8_WEIGHTS,
    Precision.INT8,
    Precision.MIXED,
)
"""What every format has."""


@dataclass(frozen=True)
class Options:
    """What an artefact is made like.

    Attributes:
        size: of the input.
        dim: length of the descriptor.
        precision: of weights, and of activations where the format has that.
        layout: order of the input's axes; TFLite is NHWC, Core ML NCHW.
        dynamic_batch: any number of pictures in a run (ONNX).
        coreml_input: what a Core ML artefact takes.
        plan: ranges of activations, for precisions that need them.
        lowering: how the Weibull is written.
    """

    size: ImageSize
    dim: int
    precision: Precision
    layout: Layout
    dynamic_batch: bool = False
    coreml_input: CoremlInput = CoremlInput.IMAGE
    plan: QuantizationPlan | None = None
    lowering: Lowering = Lowering.LOG_EXP


class Exporter(Protocol):
    """A format.

    Attributes:
        suffix: of the artefact's name, with its dot.
        layouts: allowed; the first is the default.
        precisions: allowed.
        default_precision: used where none is asked for.
        default_lowering: the same, where the weights allow it (docs/decisions/0011).
        forbidden_operators: that mobile accelerators refuse, or that betray a layout problem.
    """

    suffix: str
    layouts: tuple[Layout, ...]
    precisions: tuple[Precision, ...]
    default_precision: Precision
    default_lowering: Lowering
    forbidden_operators: frozenset[str]

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Write the artefact to `path` (a name that does not exist yet).

        Args:
            deployable: maps a picture to one row of values, as `DeployableActnet` does.
            metadata: stored inside the artefact.
        """
        ...

    def convolution_outputs(self, artefact: Path, pixels: Pixels) -> Iterator[Values]:
        """Yield what each convolution of an artefact gives, in the order of execution.

        Args:
            pixels: (N, H, W, 3) uint8.

        Returns:
            (N, C, h, w) float32 each, behind its activation function.
        """
        ...


def check_precision(kind: Format, precision: Precision) -> None:
    """Raise `ConfigError` unless a format has a precision."""
    allowed = exporter(kind).precisions
    if precision not in allowed:
        raise ConfigError(
            f"{kind.value} has no precision {precision.value}; it has "
            f"{', '.join(one.value for one in allowed)}"
        )


def exporter(kind: Format) -> Exporter:
    """Return the exporter of a format.

    Raises:
        MissingPackageError: what is needed to read its artefacts is not installed.
    """
    require(kind, RUNNING)
    converter: Exporter = importlib.import_module(
        f"mobile_actnet.export.formats.{kind.value}.{kind.value}_exporter"
    ).EXPORTER
    return converter
