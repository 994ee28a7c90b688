"""A backbone that is never trained, and the heads that can be compared on its feature maps."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mobile_actnet.errors import ConfigError
from mobile_actnet.network.actnet import Actnet, Head
from mobile_actnet.network.backbones import build_backbone
from mobile_actnet.network.checkpoint import load_checkpoint, read_tensors
from mobile_actnet.network.config import (
    MOBILE_ACTNET,
    ActivationKind,
    BackboneKind,
    NetworkConfig,
    PoolingKind,
    is_checkpoint,
)
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.pictures.preprocessing import Pixels


@dataclass(frozen=True)
class HeadKind:
    """A row of the table.

    Attributes:
        name: as in the paper.
        activation, pooling: of every stream.
    """

    name: str
    activation: ActivationKind = ActivationKind.NONE
    pooling: PoolingKind = PoolingKind.AVERAGE


HEADS = (
    HeadKind("DA (average)"),
    HeadKind("MAC", pooling=PoolingKind.MAC),
    HeadKind("R-MAC", pooling=PoolingKind.RMAC),
    HeadKind("GeM", pooling=PoolingKind.GEM),
    HeadKind("SinH", ActivationKind.SINH),
    HeadKind("Exponential", ActivationKind.EXPONENTIAL),
    HeadKind("Weibull", ActivationKind.WEIBULL),
)

SINGLE, MULTI = "SLA", "MLA"
AGGREGATIONS = (SINGLE, MULTI)
"""The last stream alone, and all streams of `MOBILE_ACTNET`."""


class FrozenBackbone:
    """MobileNetV2 up to the streams of `MOBILE_ACTNET`, never trained.

    Attributes:
        name: for the table's caption.
    """

    def __init__(self, weights: dict[str, Tensor], name: str) -> None:
        network = Actnet(replace(MOBILE_ACTNET, whitening_dim=1, descriptor_dim=1))
        network.load_backbone(weights)
        self.name = name
        self._module = network.backbone.eval()
        _, self._channels, self._bounded = build_backbone(MOBILE_ACTNET)

    @torch.no_grad()
    def __call__(self, pixels: Pixels) -> dict[str, Tensor]:
        """Return feature maps: (N, H, W, 3) uint8 to (N, C, h, w) float32 by layer."""
        return self._module(normalise(pixels).contiguous(memory_format=torch.channels_last))

    def head(self, kind: HeadKind, aggregation: str, dim: int, seed: int) -> Head:
        """Make a fresh head for its feature maps, with `dim` rows of whitening."""
        streams = tuple(
            replace(stream, activation=kind.activation, pooling=kind.pooling)
            for stream in MOBILE_ACTNET.streams
        )
        streams = streams[-1:] if aggregation == SINGLE else streams
        config = NetworkConfig(MOBILE_ACTNET.backbone, streams, dim, dim)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return Head(config, self._channels, self._bounded)


def load_backbone(model: Path, file: Path | None) -> FrozenBackbone:
    """Read the backbone from a file of its own, or from a checkpoint.

    Args:
        model: checkpoint that gives its backbone where `file` is None.
        file: safetensors with torchvision's names for MobileNetV2.

    Raises:
        ConfigError: the model is an artefact or has another backbone, and there is no file.
        CheckpointError: the file cannot be read or holds something else.
    """
    if file is not None:
        return FrozenBackbone(read_tensors(file), file.name)
    check_backbone_source(model, file)
    network, _ = load_checkpoint(model)
    if network.config.backbone is not BackboneKind.MOBILENET_V2:
        raise ConfigError(
            f"--ablation compares heads on mobilenet_v2, and {model.name} has "
            f"{network.config.backbone.value}; give --backbone FILE with MobileNetV2 weights"
        )
    return FrozenBackbone(network.backbone.state_dict(), model.name)


def check_backbone_source(model: Path, file: Path | None) -> None:
    """Raise `ConfigError` where neither is a source of weights: an artefact has them folded."""
    if file is None and not is_checkpoint(model):
        raise ConfigError(
            f"--ablation needs the weights of a backbone, and {model.name} is an artefact; "
            "give a checkpoint as --model, or --backbone FILE"
        )
