"""Mobile-ACTNET and its ResNeXt101-32x8d sibling (Husain, Ong, Bober, "ACTNET").

For stream k with feature map X in [0, 6]: Y = phi_k(X), z = pooling(Y),
psi = lambda_k * z^p_k (eq. 20). The psi of all streams stand side by side as the signature, which
is projected (whitening) and L2-normalised into the descriptor.
"""

import math

import torch
from torch import Tensor, nn

from mobile_actnet.commands import counted
from mobile_actnet.errors import CheckpointError, ConfigError
from mobile_actnet.network.activations import ACTIVATIONS, FEATURE_MAP_MAX
from mobile_actnet.network.backbones import build_backbone, load_torchvision_imagenet
from mobile_actnet.network.config import MOBILE_ACTNET, RESNEXT_ACTNET, NetworkConfig, StreamConfig
from mobile_actnet.network.pooling import POOLINGS
from mobile_actnet.network.whitening import Whitening

POWER_EPSILON = 1e-3
"""Added to z before the power, in training and in the exported graph alike.

The derivative of z^p grows without bound towards z = 0 for p < 1, and channels that are zero
everywhere are common. With 1e-6 gradient norms above 50 were seen; with 1e-3 the derivative is at
most p * 1e-3^(p-1), which is 25 at p = 0.4, and the ranking does not suffer.
"""

NORM_EPSILON = 1e-6
"""Added to the squared length before the division of L2 normalisation; keeps a zero vector zero."""


class PowerNormalisation(nn.Module):
    """psi = lambda * (z + epsilon)^p (eq. 20), lambda and p positive scalars, z >= 0."""

    def __init__(self, scale: float = 1.0, power: float = 0.4) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.log_power = nn.Parameter(torch.tensor(math.log(power)))

    @property
    def scale(self) -> Tensor:
        return self.log_scale.exp()

    @property
    def power(self) -> Tensor:
        return self.log_power.exp()

    def forward(self, z: Tensor) -> Tensor:
        return (self.power * (z + POWER_EPSILON).log() + self.log_scale).exp()


class Stream(nn.Module):
    """Activation layer, pooling and power normalisation of one stream."""

    def __init__(self, config: StreamConfig, bounded: set[str]) -> None:
        super().__init__()
        self.layers = config.layers
        self.unbounded = frozenset(config.layers) - bounded
        self.activation = ACTIVATIONS[config.activation]()
        self.pooling = POOLINGS[config.pooling]()
        self.power = PowerNormalisation()

    def forward(self, feature_maps: dict[str, Tensor]) -> Tensor:
        """Aggregate the stream's feature maps: a dict of (N, C_i, h, w) to (N, sum of C_i)."""
        # Layer by layer: joining the pooled vectors is cheaper than joining the maps.
        pooled = [self.pooling(self.activation(self._clip(feature_maps, x))) for x in self.layers]
        return self.power(torch.cat(pooled, 1) if len(pooled) > 1 else pooled[0])

    def _clip(self, feature_maps: dict[str, Tensor], layer: str) -> Tensor:
        feature_map = feature_maps[layer]
        if layer in self.unbounded:
            # relu6, not clamp: converters recognise it, XNNPACK fuses it.
            assert FEATURE_MAP_MAX == 6.0
            return nn.functional.relu6(feature_map)
        return feature_map


class Head(nn.Module):
    """From feature maps to descriptor; always in float32, its exponentials need the precision."""

    def __init__(self, config: NetworkConfig, channels: dict[str, int], bounded: set[str]) -> None:
        super().__init__()
        self.streams = nn.ModuleList(Stream(stream, bounded) for stream in config.streams)
        self.signature_dim = sum(channels[x] for stream in config.streams for x in stream.layers)
        self.whitening = Whitening(self.signature_dim, config.whitening_dim)

    def signature(self, feature_maps: dict[str, Tensor]) -> Tensor:
        """Aggregate all streams: (N, C_i, h, w) by layer to (N, signature_dim), values > 0."""
        return torch.cat([stream(feature_maps) for stream in self.streams], 1)

    def forward(self, feature_maps: dict[str, Tensor], dim: int) -> Tensor:
        """Describe: (N, C_i, h, w) by layer to (N, dim) of length 1."""
        return l2_normalise(self.whitening(self.signature(feature_maps), dim))


class Actnet(nn.Module):
    """A descriptor network made from a config.

    Args:
        config: backbone, streams, whitening. Weights are random until a checkpoint is loaded.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.backbone, channels, bounded = build_backbone(config)
        self.head = Head(config, channels, bounded)
        self.config = config

    def signature(self, images: Tensor) -> Tensor:
        """Return the signature, what the whitening is fitted on.

        Args:
            images: (N, 3, H, W) float32, RGB, normalised by `preprocessing.normalise`.

        Returns:
            (N, signature_dim) float32, values > 0.
        """
        feature_maps = self._feature_maps(images)
        with torch.autocast(images.device.type, enabled=False):
            return self.head.signature(feature_maps)

    def forward(self, images: Tensor, dim: int | None = None) -> Tensor:
        """Describe images.

        Args:
            images: (N, 3, H, W) float32, RGB, normalised by `preprocessing.normalise`.
            dim: leading rows of the whitening to use; `config.descriptor_dim` if None.

        Returns:
            (N, dim) float32 descriptors of length 1.

        Raises:
            ConfigError: `dim` outside 1 to `config.whitening_dim`.
        """
        dim = self.config.descriptor_dim if dim is None else dim
        check_dim(dim, self.config)
        feature_maps = self._feature_maps(images)
        with torch.autocast(images.device.type, enabled=False):
            return self.head(feature_maps, dim)

    def _feature_maps(self, images: Tensor) -> dict[str, Tensor]:
        return {layer: x.float() for layer, x in self.backbone(images).items()}

    def load_imagenet(self) -> None:
        """Start the backbone from torchvision's ImageNet weights (downloads them).

        Raises:
            ActnetError: offline.
        """
        self.load_backbone(load_torchvision_imagenet(self.config.backbone))

    def load_backbone(self, weights: dict[str, Tensor]) -> None:
        """Load backbone weights with torchvision's key names; a classifier is ignored.

        Raises:
            CheckpointError: a key is missing or has another shape.
        """
        own = self.backbone.state_dict()
        usable = {key: value for key, value in weights.items() if key in own}
        missing = [key for key in own if key not in usable and "num_batches_tracked" not in key]
        if missing:
            raise CheckpointError(
                f"these are not {self.config.backbone.value} weights with torchvision's names: "
                f"{counted(len(missing), 'key')} missing, such as {missing[0]!r}"
            )
        for key, value in usable.items():
            if value.shape != own[key].shape:
                raise CheckpointError(
                    f"{key} has shape {tuple(value.shape)}; expected {tuple(own[key].shape)}"
                )
        self.backbone.load_state_dict({**own, **usable})


class MobileActnet(Actnet):
    """Mobile-ACTNET: MobileNetV2, a signature of 2560 values."""

    def __init__(self, config: NetworkConfig = MOBILE_ACTNET) -> None:
        super().__init__(config)


class ResNeXtActnet(Actnet):
    """ResNeXt101-32x8d ACTNET: a signature of 4096 values; reference of the speed claim."""

    def __init__(self, config: NetworkConfig = RESNEXT_ACTNET) -> None:
        super().__init__(config)


def check_dim(dim: int, config: NetworkConfig) -> None:
    """Raise `ConfigError` unless the whitening has `dim` rows."""
    if not 1 <= dim <= config.whitening_dim:
        raise ConfigError(
            f"descriptor dim is {dim}; allowed is 1 to {config.whitening_dim}, "
            "the rows of this network's whitening"
        )


def l2_normalise(x: Tensor) -> Tensor:
    """Scale each row of (N, D) to length 1; a zero row stays zero."""
    # d * rsqrt(n) rather than d / sqrt(n): old TFLite runtimes have no int8 division.
    # x * x rather than square: ONNX would write a Pow.
    return x * ((x * x).sum(1, keepdim=True) + NORM_EPSILON).rsqrt()
