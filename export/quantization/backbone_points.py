"""Points: the tensors of a backbone that a static int8 artefact stores in 8 bits.

A convolution with the ReLU behind it is one operator to every runtime, and so is an addition: the
point is what comes out of the pair. The converters give tensors names of their own, but keep the
operators' order: the i-th convolution here is the i-th convolution of the artefact.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.vocabulary import Layout

INPUT = "input"
SIGNATURE = "signature"
WHITENING = "whitening"

Observe = Callable[[str, Tensor], None]

_BATCH = 16
_ADDITIONS = (operator.add, operator.iadd, torch.add)


@dataclass(frozen=True)
class Convolution:
    """A convolution of the backbone.

    Attributes:
        name: the module's path.
        module: the convolution, batch norm folded into it.
        source: the point that it reads.
        point: the point that it gives, its ReLU included.
        bounded: whether a ReLU6 stands behind it.
    """

    name: str
    module: nn.Conv2d
    source: str
    point: str
    bounded: bool


@dataclass(frozen=True)
class Addition:
    """An addition of two points: what they are, and the point that it gives."""

    sources: tuple[str, ...]
    point: str


class BackbonePoints:
    """The points of a deployable network in the order of execution.

    Attributes:
        convolutions, additions: in the order of execution.
        outputs: by the stream's layer, the point that the head reads.
        deployable: whose points they are.
        graph: its backbone. of: the point that a node of it gives.
    """

    def __init__(self, deployable: DeployableActnet) -> None:
        self.deployable = deployable
        assert isinstance(deployable.backbone, fx.GraphModule)
        self.graph = deployable.backbone
        self._modules = dict(self.graph.named_modules())
        self.of: dict[fx.Node, str] = {}
        self.convolutions: list[Convolution] = []
        self.additions: list[Addition] = []
        self.outputs: dict[str, str] = {}
        for node in self.graph.graph.nodes:
            self._take(node)

    @torch.no_grad()
    def observe(self, pixels: Pixels, observe: Observe) -> Tensor:
        """Run pictures and show every point's values, the signature and the whitening's result.

        Args:
            pixels: (N, H, W, 3) uint8.
            observe: called with a point's name and its values, (n, C, h, w) or (n, C).

        Returns:
            (N, dim) the whitening's results, not normalised.
        """
        outputs = []
        for start in range(0, len(pixels), _BATCH):
            batch = torch.from_numpy(pixels[start : start + _BATCH])
            if self.deployable.layout is Layout.NCHW:
                batch = batch.permute(0, 3, 1, 2)
            images = self.deployable.normalised(batch)
            maps = _Observed(self.graph, self.of, observe).run(images)
            signature = torch.cat([stream(maps) for stream in self.deployable.streams], 1)
            observe(SIGNATURE, signature)
            outputs.append(self.deployable.whitening(signature))
            observe(WHITENING, outputs[-1])
        return torch.cat(outputs)

    def _take(self, node: fx.Node) -> None:
        module = self._modules.get(str(node.target)) if node.op == "call_module" else None
        if node.op == "placeholder":
            self.of[node] = INPUT
        elif node.op == "output":
            maps: Any = node.args[0]
            self.outputs = {layer: self._source(value) for layer, value in maps.items()}
        elif isinstance(module, nn.Conv2d):
            last, follower = self._with_activation(node)
            self.of[last] = str(node.target)
            self.convolutions.append(
                Convolution(
                    str(node.target), module, self._source(node.args[0]), str(node.target),
                    isinstance(follower, nn.ReLU6),
                )
            )  # fmt: skip
        elif node.op == "call_function" and node.target in _ADDITIONS:
            last, _ = self._with_activation(node)
            self.of[last] = node.name
            sources = tuple(self._source(value) for value in node.args)
            self.additions.append(Addition(sources, node.name))

    def _with_activation(self, node: fx.Node) -> tuple[fx.Node, nn.Module | None]:
        """Return the ReLU that alone follows a node, and its module; else the node itself."""
        users = list(node.users)
        if len(users) == 1 and users[0].op == "call_module":
            follower = self._modules[str(users[0].target)]
            if isinstance(follower, nn.ReLU | nn.ReLU6):
                return users[0], follower
        return node, None

    def _source(self, value: Any) -> str:
        """Return the point that a value comes from; pooling and the like store none of their own."""
        while value not in self.of:
            value = value.args[0]
        return self.of[value]


class _Observed(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule, points: dict[fx.Node, str], observe: Observe) -> None:
        super().__init__(graph)
        self._points, self._observe = points, observe

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if n in self._points:
            self._observe(self._points[n], value)
        return value
