"""Which layers of an artefact are furthest from the float network: signal-to-noise by convolution.

The artefact's own intermediate values are compared with torch's, on a few pictures. Convolutions
are found by their order; what a ReLU behind one gives counts as its result.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.export.graph.deployable import DeployableActnet
from mobile_actnet.export.quantization.backbone_points import BackbonePoints
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.vocabulary import Format

PICTURES = 8
_MOST_DB = 120.0

Values = NDArray[np.float32]


@dataclass(frozen=True)
class LayerError:
    """Signal-to-noise ratio of a convolution's result, in dB; 120 stands for equal."""

    layer: str
    snr_db: float


def worst_layers(
    artefact: Path, kind: Format, reference: DeployableActnet, pixels: Pixels, count: int = 5
) -> list[LayerError]:
    """Return the convolutions of an artefact with the lowest signal-to-noise ratio, worst first.

    Args:
        reference: the float network, equalised like the artefact.
        pixels: (N, H, W, 3) uint8; a few are enough.

    Returns:
        at most `count`; none where the artefact's convolutions are not those of the network.
    """
    points = BackbonePoints(reference)
    expected: dict[str, Values] = {}
    points.observe(pixels, lambda name, x: expected.update({name: _joined(expected, name, x)}))
    found = list(_LAYERS[kind](artefact, pixels))
    if len(found) != len(points.convolutions):
        return []
    errors = [
        LayerError(convolution.name, round(signal_to_noise_db(expected[convolution.point], x), 2))
        for convolution, x in zip(points.convolutions, found, strict=True)
    ]
    return sorted(errors, key=lambda error: error.snr_db)[:count]


def signal_to_noise_db(expected: Values, found: Values) -> float:
    """Return 10 log10 of the signal's energy over that of the difference."""
    signal = float(np.sum(expected.astype(np.float64) ** 2))
    noise = float(np.sum((expected.astype(np.float64) - found) ** 2))
    if not np.isfinite(noise) or signal == 0.0:
        return -_MOST_DB
    return min(_MOST_DB, 10 * float(np.log10(signal / max(noise, 1e-30))))


def _joined(expected: dict[str, Values], name: str, x: Any) -> Values:
    values = x.numpy()
    return np.concatenate([expected[name], values]) if name in expected else values


def _of_tflite(artefact: Path, pixels: Pixels) -> Iterator[Values]:
    """Run without XNNPACK, which keeps no intermediate values."""
    from mobile_actnet.runtime.tflite_flatbuffer import operator_name, unpack

    with silence():
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        interpreter = Interpreter(
            str(artefact),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    model = unpack(artefact.read_bytes())
    outputs = [
        operator.outputs[0]
        for operator in model.subgraphs[0].operators
        if operator_name(model, operator) in ("CONV_2D", "DEPTHWISE_CONV_2D")
    ]
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}

    def run(picture: Pixels) -> list[Values]:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
        interpreter.invoke()
        return [_plain(interpreter.get_tensor(x), details[x]) for x in outputs]

    yield from _stacked(run, pixels)


def _plain(values: NDArray[Any], detail: Any) -> Values:
    """Bring (1, h, w, C) values, stored in 8 bits or not, to (1, C, h, w) float."""
    scale, zero_point = detail["quantization"]
    if scale:
        values = (values.astype(np.float32) - zero_point) * scale
    return values.astype(np.float32).transpose(0, 3, 1, 2)


def _of_onnx(artefact: Path, pixels: Pixels) -> Iterator[Values]:
    """Run with what each convolution gives as further outputs."""
    import onnx
    import onnxruntime

    model = onnx.load(str(artefact))
    readers: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    names = [_last(node, readers) for node in model.graph.node if node.op_type == "Conv"]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in dict.fromkeys(names)
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = session.get_inputs()[0]

    def run(picture: Pixels) -> list[Values]:
        if given.shape[1] == 3:
            picture = np.ascontiguousarray(picture.transpose(0, 3, 1, 2))
        return list(session.run(names, {given.name: picture}))

    yield from _stacked(run, pixels)


def _last(node: Any, readers: dict[str, list[Any]]) -> str:
    """Follow an ONNX convolution's result through its ReLU and its rounding to 8 bits."""
    chain = (("Clip", "Relu"), ("QuantizeLinear",), ("DequantizeLinear",))
    return _followed(
        str(node.output[0]), readers, chain, lambda x: x.op_type, lambda x: str(x.output[0])
    )


def _followed(
    name: str, readers: dict[str, list[Any]], chain: tuple[tuple[str, ...], ...],
    kind_of: Callable[[Any], str], output_of: Callable[[Any], str],
) -> str:  # fmt: skip
    """Return the value behind the operators of a chain, as far as nothing else reads on the way."""
    for kinds in chain:
        following = readers.get(name, [])
        alike = bool(following) and all(kind_of(x) in kinds for x in following)
        # Eight bits may be read by several operators that bring them back to float.
        if alike and (len(following) == 1 or kinds == chain[-1]):
            name = output_of(following[0])
    return name


def _of_coreml(artefact: Path, pixels: Pixels) -> Iterator[Values]:
    """Run in the evaluator, on macOS too: it shows every value."""
    import torch

    from mobile_actnet.runtime.coreml_runtime import picture_inputs
    from mobile_actnet.runtime.mil_evaluator import MilProgram
    from mobile_actnet.runtime.mil_package import read_package

    package = read_package(artefact)
    program, steps = MilProgram(package), _steps(package)
    readers: dict[str, list[Any]] = {}
    for message in package.operations:
        for argument in message.inputs.values():
            for binding in argument.arguments:
                readers.setdefault(binding.name, []).append(message)
    # Not on to dequantize: coremltools moves its scale behind an addition.
    chain = (("relu6", "relu", "clip"), ("quantize",))
    names = [
        _followed(
            message.outputs[0].name, readers, chain, lambda x: x.type, lambda x: x.outputs[0].name
        )
        for message in package.operations
        if message.type == "conv"
    ]

    def run(picture: Pixels) -> list[Values]:
        kept: dict[str, torch.Tensor] = {}
        wanted = set(names)
        program.run(
            picture_inputs(picture[0]), lambda n, x: kept.update({n: x} if n in wanted else {})
        )
        return [_from_levels(kept[name].numpy(), steps.get(name)) for name in names]

    yield from _stacked(run, pixels)


def _steps(package: Any) -> dict[str, tuple[float, float]]:
    """Return scale and zero point of what each quantize of an ML Program gives."""

    def constant(message: Any, key: str) -> float:
        if key not in message.inputs:
            return 0.0
        return float(package.constants[message.inputs[key].arguments[0].name])

    return {
        message.outputs[0].name: (constant(message, "scale"), constant(message, "zero_point"))
        for message in package.operations
        if message.type == "quantize"
    }


def _from_levels(values: Values, step: tuple[float, float] | None) -> Values:
    if step is None:
        return values
    scale, zero_point = step
    return (values - np.float32(zero_point)) * np.float32(scale)


def _stacked(run: Callable[[Pixels], list[Values]], pixels: Pixels) -> list[Values]:
    runs = [run(np.ascontiguousarray(picture[None])) for picture in pixels]
    return [np.concatenate(layer) for layer in zip(*runs, strict=True)]


_LAYERS: dict[Format, Callable[[Path, Pixels], Iterator[Values]]] = {
    Format.TFLITE: _of_tflite,
    Format.ONNX: _of_onnx,
    Format.COREML: _of_coreml,
}
