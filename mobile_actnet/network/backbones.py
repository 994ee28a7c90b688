"""Backbones: torchvision's networks, cut at the layers whose feature maps become streams."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.network.config import BackboneKind, NetworkConfig
from mobile_actnet.network.torchvision_guard import import_torchvision

# torchvision's weights enum of each backbone, for people who are online.
_IMAGENET_WEIGHTS = {
    BackboneKind.MOBILENET_V2: "MobileNet_V2_Weights",
    BackboneKind.RESNEXT101_32X8D: "ResNeXt101_32X8D_Weights",
    BackboneKind.RESNET101: "ResNet101_Weights",
}


def build_backbone(config: NetworkConfig) -> tuple[nn.Module, dict[str, int], set[str]]:
    """Return the backbone cut behind its last used layer.

    Returns:
        module: maps (N, 3, H, W) to a dict from layer name to (N, C, h, w); its parameters have
            torchvision's names, randomly initialised.
        channels: number of channels C of each layer.
        bounded: names of the layers that already end in ReLU6.

    Raises:
        ConfigError: a layer that the backbone does not have.
    """
    torchvision = import_torchvision()
    from torchvision.models.feature_extraction import create_feature_extractor

    network = getattr(torchvision.models, config.backbone.value)(weights=None)
    modules = dict(network.named_modules())
    layers = tuple(dict.fromkeys(layer for stream in config.streams for layer in stream.layers))
    for layer in layers:
        if layer not in modules or not layer:
            raise ConfigError(
                f"{config.backbone.value} has no layer {layer!r}; layers are named as in "
                "torchvision, for example 'features.18' or 'layer4.2'"
            )
    bounded = {layer for layer in layers if isinstance(_last_module(modules[layer]), nn.ReLU6)}
    module = create_feature_extractor(network, {layer: layer for layer in layers})
    return module, _channels(module), bounded


def load_torchvision_imagenet(kind: BackboneKind) -> dict[str, Tensor]:
    """Download torchvision's ImageNet weights of a backbone (needs to be online).

    Raises:
        ActnetError: the download failed.
    """
    models: Any = import_torchvision().models
    weights = getattr(models, _IMAGENET_WEIGHTS[kind]).DEFAULT
    try:
        return weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise ActnetError(
            f"torchvision's ImageNet weights could not be downloaded from {weights.url}: {error}; "
            "go online, or give a checkpoint file"
        ) from error


def _last_module(module: nn.Module) -> nn.Module:
    return list(module.modules())[-1]


def _channels(module: Callable[[Tensor], dict[str, Tensor]]) -> dict[str, int]:
    was_training = module.training  # type: ignore[attr-defined]
    module.eval()  # type: ignore[attr-defined]
    with torch.no_grad():
        maps = module(torch.zeros(1, 3, 64, 64))
    module.train(was_training)  # type: ignore[attr-defined]
    return {layer: feature_map.shape[1] for layer, feature_map in maps.items()}
