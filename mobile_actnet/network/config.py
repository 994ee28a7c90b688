"""What a network is made of: the config that travels inside every checkpoint."""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from mobile_actnet.errors import ConfigError

CHECKPOINT_SUFFIX = ".safetensors"
DEFAULT_CHECKPOINT = Path(__file__).parents[1] / "weights" / "mobile_actnet.safetensors"

MIN_IMAGE_SIDE_PX = 64
MAX_IMAGE_SIDE_PX = 1024
IMAGE_SIDE_MULTIPLE_PX = 32


class BackboneKind(StrEnum):
    """Convolutional networks whose feature maps become streams (torchvision's names)."""

    MOBILENET_V2 = "mobilenet_v2"
    RESNEXT101_32X8D = "resnext101_32x8d"
    RESNET101 = "resnet101"


class ActivationKind(StrEnum):
    """Learnable function applied to a feature map before pooling."""

    WEIBULL = "weibull"
    SINH = "sinh"
    EXPONENTIAL = "exponential"
    NONE = "none"


class PoolingKind(StrEnum):
    """Spatial part of the aggregation."""

    AVERAGE = "average"
    MAC = "mac"
    RMAC = "rmac"
    GEM = "gem"


@dataclass(frozen=True)
class StreamConfig:
    """One feature map on its way into the descriptor.

    Attributes:
        layers: names of modules of the backbone, whose outputs stand side by side as channels.
        activation: learnable function applied elementwise.
        pooling: how positions are summarised.
    """

    layers: tuple[str, ...]
    activation: ActivationKind = ActivationKind.WEIBULL
    pooling: PoolingKind = PoolingKind.AVERAGE


@dataclass(frozen=True)
class NetworkConfig:
    """A network: backbone, streams, rows of the whitening, length of the descriptor.

    Attributes:
        backbone: which convolutional network.
        streams: at least one.
        whitening_dim: rows that the projection has, at most the signature's length.
        descriptor_dim: leading rows used unless another number is asked for.
    """

    backbone: BackboneKind
    streams: tuple[StreamConfig, ...]
    whitening_dim: int = 2560
    descriptor_dim: int = 384

    def __post_init__(self) -> None:
        if not self.streams or not all(stream.layers for stream in self.streams):
            raise ConfigError("a network needs at least one stream, and each stream a layer")
        if not 1 <= self.descriptor_dim <= self.whitening_dim:
            raise ConfigError(
                f"descriptor_dim is {self.descriptor_dim}; "
                f"allowed is 1 to whitening_dim ({self.whitening_dim})"
            )

    def to_json(self) -> str:
        """Return the config as one JSON object, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "NetworkConfig":
        """Read what `to_json` wrote.

        Raises:
            ConfigError: not JSON, an unknown key, or a value outside its closed set.
        """
        try:
            values = json.loads(text)
            if not isinstance(values, dict) or not isinstance(values.get("streams"), list):
                raise ConfigError("the network's config is not an object with a list of streams")
            streams = tuple(_stream_from(stream) for stream in values["streams"])
            return _dataclass_from(cls, {**values, "streams": streams}, backbone=BackboneKind)
        except (json.JSONDecodeError, RecursionError, TypeError, ValueError) as error:
            raise ConfigError(f"the network's config cannot be read: {error}") from error


def _stream_from(values: Any) -> StreamConfig:
    layers = tuple(str(layer) for layer in values["layers"]) if "layers" in values else ()
    return _dataclass_from(
        StreamConfig,
        {**values, "layers": layers},
        activation=ActivationKind,
        pooling=PoolingKind,
    )


def _dataclass_from(kind: Any, values: dict[str, Any], **enums: type[StrEnum]) -> Any:
    known = {field.name: field for field in fields(kind)}
    if unknown := sorted(set(values) - set(known)):
        raise ConfigError(f"the network's config has unknown keys: {', '.join(unknown)}")
    read = {}
    for name, value in values.items():
        if name in enums:
            value = enums[name](value)
        elif known[name].type is int and type(value) is not int:
            raise ConfigError(f"{name} is {value!r}; it must be a whole number")
        read[name] = value
    return kind(**read)


MOBILE_ACTNET = NetworkConfig(
    backbone=BackboneKind.MOBILENET_V2,
    streams=(
        # Last inverted residual block: its depthwise output (960) beside its projection (320).
        StreamConfig(layers=("features.17.conv.1", "features.17.conv.3")),
        # Last 1x1 convolution (1280).
        StreamConfig(layers=("features.18",)),
    ),
)
"""Mobile-ACTNET: a signature of 2560 values from MobileNetV2's last two stages."""

RESNEXT_ACTNET = NetworkConfig(
    backbone=BackboneKind.RESNEXT101_32X8D,
    streams=(StreamConfig(layers=("layer4.1",)), StreamConfig(layers=("layer4.2",))),
)
"""ResNeXt101-32x8d ACTNET: the big sibling, a signature of 4096 values from its last two blocks."""


def check_image_size(height_px: int, width_px: int) -> None:
    """Raise `ConfigError` unless both sides are multiples of 32 from 64 to 1024."""
    for name, side in (("height", height_px), ("width", width_px)):
        if side % IMAGE_SIDE_MULTIPLE_PX or not MIN_IMAGE_SIDE_PX <= side <= MAX_IMAGE_SIDE_PX:
            raise ConfigError(
                f"image {name} is {side}; allowed are multiples of {IMAGE_SIDE_MULTIPLE_PX} from "
                f"{MIN_IMAGE_SIDE_PX} to {MAX_IMAGE_SIDE_PX}, for example 224 or 384x512"
            )


def is_checkpoint(model: Path) -> bool:
    """Tell a checkpoint from an artefact, by its name."""
    return model.suffix == CHECKPOINT_SUFFIX
