"""The networks that are timed, by name, each exported through the same wrapper.

The reference of "five times faster" is always named: ResNeXt101-32x8d ACTNET, at the same size,
runtime, threads and precision. It has random weights here, which take the same time as others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mobile_actnet.benchmarks.config import NetworkName
from mobile_actnet.export.graph.deployable import DeployableActnet, HeadlessBackbone
from mobile_actnet.export.graph.lowering import LoweredStream, automatic_lowering, divisor
from mobile_actnet.files import sha256_of
from mobile_actnet.network.activations import Weibull, activation_parameters
from mobile_actnet.network.actnet import Actnet, Stream
from mobile_actnet.network.checkpoint import load_checkpoint
from mobile_actnet.network.config import (
    DEFAULT_CHECKPOINT,
    MOBILE_ACTNET,
    RESNEXT_ACTNET,
    ActivationKind,
    BackboneKind,
    NetworkConfig,
    PoolingKind,
    StreamConfig,
)
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.runtime.generated_pictures import generated_pictures
from mobile_actnet.runtime.vocabulary import ImageSize, Layout, Lowering

DIM = MOBILE_ACTNET.descriptor_dim
_SEED = 0

RESNET101_GEM = NetworkConfig(
    backbone=BackboneKind.RESNET101,
    streams=(StreamConfig(("layer4.2",), ActivationKind.NONE, PoolingKind.GEM),),
    whitening_dim=2048,
)
"""ResNet101 with GeM pooling and whitening (Radenovic et al., 2018)."""


@dataclass(frozen=True)
class NamedNetwork:
    """A network and where its weights are from.

    Attributes:
        title: for tables.
        weights: "shipped", or "random" with what was done about them.
        make: makes the module from the order of its input's axes and the preferred lowering.
    """

    title: str
    weights: str
    make: Callable[[Layout, Lowering], nn.Module]

    def build(self, layout: Layout, preferred: Lowering = Lowering.LOG_EXP) -> nn.Module:
        """Make the module that is exported, bytes in, (N, D) out.

        Args:
            preferred: how its Weibulls are written where the weights allow it, else log-exp.
        """
        return self.make(layout, preferred)


class PowWeibull(nn.Module):
    """The Weibull as the paper writes it, with POW: what the lowering is there to avoid."""

    def __init__(self, layer: Weibull) -> None:
        super().__init__()
        self.parameters_by_name = activation_parameters(layer)
        self.divisor = divisor(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Apply elementwise: any shape in, the same out."""
        p = self.parameters_by_name
        growth = (x * (1.0 / p["alpha"])).pow(p["beta"] - 1.0) * (1.0 / self.divisor)
        return growth * (-((x * (1.0 / p["gamma"])).pow(p["zeta"]))).exp()


def _wrapped(network: Actnet, layout: Layout, preferred: Lowering) -> DeployableActnet:
    lowering = automatic_lowering(network.head, preferred)
    return DeployableActnet(network, DIM, layout, lowering)


def _shipped(layout: Layout, preferred: Lowering) -> DeployableActnet:
    return _wrapped(load_checkpoint(DEFAULT_CHECKPOINT)[0], layout, preferred)


def _with_pow(layout: Layout, _: Lowering) -> nn.Module:
    network = load_checkpoint(DEFAULT_CHECKPOINT)[0]
    deployable = DeployableActnet(network, DIM, layout)
    for lowered, stream in zip(deployable.streams, network.head.streams, strict=True):
        assert isinstance(lowered, LoweredStream)
        assert isinstance(stream, Stream)
        if isinstance(stream.activation, Weibull):
            lowered.activation = PowWeibull(stream.activation)
    return deployable.eval()


def _random(config: NetworkConfig) -> Callable[[Layout, Lowering], nn.Module]:
    def build(layout: Layout, preferred: Lowering) -> nn.Module:
        # A generator of its own would not reach torchvision's initialisation.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            network = Actnet(replace(config, descriptor_dim=DIM))
            settle_batch_norm(network)
            return _wrapped(network, layout, preferred)

    return build


@torch.no_grad()
def settle_batch_norm(network: Actnet) -> None:
    """Give batch norm the statistics of generated pictures.

    Without them the values of a random network of a hundred layers leave the range of int8 ranges
    and half precision, or become denormal numbers, which take other times.
    """
    pixels = generated_pictures(4, ImageSize(128, 128))
    layers = [x for x in network.backbone.modules() if isinstance(x, nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 1.0
    network.backbone.train()
    network.backbone(normalise(pixels))
    network.eval()


NETWORKS = {
    NetworkName.MOBILE_ACTNET: NamedNetwork("Mobile-ACTNET", "shipped", _shipped),
    NetworkName.MOBILE_ACTNET_POW: NamedNetwork(
        "Mobile-ACTNET written with POW", "shipped", _with_pow
    ),
    NetworkName.MOBILENET_V2: NamedNetwork(
        "MobileNetV2, average pooling",
        "shipped",
        lambda layout, preferred: HeadlessBackbone(_shipped(layout, preferred)).eval(),
    ),
    NetworkName.RESNEXT101: NamedNetwork(
        "ResNeXt101-32x8d ACTNET", f"random, seed {_SEED}", _random(RESNEXT_ACTNET)
    ),
    NetworkName.RESNET101_GEM: NamedNetwork(
        "ResNet101-GeM", f"random, seed {_SEED}", _random(RESNET101_GEM)
    ),
}


def weights_key(name: NetworkName) -> str:
    """Return what tells apart the weights of a network: the checkpoint's hash, or its seed."""
    weights = NETWORKS[name].weights
    return sha256_of(DEFAULT_CHECKPOINT) if weights == "shipped" else weights
