"""ONNX at 16 and 8 bits: stored weights by hand, static int8 by onnxruntime's quantiser.

Static graphs are of the QDQ kind: float operators between QuantizeLinear and DequantizeLinear,
which a runtime fuses. Activations are unsigned: signed ones run at half the speed on x86. The
quantiser is told which nodes to take; left alone it removes the guard before the head's logarithm,
which looks to it like an activation function.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mobile_actnet.export.formats.converted_graph import Kind, Operator, ranges_in_order
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.export.quantization.prepare import is_small, is_tiny
from mobile_actnet.export.quantization.weight_repair import WEIGHT_LEVEL_MAX
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import Precision

_ACTIVATIONS = ("Clip", "Relu")
_PASSING = ("MaxPool",)
_ENDS = {"lowest_float": np.finfo(np.float32).min, "highest_float": np.finfo(np.float32).max}


def quantized(model: Any, options: Options) -> Any:
    """Return the model at the precision that the options ask for.

    Args:
        model: float32; kernels already rounded where the precision is of 8 bits.
    """
    if options.precision is Precision.FP16:
        _store_as_half(model, _weights(model))
    elif options.precision is Precision.INT8_WEIGHTS:
        _store_as_int8(model)
    elif options.precision in (Precision.INT8, Precision.MIXED):
        assert options.plan is not None
        return _static(model, options.plan, options.precision is Precision.INT8)
    return model


def _weights(model: Any) -> list[Any]:
    """Return the initialisers that are kernels and matrices."""
    return [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
        and len(tensor.dims) >= 2
        and not is_tiny(tensor.dims)
    ]


def _store_as_half(model: Any, tensors: Iterable[Any]) -> None:
    """Replace float32 tensors by half-precision copies and casts."""
    for tensor in tensors:
        values, name = onnx.numpy_helper.to_array(tensor), tensor.name
        stored = f"{name}_half"
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), stored))
        cast = onnx.helper.make_node(
            "Cast", [stored], [name], f"{name}_cast", to=onnx.TensorProto.FLOAT
        )
        model.graph.node.insert(0, cast)


def _store_as_int8(model: Any) -> None:
    """Replace kernels and matrices by int8, a scale for each row, and a DequantizeLinear."""
    _store_as_half(model, [tensor for tensor in _weights(model) if is_small(tensor.dims)])
    for tensor in _weights(model):
        values, name = onnx.numpy_helper.to_array(tensor), tensor.name
        levels, scales = _int8(values)
        stored, scale = f"{name}_int8", f"{name}_scale"
        tensor.CopyFrom(onnx.numpy_helper.from_array(levels, stored))
        model.graph.initializer.append(onnx.numpy_helper.from_array(scales, scale))
        dequantize = onnx.helper.make_node(
            "DequantizeLinear", [stored, scale], [name], f"{name}_dequantize", axis=0
        )
        model.graph.node.insert(0, dequantize)


def _int8(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(out, ...) weights to (out, ...) int8 and (out,) scales, symmetric."""
    largest = np.abs(values).reshape(len(values), -1).max(1)
    scales = (np.maximum(largest, np.finfo(np.float32).tiny) / WEIGHT_LEVEL_MAX).astype(np.float32)
    levels = np.round(values / scales.reshape(-1, *[1] * (values.ndim - 1)))
    return levels.astype(np.int8), scales


def _static(model: Any, plan: QuantizationPlan, whitening: bool) -> Any:
    """Quantise the backbone, and the projection if asked for; all else stays in float."""
    with silence():
        from onnxruntime.quantization import CalibrationMethod, QuantType
        from onnxruntime.quantization.calibrate import TensorsData
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
        from onnxruntime.quantization.quant_utils import add_infer_metadata

        # Without the mark the quantiser infers shapes itself: it writes all to a temporary folder, and asks for this
        # computer's address to name a file.
        model = onnx.shape_inference.infer_shapes(model)
        add_infer_metadata(model)
        node_names, ranges = _taken(model, plan, whitening)
        ends = {
            name: (np.array(low, np.float32), np.array(high, np.float32))
            for name, (low, high) in ranges.items()
        }
        quantizer = QDQQuantizer(
            model,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, ends),
            nodes_to_quantize=node_names,
            nodes_to_exclude=[],
            op_types_to_quantize=["Conv", "Add", "Gemm", *_ACTIVATIONS, *_PASSING],
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        quantised = quantizer.model.model
    _shield_kept(quantised.graph)
    if not whitening:
        _store_as_half(quantised, _weights(quantised))
    return quantised


def _shield_kept(graph: Any) -> None:
    """Put a Clip that changes nothing between a convolution kept in float and what it reads.

    onnxruntime rounds a float kernel right behind a DequantizeLinear to 8 bits when it loads the
    model, with one scale for all of it (its WeightBiasQuantization).
    """
    dequantized = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    kept = [
        (number, node)
        for number, node in enumerate(graph.node)
        if node.op_type == "Conv"
        and node.input[0] in dequantized
        and node.input[1] not in dequantized
    ]
    for name, end in _ENDS.items() if kept else ():
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(end, np.float32), name))
    for number, node in reversed(kept):
        shielded = f"{node.name}_shielded"
        clip = onnx.helper.make_node("Clip", [node.input[0], *_ENDS], [shielded], shielded)
        node.input[0] = shielded
        graph.node.insert(number, clip)


def _taken(
    model: Any, plan: QuantizationPlan, whitening: bool
) -> tuple[list[str], dict[str, Range]]:
    """Return the names of the nodes to quantise, and the range of each tensor at their borders."""
    nodes = list(model.graph.node)
    readers = _readers(nodes)
    node_names: list[str] = []
    ranges: dict[str, Range] = {}
    kept = iter(plan.convolutions)
    for number, limits in ranges_in_order(graph_operators(model), plan).items():
        node = nodes[number]
        if node.op_type == "Conv" and next(kept).kept:
            ranges[_last_output(node, readers)] = limits
            continue
        node_names.append(node.name)
        ranges[node.output[0]] = limits
        if (last := _last_output(node, readers)) != node.output[0]:
            node_names.append(readers[node.output[0]][0].name)
            ranges[last] = limits
    first = next(node for node in nodes if node.op_type == "Conv")
    ranges[first.input[0]] = plan.input
    for node in nodes:
        if node.op_type in _PASSING:
            node_names.append(node.name)
            ranges[node.output[0]] = ranges[node.input[0]]
        if node.op_type == "Gemm" and whitening:
            node_names.append(node.name)
            ranges[node.input[0]], ranges[node.output[0]] = plan.signature, plan.whitening
    return node_names, ranges


def _readers(nodes: list[Any]) -> dict[str, list[Any]]:
    readers: dict[str, list[Any]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _last_output(node: Any, readers: dict[str, list[Any]]) -> str:
    """Return what comes out of a node, or of the activation function that alone reads it."""
    following = readers.get(node.output[0], [])
    if len(following) == 1 and following[0].op_type in _ACTIVATIONS:
        return str(following[0].output[0])
    return str(node.output[0])


def graph_operators(model: Any) -> list[Operator]:
    """List the nodes of a graph."""
    shapes = {tensor.name: tuple(map(int, tensor.dims)) for tensor in model.graph.initializer}
    kinds = {"Conv": Kind.CONVOLUTION, "Add": Kind.ADDITION}
    return [
        Operator(
            kinds.get(node.op_type, Kind.OTHER),
            tuple(node.input),
            tuple(node.output),
            frozenset(node.input) & frozenset(shapes),
            shapes[node.input[1]] if node.op_type == "Conv" else None,
        )
        for node in model.graph.node
    ]
