"""Operators of a converted graph get their ranges by order, and only if it is the network's graph."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mobile_actnet.export.formats.converted_graph import (
    Kind,
    Operator,
    ancestors_of_convolutions,
    backbone_operators,
    ranges_in_order,
)
from mobile_actnet.export.quantization.plan import ConvolutionPlan, QuantizationPlan
from mobile_actnet.runtime.errors import ArtefactError

FIRST, SECOND = (8, 3, 3, 3), (8, 1, 3, 3)
PLAN = QuantizationPlan(
    (
        ConvolutionPlan("a", FIRST, (0.0, 6.0), False),
        ConvolutionPlan("b", SECOND, (-1.0, 1.0), False),
    ),
    ((-2.0, 2.0),),
    (-2.1, 2.6),
    (0.0, 1.0),
    (-1.0, 1.0),
)


def convolution(reads: str, gives: str, kernel: tuple[int, ...]) -> Operator:
    return Operator(Kind.CONVOLUTION, (reads, "w"), (gives,), frozenset({"w"}), kernel)


def addition(reads: tuple[str, str], gives: str, *constants: str) -> Operator:
    return Operator(Kind.ADDITION, reads, (gives,), frozenset(constants))


GRAPH = [
    Operator(Kind.OTHER, ("image",), ("scaled",)),
    addition(("scaled", "offset"), "normalised", "offset"),
    convolution("normalised", "a", FIRST),
    convolution("a", "b", SECOND),
    addition(("a", "b"), "c"),
    Operator(Kind.OTHER, ("c",), ("pooled",)),
    addition(("pooled", "pooled"), "head"),
]


def test_the_backbone_is_what_convolutions_need_and_its_last_addition() -> None:
    assert ancestors_of_convolutions(GRAPH) == {0, 1, 2, 3}
    assert backbone_operators(GRAPH) == [2, 3, 4]
    longer = [*GRAPH, convolution("c", "d", FIRST)]
    assert ancestors_of_convolutions(longer) == {0, 1, 2, 3, 4, 7}
    assert backbone_operators(longer) == [2, 3, 4, 7]


def test_by_order() -> None:
    assert ranges_in_order(GRAPH, PLAN) == {2: (0.0, 6.0), 3: (-1.0, 1.0), 4: (-2.0, 2.0)}


@pytest.mark.parametrize(
    "graph",
    [
        [
            convolution("image", "a", SECOND),
            convolution("a", "b", FIRST),
            addition(("a", "b"), "c"),
        ],
        [convolution("image", "a", FIRST), addition(("a", "a"), "c")],
        [convolution("image", "a", FIRST), convolution("a", "b", SECOND)],
    ],
)
def test_another_graph_is_refused(graph: list[Operator]) -> None:
    with pytest.raises(ArtefactError, match="ranges cannot be assigned"):
        ranges_in_order(graph, PLAN)


def kinds_of_the_backbone(graph: list[Operator]) -> list[Kind]:
    return [graph[number].kind for number in backbone_operators(graph)]


class ResidualEnd(nn.Module):
    """Ends as a ResNet does: nothing is convolved after the last addition; the head adds too."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        found = self.first(image).relu()
        found = (self.second(found) + found).relu()
        return (found + 0.5).log().mean((2, 3)) + found.mean((2, 3))


def test_the_last_addition_of_a_resnet_is_the_backbones_in_tflite() -> None:
    litert_torch = pytest.importorskip("litert_torch", reason="needs the extra tflite")
    from mobile_actnet.export.formats.tflite import tflite_quantizer
    from mobile_actnet.runtime.tflite.tflite_flatbuffer import unpack

    made = litert_torch.convert(ResidualEnd().eval(), (torch.zeros(1, 3, 8, 8),))
    graph = tflite_quantizer.graph_operators(unpack(bytes(made.model_content())))
    assert kinds_of_the_backbone(graph) == [Kind.CONVOLUTION, Kind.CONVOLUTION, Kind.ADDITION]


def test_the_last_addition_of_a_resnet_is_the_backbones_in_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
    from mobile_actnet.export.formats.onnx import onnx_quantizer

    path = str(tmp_path / "end.onnx")
    torch.onnx.export(ResidualEnd().eval(), (torch.zeros(1, 3, 8, 8),), path, dynamo=True)
    graph = onnx_quantizer.graph_operators(onnx.load(path))
    assert kinds_of_the_backbone(graph) == [Kind.CONVOLUTION, Kind.CONVOLUTION, Kind.ADDITION]
