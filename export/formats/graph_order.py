"""Finding the network's operators again in a converted graph: by their order, held by their shapes."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.runtime.errors import ArtefactError


@dataclass(frozen=True)
class OrderedOperator:
    """A convolution or an addition in a converted graph.

    Attributes:
        number: its place in the graph.
        kernel: (out, in / groups, h, w) of a convolution; None of an addition.
    """

    number: int
    kernel: tuple[int, ...] | None


def ranges_in_order(found: Sequence[OrderedOperator], plan: QuantizationPlan) -> dict[int, Range]:
    """Give the operators of a converted graph their ranges.

    Args:
        found: convolutions and additions in the order of execution.

    Returns:
        by the operator's place in the graph.

    Raises:
        ArtefactError: the graph is not the network: other operators, or in another order.
    """
    convolutions = [operator for operator in found if operator.kernel is not None]
    additions = [operator for operator in found if operator.kernel is None]
    shapes = [operator.kernel for operator in convolutions]
    expected = [planned.shape for planned in plan.convolutions]
    if shapes != expected or len(additions) != len(plan.additions):
        raise ArtefactError(
            f"the converter wrote {len(shapes)} convolutions and {len(additions)} additions where "
            f"the network has {len(expected)} and {len(plan.additions)}, or others in their "
            "place: ranges cannot be assigned; use the versions of constraints.txt"
        )
    ranges = {x.number: p.output for x, p in zip(convolutions, plan.convolutions, strict=True)}
    return ranges | {x.number: r for x, r in zip(additions, plan.additions, strict=True)}
