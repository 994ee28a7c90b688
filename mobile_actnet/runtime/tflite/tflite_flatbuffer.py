"""Reading and writing the flatbuffer of a TFLite model."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FILE_IDENTIFIER = b"TFL3"
_BUFFER_ALIGNMENT = 16

_OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}


class _AlignedBuilder(flatbuffers.Builder):
    """The schema asks for weights at multiples of 16 bytes; the Python packer ignores that."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, max(alignment, _BUFFER_ALIGNMENT))


def unpack(content: bytes) -> Any:
    """Return the model as objects of the schema, all weights inside it.

    Weights that stand behind the flatbuffer are moved into it: old runtimes look only there.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1 and buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0
    return model


def pack(model: Any) -> bytes:
    """Return the bytes of a model."""
    builder = _AlignedBuilder(1 << 22)
    builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


def operator_name(model: Any, operator: Any) -> str:
    """Return the schema's name of an operator, CUSTOM where it has none."""
    code = model.operatorCodes[operator.opcodeIndex]
    return _OPERATOR_NAMES.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
