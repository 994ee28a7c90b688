"""The network as it leaves for the phone: a module made for export.

The training network stays clean. This wrapper takes bytes, normalises inside the graph, folds
batch norm and all parameters of the head into constants, cuts the descriptor to its length, and
has fixed names and shapes.
"""

import copy

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from mobile_actnet.export.graph.lowering import LoweredStream
from mobile_actnet.network.actnet import Actnet, Stream, check_dim, l2_normalise
from mobile_actnet.network.normalisation import normalisation
from mobile_actnet.runtime.vocabulary import ImageSize, Layout, Lowering


class DeployableActnet(nn.Module):
    """Bytes in, descriptor out.

    Args:
        network: in evaluation mode; not changed.
        dim: length of the descriptor, 1 to the rows of the whitening.
        layout: order of the input's axes.
        lowering: how the Weibull is written.

    Raises:
        ConfigError: `dim` is too large.
    """

    scale: Tensor
    offset: Tensor

    def __init__(
        self,
        network: Actnet,
        dim: int,
        layout: Layout,
        lowering: Lowering = Lowering.LOG_EXP,
    ) -> None:
        super().__init__()
        check_dim(dim, network.config)
        self.layout = layout
        # A copy of torchvision's extractor comes out in training mode, whatever went in.
        self.backbone = fuse(copy.deepcopy(network.backbone).eval(), inplace=True)
        streams = [stream for stream in network.head.streams if isinstance(stream, Stream)]
        self.streams = nn.ModuleList(LoweredStream(stream, lowering) for stream in streams)
        self.whitening = nn.Linear(network.head.signature_dim, dim)
        with torch.no_grad():
            self.whitening.weight.copy_(network.head.whitening.weight[:dim])
            self.whitening.bias.copy_(network.head.whitening.bias[:dim])
        scale, offset = normalisation()
        self.register_buffer("scale", scale)
        self.register_buffer("offset", offset)
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """Describe pictures.

        Args:
            image: (N, H, W, 3) or (N, 3, H, W) by `layout`, uint8 or float, RGB, 0 to 255.

        Returns:
            (N, dim) float32 of length 1.
        """
        feature_maps = self.backbone(self.normalised(image))
        signature = torch.cat([stream(feature_maps) for stream in self.streams], 1)
        return l2_normalise(self.whitening(signature))

    def normalised(self, image: Tensor) -> Tensor:
        """Bring bytes to the backbone's scale, as (N, 3, H, W) float32."""
        pixels = image.float()
        if self.layout is Layout.NHWC:
            # Contiguous: torch.onnx writes a Gather for each pooling of a turned tensor.
            pixels = pixels.permute(0, 3, 1, 2).contiguous()
        return pixels * self.scale + self.offset


class HeadlessBackbone(nn.Module):
    """The same backbone with average pooling alone: what the head's cost is measured against."""

    def __init__(self, deployable: DeployableActnet) -> None:
        super().__init__()
        self.deployable = deployable
        last_stream = deployable.streams[-1]
        assert isinstance(last_stream, LoweredStream)
        self.last_layer = last_stream.layers[-1]

    def forward(self, image: Tensor) -> Tensor:
        """Pool the last feature map: input as `DeployableActnet`, (N, C) float32 back."""
        feature_maps = self.deployable.backbone(self.deployable.normalised(image))
        return nn.functional.adaptive_avg_pool2d(feature_maps[self.last_layer], 1).flatten(1)


def example_input(size: ImageSize, layout: Layout, batch: int = 1) -> Tensor:
    """Return a uint8 input of the right shape for tracing."""
    shape = (batch, size.height, size.width, 3)
    if layout is Layout.NCHW:
        shape = (batch, 3, size.height, size.width)
    return torch.zeros(shape, dtype=torch.uint8)
