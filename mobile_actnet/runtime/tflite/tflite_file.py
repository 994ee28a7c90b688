"""What a .tflite file says about itself, read from its flatbuffer."""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from mobile_actnet.files import read_regular
from mobile_actnet.runtime.artefact_file import ArtefactInfo, TensorSpec
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.tflite.tflite_flatbuffer import FILE_IDENTIFIER, operator_name
from mobile_actnet.runtime.tflite.tflite_indices import check_indices


def inspect(path: Path) -> ArtefactInfo:
    """Read tensors, operators and metadata from the flatbuffer, without running it."""
    try:
        content = read_regular(path)
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    if content[4:8] != FILE_IDENTIFIER:
        raise ArtefactError(f"{path} is not a TFLite file; export it again")
    try:
        return _read(content)
    # A damaged flatbuffer leads the reader anywhere.
    except Exception as error:
        raise ArtefactError(f"{path} is damaged ({error}); copy or export it again") from error


def _read(content: bytes) -> ArtefactInfo:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    if not model.subgraphs or not model.buffers:
        raise ValueError("it holds no graph")
    check_indices(model, len(content))
    graph = model.subgraphs[0]
    return ArtefactInfo(
        input=_tensor_spec(model, graph.tensors[graph.inputs[0]], 0),
        output=_tensor_spec(model, graph.tensors[graph.outputs[0]], 0, output=True),
        operators=_operators(model),
        metadata=_metadata(model),
        notes={"subgraphs": len(model.subgraphs)},
    )


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


_DTYPE_NAMES = {
    code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)
}
