"""What each convolution of a TFLite artefact gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobile_actnet.export.formats.exporter import Values
from mobile_actnet.export.formats.layer_values import stacked
from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.silence import silence


def convolution_outputs(artefact: Path, pixels: Pixels) -> Iterator[Values]:
    """Run without XNNPACK, which keeps no intermediate values."""
    from mobile_actnet.runtime.tflite.tflite_flatbuffer import operator_name, unpack

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

    yield from stacked(run, pixels)


def _plain(values: NDArray[Any], detail: Any) -> Values:
    """Bring (1, h, w, C) values, stored in 8 bits or not, to (1, C, h, w) float."""
    scale, zero_point = detail["quantization"]
    if scale:
        values = (values.astype(np.float32) - zero_point) * scale
    return values.astype(np.float32).transpose(0, 3, 1, 2)
