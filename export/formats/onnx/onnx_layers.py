"""What each convolution of an ONNX artefact gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobile_actnet.export.formats.exporter import Values
from mobile_actnet.export.formats.layer_values import followed, stacked
from mobile_actnet.pictures.preprocessing import Pixels


def convolution_outputs(artefact: Path, pixels: Pixels) -> Iterator[Values]:
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

    yield from stacked(run, pixels)


def _last(node: Any, readers: dict[str, list[Any]]) -> str:
    """Follow an ONNX convolution's result through its ReLU and its rounding to 8 bits."""
    chain = (("Clip", "Relu"), ("QuantizeLinear",), ("DequantizeLinear",))
    return followed(
        str(node.output[0]), readers, chain, lambda x: x.op_type, lambda x: str(x.output[0])
    )
