"""TFLite: converted by litert-torch, half precision by ai-edge-quantizer."""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from torch import nn

from mobile_actnet.export.deployable import (
    INPUT_NAME,
    OUTPUT_NAME,
    Layout,
    example_input,
)
from mobile_actnet.export.errors import ArtefactError
from mobile_actnet.export.formats import (
    ArtefactInfo,
    Options,
    Precision,
    TensorSpec,
)
from mobile_actnet.export.silence import silence

_FILE_IDENTIFIER = b"TFL3"
_BUFFER_ALIGNMENT = 16

_OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
_DTYPE_NAMES = {
    code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)
}


class TfliteExporter:
    """Satisfies `formats.Exporter`."""

    suffix = ".tflite"
    layouts = (Layout.NHWC,)
    default_precision = Precision.FP16

    def convert(
        self, deployable: nn.Module, options: Options, path: Path, metadata: dict[str, str]
    ) -> None:
        """Convert; half precision is that of the weights, runtimes compute in what they prefer."""
        model = _converted(deployable, options)
        if options.precision is Precision.FP16:
            model = _with_half_weights(model)
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


class _AlignedBuilder(flatbuffers.Builder):
    """The schema asks for weights at multiples of 16 bytes; the Python packer ignores that."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, max(alignment, _BUFFER_ALIGNMENT))


def _converted(deployable: nn.Module, options: Options) -> bytes:
    sample = example_input(options.size, Layout.NHWC)
    with silence():
        import litert_torch

        return bytes(litert_torch.convert(deployable, (sample,)).model_content())


def _with_half_weights(model: bytes) -> bytes:
    with silence():
        from ai_edge_quantizer import qtyping, quantizer

        half = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        recipe = quantizer.Quantizer(model)
        for operator in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            recipe.update_quantization_recipe(
                regex=".*",
                operation_name=qtyping.TFLOperationName[operator],
                algorithm_key=quantizer.AlgorithmName.FLOAT_CASTING,
                op_config=qtyping.OpQuantizationConfig(
                    weight_tensor_config=half,
                    compute_precision=qtyping.ComputePrecision.FLOAT,
                    explicit_dequantize=True,
                ),
            )
        return bytes(recipe.quantize().quantized_model)


def _named_and_described(content: bytes, metadata: dict[str, str]) -> bytes:
    """Give input and output their names, and store the metadata as named buffers."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    _inline_buffers(model, content)
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
    builder = _AlignedBuilder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
    return bytes(builder.Output())


def _inline_buffers(model: Any, content: bytes) -> None:
    """Move weights that stand behind the flatbuffer into it: old runtimes look only there."""
    for buffer in model.buffers:
        if buffer.offset > 1 and buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0


def _parse(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    if content[4:8] != _FILE_IDENTIFIER:
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
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return dict(
        Counter(
            _OPERATOR_NAMES.get(codes[operator.opcodeIndex], "CUSTOM")
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
