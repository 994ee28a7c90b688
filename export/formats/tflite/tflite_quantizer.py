"""TFLite at 16 and 8 bits, by ai-edge-quantizer with ranges of our own.

Its own calibration keeps a moving average of minima and maxima, which cuts off what later pictures
show; it is not used. Tensors get plain names first (backbone/7, head/12), so that a recipe can
name operators: the converter's own names differ by a number at the end.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mobile_actnet.export.formats.converted_graph import (
    Kind,
    Operator,
    ancestors_of_convolutions,
    ranges_in_order,
)
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.export.quantization.prepare import is_small, is_tiny
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.tflite.tflite_flatbuffer import operator_name, pack, unpack
from mobile_actnet.runtime.vocabulary import Precision

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_PADDINGS = ("PAD", "PADV2")
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_NORMALISATION, _BACKBONE, _HEAD, _WHITENING = "normalisation", "backbone", "head", "whitening"
_SMALL, _LARGE = "small", "large"
_Graph = Any


def quantized(content: bytes, options: Options) -> bytes:
    """Return the artefact at the precision that the options ask for.

    Args:
        content: float32 flatbuffer; kernels already rounded where the precision is of 8 bits.
    """
    if options.precision is Precision.FP32:
        return content
    if options.precision is Precision.FP16:
        return _weights_only(content, half=True)
    if options.precision is Precision.INT8_WEIGHTS:
        return _weights_only(content, half=False)
    assert options.plan is not None
    return _static(content, options.plan, options.precision is Precision.INT8)


def _weights_only(content: bytes, half: bool) -> bytes:
    """Store large kernels in half precision or int8, small ones in half, tiny ones as they are."""
    model = unpack(content)
    graph = model.subgraphs[0]
    for number, operator in enumerate(graph.operators):
        if operator_name(model, operator) in _WEIGHTED:
            shape = graph.tensors[operator.inputs[1]].shape
            if is_tiny(shape):
                continue
            small = half or is_small(shape)
            graph.tensors[operator.outputs[0]].name = f"{_SMALL if small else _LARGE}/{number}"
    with silence():
        from ai_edge_quantizer import quantizer

        recipe = quantizer.Quantizer(pack(model))
        for operator in _WEIGHTED:
            _store_weights(recipe, operator, True, f"^{_SMALL}/")
            if not half:
                _store_weights(recipe, operator, False, f"^{_LARGE}/")
        return bytes(recipe.quantize().quantized_model)


def _store_weights(recipe: Any, operator: str, half: bool, regex: str) -> None:
    """Let an operator's weights be stored in half precision or int8, and computed with in float."""
    from ai_edge_quantizer import qtyping, quantizer

    name = qtyping.TFLOperationName[operator]
    if not half:
        recipe.add_weight_only_config(regex, name, 8)
        return
    weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
    recipe.update_quantization_recipe(
        regex=regex,
        operation_name=name,
        algorithm_key=quantizer.AlgorithmName.FLOAT_CASTING,
        op_config=qtyping.OpQuantizationConfig(
            weight_tensor_config=weights,
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
    )


def _static(content: bytes, plan: QuantizationPlan, whitening: bool) -> bytes:
    """Quantise the backbone, and the projection if asked for; all else stays in float."""
    model = unpack(content)
    kept = _name_tensors(model, plan)
    ranges = dict(_ranges(model, plan))
    named = pack(model)
    with silence():
        from ai_edge_quantizer import qtyping, quantizer

        operations = qtyping.TFLOperationName
        recipe = quantizer.Quantizer(named)

        def leave(regex: str, operation: Any = operations.ALL_SUPPORTED) -> None:
            recipe.update_quantization_recipe(
                regex, operation, algorithm_key=quantizer.AlgorithmName.NO_QUANTIZE
            )

        recipe.add_static_config(".*", operations.ALL_SUPPORTED, 8, 8)
        for place in (_HEAD, _NORMALISATION):
            leave(f"^{place}/")
        for name in kept:
            leave(f"^{name};?$")
        leave(".*", operations.INPUT)
        leave(".*", operations.OUTPUT)
        if not whitening:
            _store_weights(recipe, "FULLY_CONNECTED", True, f"^{_WHITENING}/")
        return bytes(recipe.quantize(ranges).quantized_model)


def _name_tensors(model: _Graph, plan: QuantizationPlan) -> list[str]:
    """Name every operator's result by where it stands; return the convolutions kept in float."""
    graph = model.subgraphs[0]
    backbone = ancestors_of_convolutions(graph_operators(model))
    started, kept, convolutions = False, [], iter(plan.convolutions)
    for number, operator in enumerate(graph.operators):
        name = operator_name(model, operator)
        started = started or name in ("PAD", *_CONVOLUTIONS)
        place = _BACKBONE if started else _NORMALISATION
        if number not in backbone:
            place = _WHITENING if name == "FULLY_CONNECTED" else _HEAD
        named = f"{place}/{number}"
        for output in operator.outputs:
            graph.tensors[output].name = named
        if name in _CONVOLUTIONS and next(convolutions).kept:
            kept += [named, *_padding_before(model, operator)]
    return kept


def _padding_before(model: _Graph, convolution: Any) -> list[str]:
    """Return the name of the padding that a convolution alone reads, if there is one."""
    graph, source = model.subgraphs[0], convolution.inputs[0]
    return [
        str(graph.tensors[source].name)
        for operator in graph.operators
        if operator_name(model, operator) in _PADDINGS and operator.outputs[0] == source
    ]


def _ranges(model: _Graph, plan: QuantizationPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every tensor that is stored in 8 bits its range, as the quantiser wants it."""
    graph = model.subgraphs[0]
    ranges: dict[int, Range] = {}
    for number, limits in ranges_in_order(graph_operators(model), plan).items():
        ranges[graph.operators[number].outputs[0]] = limits
    for operator in graph.operators:
        source, name = operator.inputs[0], operator_name(model, operator)
        if name in (*_PADDINGS, "MAX_POOL_2D", *_CONVOLUTIONS) and source not in ranges:
            ranges[source] = plan.input
        if name in (*_PADDINGS, "MAX_POOL_2D"):
            ranges[operator.outputs[0]] = ranges[source]
        if name == "FULLY_CONNECTED":
            ranges[source], ranges[operator.outputs[0]] = plan.signature, plan.whitening
    for tensor, (low, high) in ranges.items():
        shape = [1] * len(graph.tensors[tensor].shape)
        ends = {"min": low, "max": high}
        yield (
            str(graph.tensors[tensor].name),
            {key: np.full(shape, value, np.float32) for key, value in ends.items()},
        )


def graph_operators(model: _Graph) -> list[Operator]:
    """List the operators of a flatbuffer's graph; kernels in torch's order of axes."""
    graph = model.subgraphs[0]
    stored = {
        number
        for number, tensor in enumerate(graph.tensors)
        if model.buffers[tensor.buffer].data is not None
    }
    kinds = dict.fromkeys(_CONVOLUTIONS, Kind.CONVOLUTION) | {"ADD": Kind.ADDITION}
    operators = []
    for operator in graph.operators:
        name = operator_name(model, operator)
        kernel = None
        if name in _CONVOLUTIONS:
            out, height, width, into = (int(n) for n in graph.tensors[operator.inputs[1]].shape)
            if name == "DEPTHWISE_CONV_2D":
                out, into = into, out
            kernel = (out, into, height, width)
        inputs = tuple(int(n) for n in operator.inputs)
        outputs = tuple(int(n) for n in operator.outputs)
        constants = frozenset(inputs) & stored
        operators.append(Operator(kinds.get(name, Kind.OTHER), inputs, outputs, constants, kernel))
    return operators
