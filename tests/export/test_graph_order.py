"""Operators of a converted graph get their ranges by order, and only if it is the network's graph."""

import pytest

from mobile_actnet.export.errors import ArtefactError
from mobile_actnet.export.formats import ConvolutionPlan, QuantizationPlan
from mobile_actnet.export.graph_order import OrderedOperator, ranges_in_order

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
