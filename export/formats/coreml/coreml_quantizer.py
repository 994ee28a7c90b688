"""Core ML at 8 bits and below, by coremltools' passes.

coremltools measures activations with Core ML itself, which exists on macOS only, and reads
differently from what was measured elsewhere; here its passes are handed our ranges instead.
"""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from mobile_actnet.export.formats.converted_graph import Kind, Operator, ranges_in_order
from mobile_actnet.export.formats.exporter import Options
from mobile_actnet.export.quantization.activation_ranges import LEVELS
from mobile_actnet.export.quantization.config import PALETTE_BITS
from mobile_actnet.export.quantization.palette import palette
from mobile_actnet.export.quantization.plan import QuantizationPlan, Range
from mobile_actnet.export.quantization.prepare import SMALL_KERNEL
from mobile_actnet.runtime.vocabulary import Precision

_ACTIVATIONS = ("relu6", "relu", "clip")
_SMALLEST_STORED = 64  # values of a kernel


def quantized(model: Any, options: Options) -> Any:
    """Return the model at the precision that the options ask for.

    Args:
        model: ML Program in half precision; kernels already rounded where the precision is int8.
    """
    with _own_passes():
        return _quantized(model, options)


def passes() -> Any:
    """Return all passes but the one that makes a batch norm, with an epsilon, of the normalisation."""
    import coremltools

    pipeline = coremltools.PassPipeline()
    pipeline.remove_passes({"common::fuse_elementwise_to_batchnorm"})
    return pipeline


def _quantized(model: Any, options: Options) -> Any:
    import coremltools.optimize.coreml as optimize

    precision = options.precision
    if precision in PALETTE_BITS:
        table = optimize.OpPalettizerConfig(
            mode="custom",
            lut_function=functools.partial(_table, PALETTE_BITS[precision]),
            weight_threshold=SMALL_KERNEL - 1,
        )
        return optimize.palettize_weights(model, _for_kernels(optimize, table, precision))
    if precision in (Precision.INT8, Precision.MIXED):
        assert options.plan is not None
        model = _with_activations(optimize, model, options.plan, precision)
    if precision in (Precision.INT8_WEIGHTS, Precision.INT8, Precision.MIXED):
        least = SMALL_KERNEL if options.plan is None else _SMALLEST_STORED
        weights = optimize.OpLinearQuantizerConfig(
            mode="linear_symmetric", weight_threshold=least - 1
        )
        kept = [] if options.plan is None else _kept(_operations(model), options.plan)
        config = _for_kernels(optimize, weights, precision, kept)
        model = optimize.linear_quantize_weights(model, config)
    return model


def _for_kernels(
    optimize: Any, kernels: Any, precision: Precision, kept: Sequence[str] = ()
) -> Any:
    return optimize.OptimizationConfig(
        op_type_configs={
            "conv": kernels,
            "linear": None if precision is Precision.MIXED else kernels,
        },
        op_name_configs=dict.fromkeys(kept),
    )


def _table(bits: int, weights: Any) -> tuple[Any, Any]:
    return palette(weights, bits)


def _with_activations(
    optimize: Any, model: Any, plan: QuantizationPlan, precision: Precision
) -> Any:
    """Insert quantize and dequantize around the operators of the backbone, and the projection."""
    operations = _operations(model)
    ranges, head = _ranges(operations, plan)
    unsigned = optimize.OpLinearQuantizerConfig(mode="linear", dtype="uint8")
    config = optimize.OptimizationConfig(
        op_type_configs={
            "conv": unsigned,
            "add": unsigned,
            "linear": unsigned if precision is Precision.INT8 else None,
        },
        op_name_configs=dict.fromkeys([*_kept(operations, plan), *head]),
    )
    with _measured(ranges):
        return optimize.linear_quantize_activations(model, config, [{}])


@contextlib.contextmanager
def _replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Let a module's function be another for a while."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@contextlib.contextmanager
def _measured(ranges: dict[str, Range]) -> Iterator[None]:
    """Let coremltools' own measuring, which needs macOS, return our ranges."""
    from coremltools.optimize.coreml import _post_training_quantization as module

    statistics = {}
    for name, limits in ranges.items():
        low, high = whole_levels(limits)
        statistics[name] = {"rmin": low, "rmax": high}
    with _replaced(
        module, "_get_activation_calibration_stats", lambda *_args, **_named: statistics
    ):
        yield


def whole_levels(limits: Range) -> Range:
    """Move the ends of a range so that zero is one of its 256 levels.

    coremltools reckons in half precision. From ends that are levels it finds the zero point that
    the other formats have; from others, where the zero point lies between two, now and then the next.
    """
    low, high = limits
    step = (high - low) / (LEVELS - 1)
    zero_point = round(-low / step)
    return -zero_point * step, (LEVELS - 1 - zero_point) * step


@contextlib.contextmanager
def _own_passes() -> Iterator[None]:
    """Let coremltools write the program again with our passes; it always takes its own."""
    from coremltools.models import utils as module

    convert = functools.partial(module._mil_convert, pass_pipeline=passes())
    with _replaced(module, "_mil_convert", convert):
        yield


def _operations(model: Any) -> list[Any]:
    program = model.get_spec().mlProgram.functions["main"]
    return list(program.block_specializations[program.opset].operations)


def _ranges(operations: list[Any], plan: QuantizationPlan) -> tuple[dict[str, Range], list[str]]:
    """Return the range of each value that is stored in 8 bits, and the head's additions."""
    ranges: dict[str, Range] = {}
    ordered = ranges_in_order(graph_operators(operations), plan)
    head = [_name(x) for n, x in enumerate(operations) if x.type == "add" and n not in ordered]
    for number, limits in ordered.items():
        message = operations[number]
        name = message.outputs[0].name
        ranges[name] = limits
        ranges[_last_output(message, operations)] = limits
    for message in operations:
        output = message.outputs[0].name
        source = _input(message, "x")
        if message.type == "conv" and source not in ranges:
            ranges[source] = plan.input
        elif message.type == "max_pool":
            ranges[output] = ranges[source]
        elif message.type in _ACTIVATIONS and source in ranges and output not in ranges:
            # The head clips what a convolution reads unclipped; the pass takes it for the latter's.
            ranges[output] = (0.0, ranges[source][1])
        elif message.type == "linear":
            ranges[source], ranges[output] = plan.signature, plan.whitening
    return ranges, head


def _kept(operations: list[Any], plan: QuantizationPlan) -> list[str]:
    """Return the names of the convolutions that stay in float."""
    convolutions = [message for message in operations if message.type == "conv"]
    pairs = zip(convolutions, plan.convolutions, strict=True)
    return [_name(message) for message, planned in pairs if planned.kept]


def _last_output(message: Any, operations: list[Any]) -> str:
    """Return what comes out of an operator, or of the activation function that alone reads it."""
    name = message.outputs[0].name
    readers = [
        x for x in operations if any(name in _names(argument) for argument in x.inputs.values())
    ]
    if len(readers) == 1 and readers[0].type in _ACTIVATIONS:
        return str(readers[0].outputs[0].name)
    return str(name)


def _name(message: Any) -> str:
    return str(message.attributes["name"].immediateValue.tensor.strings.values[0])


def _names(argument: Any) -> list[str]:
    return [binding.name for binding in argument.arguments]


def _input(message: Any, key: str) -> str:
    names = _names(message.inputs[key]) if key in message.inputs else []
    return names[0] if names else ""


def graph_operators(operations: list[Any]) -> list[Operator]:
    """List the operations of an ML Program."""
    constants = {
        message.outputs[0].name: message.outputs[0].type.tensorType
        for message in operations
        if message.type == "const"
    }
    kinds = {"conv": Kind.CONVOLUTION, "add": Kind.ADDITION}
    operators = []
    for message in operations:
        kind = kinds.get(message.type, Kind.OTHER)
        kernel = None
        if kind is Kind.CONVOLUTION:
            sides = constants[_input(message, "weight")].dimensions
            kernel = tuple(int(side.constant.size) for side in sides)
        inputs = tuple(name for argument in message.inputs.values() for name in _names(argument))
        summands = {_input(message, "x"), _input(message, "y")}
        stored = frozenset(summands if kind is Kind.ADDITION else inputs) & frozenset(constants)
        outputs = (str(message.outputs[0].name),)
        operators.append(Operator(kind, inputs, outputs, stored, kernel))
    return operators
