"""What a format is: a converter and a reader of artefacts behind one Protocol."""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from torch import nn

from mobile_actnet.errors import ConfigError, MissingPackageError
from mobile_actnet.export.graph.deployable import ImageSize, Layout
from mobile_actnet.export.graph.lowering import Lowering


class Format(StrEnum):
    """File formats of an artefact."""

    TFLITE = "tflite"
    ONNX = "onnx"
    COREML = "coreml"


class Precision(StrEnum):
    """Numbers that an artefact stores and computes with; the same in every format.

    int8-weights: kernels in 8 bits, arithmetic in float. int8: kernels and activations in 8 bits
    by ranges known beforehand; the activation layers and the norm stay in float. mixed: the
    backbone as in int8, the whole head in float. palettised: kernels as places in a table of 256
    or 64 values, arithmetic in float.
    """

    FP32 = "fp32"
    FP16 = "fp16"
    INT8_WEIGHTS = "int8-weights"
    INT8 = "int8"
    MIXED = "mixed"
    PALETTISED_8 = "palettised-8"
    PALETTISED_6 = "palettised-6"


class CoremlInput(StrEnum):
    """What a Core ML artefact takes: a CVPixelBuffer or a float tensor (1, 3, H, W), 0 to 255."""

    IMAGE = "image"
    TENSOR = "tensor"


Range = tuple[float, float]


@dataclass(frozen=True)
class ConvolutionPlan:
    """How a convolution of the backbone is quantised.

    Attributes:
        name: module path. shape: of the kernel, (out, in / groups, h, w).
        output: range of its result, ReLU included. kept: whether it stays in float.
    """

    name: str
    shape: tuple[int, ...]
    output: Range
    kept: bool


@dataclass(frozen=True)
class QuantizationPlan:
    """Ranges in the order in which operators run.

    Attributes:
        convolutions, additions: of the backbone, in the order of execution.
        input: of the normalised picture. signature, whitening: before and behind the projection.
        feature_maps: what the head reads, by the stream's layer.
    """

    convolutions: tuple[ConvolutionPlan, ...]
    additions: tuple[Range, ...]
    input: Range
    signature: Range
    whitening: Range
    feature_maps: dict[str, Range] = field(default_factory=dict)


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


@dataclass(frozen=True)
class TensorSpec:
    """A tensor at the border of an artefact, as read from the artefact itself."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str


@dataclass(frozen=True)
class ArtefactInfo:
    """What an artefact says about itself.

    Attributes:
        input, output: its tensors.
        operators: how often each operator occurs.
        metadata: key and value pairs stored in the artefact.
        notes: facts that only one format has, such as the share of delegated operators.
    """

    input: TensorSpec
    output: TensorSpec
    operators: dict[str, int]
    metadata: dict[str, str]
    notes: dict[str, str | int] = field(default_factory=dict)


class Exporter(Protocol):
    """A format.

    Attributes:
        suffix: of the artefact's name, with its dot.
        layouts: allowed; the first is the default.
        precisions: allowed.
        default_precision: used where none is asked for.
        default_lowering: the same, where the weights allow it (docs/decisions/0011).
    """

    suffix: str
    layouts: tuple[Layout, ...]
    precisions: tuple[Precision, ...]
    default_precision: Precision
    default_lowering: Lowering

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Write the artefact to `path` (a name that does not exist yet).

        Args:
            deployable: maps a picture to one row of values, as `DeployableActnet` does.
            metadata: stored inside the artefact.
        """
        ...

    def inspect(self, path: Path) -> ArtefactInfo:
        """Read what the artefact says about itself.

        Raises:
            ArtefactError: the file is damaged or of another kind.
        """
        ...


CONVERTING = {
    Format.TFLITE: ("litert_torch", "ai_edge_litert", "ai_edge_quantizer"),
    Format.ONNX: ("onnx", "onnxscript", "onnxruntime"),
    Format.COREML: ("coremltools",),
}
"""Packages that exporting needs; each format's extra installs them."""

RUNNING = {
    Format.TFLITE: ("ai_edge_litert",),
    Format.ONNX: ("onnx", "onnxruntime"),
    Format.COREML: ("coremltools",),
}
"""Packages that reading and running an artefact need."""


def require(
    kind: Format,
    packages: dict[Format, tuple[str, ...]],
    find_spec: Callable[[str], object | None] = importlib.util.find_spec,
) -> None:
    """Raise `MissingPackageError` with the pip command unless a format's packages are there."""
    for package in packages[kind]:
        if find_spec(package) is None:
            raise MissingPackageError(
                f"{kind.value} needs the package {package}, which is not installed; "
                f"run: {install_command(kind)}"
            )


def check_precision(kind: Format, precision: Precision) -> None:
    """Raise `ConfigError` unless a format has a precision."""
    allowed = exporter(kind).precisions
    if precision not in allowed:
        raise ConfigError(
            f"{kind.value} has no precision {precision.value}; it has "
            f"{', '.join(one.value for one in allowed)}"
        )


def install_command(kind: Format) -> str:
    """Return the command that installs what a format needs."""
    return f"pip install 'mobile-actnet[{kind.value}]'"


def exporter(kind: Format) -> Exporter:
    """Return the exporter of a format.

    Raises:
        MissingPackageError: what is needed to read its artefacts is not installed.
    """
    require(kind, RUNNING)
    found: Exporter = importlib.import_module(
        f"mobile_actnet.export.formats.{kind.value}_exporter"
    ).EXPORTER
    return found


def format_of(path: Path) -> Format:
    """Tell the format of an artefact by its suffix.

    Raises:
        ConfigError: none of the known ones.
    """
    suffixes = {".tflite": Format.TFLITE, ".onnx": Format.ONNX, ".mlpackage": Format.COREML}
    if path.suffix not in suffixes:
        raise ConfigError(f"{path} is no artefact; allowed are {', '.join(suffixes)}")
    return suffixes[path.suffix]
