"""What an .onnx file says about itself, read from its graph."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import onnx

from mobile_actnet.files import read_regular
from mobile_actnet.runtime.artefact_file import ArtefactInfo, TensorSpec
from mobile_actnet.runtime.errors import ArtefactError


def inspect(path: Path) -> ArtefactInfo:
    """Read tensors, operators and metadata from the graph, without running it."""
    model = read_model(path)
    try:
        return _info(model)
    # onnx's errors have no common base but this.
    except Exception as error:
        raise _damaged(path, error) from error


def read_model(path: Path) -> onnx.ModelProto:
    """Read a model that is whole in its file.

    Raises:
        ArtefactError: unreadable, no ONNX file, without input or output, or with data elsewhere.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    try:
        model = onnx.load_from_string(content)
    # protobuf's errors have no common base but this.
    except Exception as error:
        raise _damaged(path, error) from error
    if any(_is_external(tensor) for tensor in _tensors(model)):
        raise ArtefactError(f"{path} points at data in other files; export it again as one file")
    if not (model.graph.input and model.graph.output):
        raise _damaged(path, ValueError("it holds no graph"))
    return model


def _damaged(path: Path, error: Exception) -> ArtefactError:
    first_line = (str(error).strip().splitlines() or ["unreadable"])[0]
    return ArtefactError(f"{path} is not an ONNX file, or is damaged ({first_line})")


def _info(model: onnx.ModelProto) -> ArtefactInfo:
    onnx.checker.check_model(model)
    return ArtefactInfo(
        input=_tensor_spec(model.graph.input[0]),
        output=_tensor_spec(model.graph.output[0]),
        operators=dict(Counter(node.op_type for node in model.graph.node)),
        metadata={entry.key: entry.value for entry in model.metadata_props},
        notes={"opset": model.opset_import[0].version},
    )


def _is_external(tensor: Any) -> bool:
    return bool(tensor.external_data) or tensor.data_location == onnx.TensorProto.EXTERNAL


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every tensor of a model, wherever it stands: in constants, subgraphs, functions."""
    if isinstance(message, onnx.TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            parts = value if isinstance(value, Iterable) else (value,)
            for part in parts:
                yield from _tensors(part)


def _tensor_spec(value: Any) -> TensorSpec:
    kind = value.type.tensor_type
    shape = tuple(side.dim_param or int(side.dim_value) for side in kind.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    return TensorSpec(value.name, shape, dtype)
