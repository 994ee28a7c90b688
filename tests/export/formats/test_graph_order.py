"""Operators of a converted graph get their ranges by order, and only if it is the network's graph."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mobile_actnet.export.formats.graph_order import OrderedOperator, ranges_in_order
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


def test_by_order() -> None:
    found = [OrderedOperator(4, FIRST), OrderedOperator(7, SECOND), OrderedOperator(9, None)]
    assert ranges_in_order(found, PLAN) == {4: (0.0, 6.0), 7: (-1.0, 1.0), 9: (-2.0, 2.0)}


@pytest.mark.parametrize(
    "found",
    [
        [OrderedOperator(4, SECOND), OrderedOperator(7, FIRST), OrderedOperator(9, None)],
        [OrderedOperator(4, FIRST), OrderedOperator(9, None)],
        [OrderedOperator(4, FIRST), OrderedOperator(7, SECOND)],
    ],
)
def test_another_graph_is_refused(found: list[OrderedOperator]) -> None:
    with pytest.raises(ArtefactError, match="ranges cannot be assigned"):
        ranges_in_order(found, PLAN)


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
    from mobile_actnet.export.formats import tflite_quantizer
    from mobile_actnet.runtime.tflite_flatbuffer import unpack

    made = litert_torch.convert(ResidualEnd().eval(), (torch.zeros(1, 3, 8, 8),))
    found = tflite_quantizer._ordered(unpack(bytes(made.model_content())))
    assert [operator.kernel is None for operator in found] == [False, False, True]


def test_the_last_addition_of_a_resnet_is_the_backbones_in_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
    from mobile_actnet.export.formats import onnx_quantizer

    path = str(tmp_path / "end.onnx")
    torch.onnx.export(ResidualEnd().eval(), (torch.zeros(1, 3, 8, 8),), path, dynamo=True)
    found = onnx_quantizer._ordered(onnx.load(path))
    assert [operator.kernel is None for operator in found] == [False, False, True]
