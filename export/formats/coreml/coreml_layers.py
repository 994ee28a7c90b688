"""What each convolution of a Core ML artefact gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.export.formats.exporter import Values
from mobile_actnet.export.formats.layer_values import followed, stacked
from mobile_actnet.pictures.preprocessing import Pixels


def convolution_outputs(artefact: Path, pixels: Pixels) -> Iterator[Values]:
    """Run in the evaluator, on macOS too: it shows every value."""
    import torch

    from mobile_actnet.runtime.coreml.coreml_runtime import picture_inputs
    from mobile_actnet.runtime.coreml.mil_evaluator import MilProgram
    from mobile_actnet.runtime.coreml.mil_package import read_package

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
        followed(
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

    yield from stacked(run, pixels)


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
