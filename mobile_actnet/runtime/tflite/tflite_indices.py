"""Whether the numbers of a .tflite file point into its tables, and its tensors have a sane size.

The interpreter trusts them: an operator that names a tensor outside the table, or one that nothing
has computed, reads wherever that leads and ends the process.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

_NONE = -1  # An operator's input that is left out.
# A feature map of 1024 x 768 has 38 million; a damaged shape takes all memory of the machine.
_MOST_VALUES = 2**28


def check_indices(model: Any, size_bytes: int) -> None:
    """Hold all indices of a model against its tables.

    Args:
        model: the schema's ModelT.
        size_bytes: of the file.

    Raises:
        ValueError: what points nowhere.
    """
    for buffer in model.buffers:
        if buffer.offset > 1 and not buffer.offset + buffer.size <= size_bytes:
            raise ValueError("a buffer ends beyond the end of the file")
    for entry in model.metadata or ():
        _inside([entry.buffer], len(model.buffers), "the metadata")
    for number, graph in enumerate(model.subgraphs):
        _check_graph(model, graph, f"graph {number}")
    for signature in model.signatureDefs or ():
        _inside([signature.subgraphIndex], len(model.subgraphs), "a signature")
        tensors = len(model.subgraphs[signature.subgraphIndex].tensors)
        borders = [*(signature.inputs or ()), *(signature.outputs or ())]
        _inside([border.tensorIndex for border in borders], tensors, "a signature")


def _check_graph(model: Any, graph: Any, name: str) -> None:
    tensors = graph.tensors if graph.tensors is not None else []
    _inside([tensor.buffer for tensor in tensors], len(model.buffers), f"a tensor of {name}")
    for tensor in tensors:
        if (values := math.prod(_list(tensor.shape))) > _MOST_VALUES:
            raise ValueError(f"a tensor of {name} has {values} values; {_MOST_VALUES} is the most")
    if any(tensor.sparsity is not None for tensor in tensors):
        raise ValueError(f"{name} has sparse tensors, which this toolkit never writes")
    inputs, outputs = _list(graph.inputs), _list(graph.outputs)
    _inside([*inputs, *outputs], len(tensors), f"the inputs or outputs of {name}")
    constant = {at for at, tensor in enumerate(tensors) if _is_constant(model, tensor)}
    known = constant | set(inputs) | {at for at, tensor in enumerate(tensors) if tensor.isVariable}
    for operator in graph.operators or ():
        _inside([operator.opcodeIndex], len(model.operatorCodes), f"an operator of {name}")
        options = {} if operator.builtinOptions is None else vars(operator.builtinOptions)
        graphs = [at for field, at in options.items() if field.lower().endswith("subgraphindex")]
        _inside(graphs, len(model.subgraphs), f"an operator of {name}")
        read = [at for at in _list(operator.inputs) if at != _NONE]
        written = _list(operator.outputs)
        _inside([*read, *written], len(tensors), f"an operator of {name}")
        _inside(_list(operator.intermediates), len(tensors), f"an operator of {name}")
        if missing := set(read) - known:
            raise ValueError(f"{name} reads tensor {min(missing)} before anything computes it")
        if wrong := set(written) & (constant | set(inputs)):
            raise ValueError(f"{name} writes tensor {min(wrong)}, which is a constant or an input")
        known |= set(written)
    if missing := set(outputs) - known:
        raise ValueError(f"{name} gives tensor {min(missing)}, which nothing computes")


def _is_constant(model: Any, tensor: Any) -> bool:
    buffer = model.buffers[tensor.buffer]
    has_data = buffer.data is not None and len(buffer.data) > 0
    is_empty = tensor.shape is not None and len(tensor.shape) > 0 and 0 in list(tensor.shape)
    return has_data or (buffer.offset > 1 and buffer.size > 0) or is_empty


def _list(indices: Any) -> list[int]:
    return [] if indices is None else [int(at) for at in np.asarray(indices).ravel()]


def _inside(indices: Iterable[int], count: int, where: str) -> None:
    for index in indices:
        if not 0 <= index < count:
            raise ValueError(f"{where} points at number {index} of {count}")
