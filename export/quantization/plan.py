"""The plan of an artefact in 8 bits: which tensor has which range."""

from dataclasses import dataclass, field

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
