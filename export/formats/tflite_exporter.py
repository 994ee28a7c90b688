"""TFLite: converted by litert-torch, brought to 16 and 8 bits by ai-edge-quantizer."""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from torch import nn

from mobile_actnet.export.formats.tflite_quantizer import quantized
from mobile_actnet.export.graph.deployable import (
    INPUT_NAME,
    OUTPUT_NAME,
    Layout,
    example_input,
)
from mobile_actnet.export.graph.lowering import Lowering
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.formats import (
    ArtefactInfo,
    Options,
    Precision,
    TensorSpec,
)
from mobile_actnet.runtime.silence import silence
from mobile_actnet.runtime.tflite_flatbuffer import FILE_IDENTIFIER, operator_name, pack, unpack

_DTYPE_NAMES = {
    code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)
}


class TfliteExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".tflite"
    layouts = (Layout.NHWC,)
    precisions = (
        Precision.FP32,
        Precision.FP16,
        Precision.INT8_WEIGHTS,
        Precision.INT8,
        Precision.MIXED,
    )
    default_precision = Precision.FP16
    default_lowering = Lowering.LOG_EXP_BARE

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; half precision is that of the weights, runtimes compute in what they prefer."""
        model = quantized(_converted(deployable, options), options)
        path.write_bytes(_named_and_described(model, metadata))

    def inspect(self, path: Path) -> ArtefactInfo:
        """Read tensors, operators and metadata from the flatbuffer, without running it."""
        model = _parse(path)
        graph = model.subgraphs[0]
        return ArtefactInfo(
            input=_tensor_spec(model, graph.tensors[graph.inputs[0]], 0),
            output=_tensor_spec(model, graph.tensors[graph.outputs[0]], 0, output=True),
            operators=_operators(model),
            metadata=_metadata(model),
            notes={"subgraphs": len(model.subgraphs)},
        )


def _converted(deployable: nn.Module, options: Options) -> bytes:
    sample = example_input(options.size, Layout.NHWC)
    with silence():
        import litert_torch

        return bytes(litert_torch.convert(deployable, (sample,)).model_content())


def _named_and_described(content: bytes, metadata: dict[str, str]) -> bytes:
    """Give input and output their names, and store the metadata as named buffers."""
    model = unpack(content)
    graph = model.subgraphs[0]
    for index, name in ((graph.inputs[0], INPUT_NAME), (graph.outputs[0], OUTPUT_NAME)):
        graph.tensors[index].name = name
    for signature in model.signatureDefs:
        signature.inputs[0].name, signature.outputs[0].name = INPUT_NAME, OUTPUT_NAME
    model.metadata = model.metadata or []
    for key, value in metadata.items():
        buffer, entry = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(value.encode(), np.uint8)
        entry.name, entry.buffer = key, len(model.buffers)
        model.buffers.append(buffer)
        model.metadata.append(entry)
    return pack(model)


def _parse(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    if content[4:8] != FILE_IDENTIFIER:
        raise ArtefactError(f"{path} is no TFLite file; export it again")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        if not model.subgraphs or not model.buffers:
            raise ValueError("it holds no graph")
    # A damaged flatbuffer leads the reader anywhere.
    except Exception as error:
        raise ArtefactError(f"{path} is damaged ({error}); copy or export it again") from error
    return model


def _tensor_spec(model: Any, tensor: Any, number: int, output: bool = False) -> TensorSpec:
    # The signature's name is what apps ask for; the tensor's is internal.
    signature = model.signatureDefs[0] if model.signatureDefs else None
    name = tensor.name.decode()
    if signature:
        name = (signature.outputs if output else signature.inputs)[number].name.decode()
    return TensorSpec(name, tuple(int(n) for n in tensor.shape), _DTYPE_NAMES[tensor.type])


def _operators(model: Any) -> dict[str, int]:
    return dict(
        Counter(
            operator_name(model, operator)
            for graph in model.subgraphs
            for operator in graph.operators
        )
    )


def _metadata(model: Any) -> dict[str, str]:
    read = {}
    for entry in model.metadata or []:
        data = model.buffers[entry.buffer].data
        with contextlib.suppress(UnicodeDecodeError, TypeError):
            read[entry.name.decode()] = bytes(data).decode().rstrip("\0")
    return read


EXPORTER = TfliteExporter()
