"""A converted graph as operators and the tensors between them, whatever the format.

Each format has an adapter that lists its operators so. The network's own operators are found again
by their order, held by their shapes.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.runtime.errors import ArtefactError


class Kind(Enum):
    """What an operator is to the walk."""

    CONVOLUTION = auto()
    ADDITION = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Operator:
    """An operator of a converted graph; its number is its place in the order of execution.

    Attributes:
        kind: of what the walk looks for.
        inputs, outputs: tensors, by whatever names them in the format; constants among the inputs.
        constants: which of the inputs are stored in the file.
        kernel: (out, in / groups, h, w) of a convolution; None of others.
    """

    kind: Kind
    inputs: tuple[Hashable, ...]
    outputs: tuple[Hashable, ...]
    constants: frozenset[Hashable] = frozenset()
    kernel: tuple[int, ...] | None = None


def ancestors_of_convolutions(operators: Sequence[Operator]) -> set[int]:
    """Return the numbers of the operators that a convolution needs, convolutions included."""
    producers = {tensor: n for n, operator in enumerate(operators) for tensor in operator.outputs}
    ancestors: set[int] = set()
    waiting = [n for n, operator in enumerate(operators) if operator.kind is Kind.CONVOLUTION]
    while waiting:
        number = waiting.pop()
        if number not in ancestors:
            ancestors.add(number)
            waiting += [producers[t] for t in operators[number].inputs if t in producers]
    return ancestors


def backbone_operators(operators: Sequence[Operator]) -> list[int]:
    """Return the numbers of the convolutions, and of the backbone's additions of two tensors.

    An addition is the backbone's if a convolution needs it, or if it adds to a convolution's output
    as the end of a ResNet does.
    """
    ancestors, numbers = ancestors_of_convolutions(operators), []
    convolved: set[Hashable] = set()
    for number, operator in enumerate(operators):
        if operator.kind is Kind.CONVOLUTION:
            numbers.append(number)
            convolved.update(operator.outputs)
            continue
        of_two_tensors = operator.kind is Kind.ADDITION and not operator.constants
        if of_two_tensors and (number in ancestors or convolved.intersection(operator.inputs)):
            numbers.append(number)
    return numbers


def ranges_in_order(operators: Sequence[Operator], plan: QuantizationPlan) -> dict[int, Range]:
    """Give the backbone's operators in a converted graph their ranges.

    Args:
        operators: all of the graph, in the order of execution.

    Returns:
        by the operator's number.

    Raises:
        ArtefactError: the graph is not the network: other operators, or in another order.
    """
    numbers = backbone_operators(operators)
    convolutions = [n for n in numbers if operators[n].kind is Kind.CONVOLUTION]
    additions = [n for n in numbers if operators[n].kind is Kind.ADDITION]
    shapes = [operators[n].kernel for n in convolutions]
    expected = [planned.shape for planned in plan.convolutions]
    if shapes != expected or len(additions) != len(plan.additions):
        raise ArtefactError(
            f"the converter wrote {len(shapes)} convolutions and {len(additions)} additions where "
            f"the network has {len(expected)} and {len(plan.additions)}, or others in their "
            "place: ranges cannot be assigned; use the versions of constraints.txt"
        )
    ranges = {n: p.output for n, p in zip(convolutions, plan.convolutions, strict=True)}
    return ranges | dict(zip(additions, plan.additions, strict=True))
