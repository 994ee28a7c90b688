"""Reading an .mlpackage: its protobuf and its weight file, checked before anything is run."""

import json
import math
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from mobile_actnet.files import read_regular
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.silence import silence

with silence():
    from coremltools.proto import MIL_pb2, Model_pb2

Shape = tuple[int, ...]

_MANIFEST = "Manifest.json"
_SPECIFICATION = "com.apple.CoreML/model.mlmodel"
_WEIGHTS = "com.apple.CoreML/weights/weight.bin"
_WEIGHTS_NAME = "@model_path/weights/weight.bin"
_FUNCTION = "main"

# A blob's header in the weight file (MILBlob's StorageFormat): marker, type, bytes, where they are.
_BLOB_HEADER = struct.Struct("<IIQQ")
_BLOB_MARKER = 0xDEADBEEF
_BLOB_TYPES = {
    np.dtype(np.float16): 1,
    np.dtype(np.float32): 2,
    np.dtype(np.uint8): 3,
    np.dtype(np.int8): 4,
}

_DTYPES: dict[int, np.dtype[Any]] = {
    MIL_pb2.BOOL: np.dtype(np.bool_),
    MIL_pb2.STRING: np.dtype(np.object_),
    MIL_pb2.FLOAT16: np.dtype(np.float16),
    MIL_pb2.FLOAT32: np.dtype(np.float32),
    MIL_pb2.INT32: np.dtype(np.int32),
    MIL_pb2.INT8: np.dtype(np.int8),
    MIL_pb2.UINT8: np.dtype(np.uint8),
    MIL_pb2.UINT32: np.dtype(np.uint32),
}


@dataclass(frozen=True)
class Package:
    """What an .mlpackage holds.

    Attributes:
        description: the model's description, a protobuf message.
        specification_version: of Core ML; tells the oldest system that reads it.
        opset: of the program's operators.
        operations: the program, protobuf messages in the order of execution, constants among them.
        constants: their values, read-only.
    """

    description: Any
    specification_version: int
    opset: str
    operations: list[Any]
    constants: dict[str, NDArray[Any]]


def read_package(path: Path) -> Package:
    """Read an .mlpackage and check that all that its program refers to is there.

    Raises:
        ArtefactError: it is missing, damaged or of another kind.
    """
    if not path.exists():
        raise ArtefactError(f"{path} does not exist; export it first")
    if not path.is_dir():
        raise ArtefactError(
            f"{path} is not a .mlpackage, which is a folder; unpack or export it again"
        )
    try:
        return _checked(path)
    except OSError as error:
        missing = Path(error.filename or path).name
        raise ArtefactError(
            f"{path} is incomplete: {missing} cannot be read ({error.strerror}); "
            "copy the whole folder or export it again"
        ) from error
    # Damaged JSON and protobuf lead the reader anywhere.
    except (ValueError, DecodeError, struct.error, LookupError, TypeError, AttributeError,
            RecursionError, OverflowError, MemoryError) as error:  # fmt: skip
        raise ArtefactError(f"{path} is damaged ({error}); copy or export it again") from error


def settle(path: Path) -> None:
    """Write a package again so that the same program is the same bytes, and has the same hash.

    coremltools draws its parts' identifiers anew each time, and protobuf writes maps in any order.
    """
    _settle_identifiers(path)
    program = path / "Data" / _SPECIFICATION
    model = Model_pb2.Model.FromString(program.read_bytes())
    program.write_bytes(model.SerializeToString(deterministic=True))


def _settle_identifiers(path: Path) -> None:
    """Give a package's parts identifiers made from their paths."""
    manifest = json.loads((path / _MANIFEST).read_bytes())
    settled = {
        old: str(uuid.uuid5(uuid.NAMESPACE_URL, entry["path"]))
        for old, entry in manifest["itemInfoEntries"].items()
    }
    manifest["itemInfoEntries"] = {
        settled[old]: entry for old, entry in manifest["itemInfoEntries"].items()
    }
    manifest["rootModelIdentifier"] = settled[manifest["rootModelIdentifier"]]
    (path / _MANIFEST).write_text(json.dumps(manifest, indent=4, sort_keys=True) + "\n")


def feature_shape(feature: Any) -> Shape:
    """Return the shape of an input or output; a picture's as (1, 3, H, W)."""
    if feature.type.WhichOneof("Type") == "imageType":
        return (1, 3, int(feature.type.imageType.height), int(feature.type.imageType.width))
    return tuple(int(side) for side in feature.type.multiArrayType.shape)


def _checked(path: Path) -> Package:
    entries = json.loads(read_regular(path / _MANIFEST))["itemInfoEntries"].values()
    if _SPECIFICATION not in {entry["path"] for entry in entries}:
        raise ValueError(f"{_MANIFEST} does not name {_SPECIFICATION}")
    model = Model_pb2.Model.FromString(read_regular(path / "Data" / _SPECIFICATION))
    if model.WhichOneof("Type") != "mlProgram":
        raise ValueError("it holds no ML Program")
    if not (model.description.input and model.description.output):
        raise ValueError("it names no input or no output")
    if _FUNCTION not in model.mlProgram.functions:
        raise ValueError(f"the program has no function {_FUNCTION!r}")
    function = model.mlProgram.functions[_FUNCTION]
    if function.opset not in function.block_specializations:
        raise ValueError(f"the program has no block for {function.opset!r}")
    operations = list(function.block_specializations[function.opset].operations)
    weights = read_regular(path / "Data" / _WEIGHTS)
    constants = {
        message.outputs[0].name: _CONSTANTS[message.type](message, weights)
        for message in operations
        if is_constant(message)
    }
    return Package(
        model.description, model.specificationVersion, function.opset, operations, constants
    )


def _plain(message: Any, weights: bytes) -> NDArray[Any]:
    return _value(message.attributes["val"], weights)


def _affine(message: Any, weights: bytes) -> NDArray[Any]:
    """Weights in 8 bits with a scale, and a zero point, for each channel of an axis."""
    levels, zero_point, scale, axis = (
        _value(message.attributes[key], weights)
        for key in ("quantized_data", "zero_point", "scale", "axis")
    )
    sides = [1] * levels.ndim
    if scale.ndim:
        sides[int(axis)] = -1
    scale, zero_point = scale.reshape(sides), zero_point.astype(np.float32)
    zero_point = zero_point.reshape(sides if zero_point.ndim else [])
    values = (levels.astype(np.float32) - zero_point) * scale.astype(np.float32)
    return values.astype(scale.dtype)


def _palettised(message: Any, weights: bytes) -> NDArray[Any]:
    """Weights as places in a table; the places stand bit behind bit, the lowest bit first."""
    places, table, shape = (
        _value(message.attributes[key], weights) for key in ("indices", "lut", "shape")
    )
    bits = len(table).bit_length() - 1
    if not 1 <= bits <= 8 or len(table) != 1 << bits:
        raise ValueError(f"a table of {len(table)} values is unknown")
    count = math.prod(int(side) for side in shape)
    stream = np.unpackbits(places.view(np.uint8).ravel(), bitorder="little")
    if len(stream) < count * bits:
        raise ValueError("the places of a table end too early")
    rows = stream[: count * bits].reshape(count, bits)
    values = table[rows @ (1 << np.arange(bits))]
    return values.reshape([int(side) for side in shape])


_CONSTANTS: dict[str, Callable[[Any, bytes], NDArray[Any]]] = {
    "const": _plain,
    "constexpr_affine_dequantize": _affine,
    "constexpr_lut_to_dense": _palettised,
}


def is_constant(message: Any) -> bool:
    """Whether an operation of a program gives the same value in every run."""
    return message.type in _CONSTANTS


def _value(value: Any, weights: bytes) -> NDArray[Any]:
    kind = value.type.tensorType
    if kind.dataType not in _DTYPES:
        raise ValueError(f"a constant has the unknown type {kind.dataType}")
    dtype, shape = _DTYPES[kind.dataType], tensor_shape(kind)
    if value.WhichOneof("value") == "blobFileValue":
        return _stored(value.blobFileValue, weights, dtype, shape)
    held = value.immediateValue.tensor
    field = held.WhichOneof("value")
    if field is None:
        raise ValueError("a constant has no value")
    numbers = getattr(held, field).values
    if isinstance(numbers, bytes):
        return np.frombuffer(numbers, dtype).reshape(shape)
    return np.array(list(numbers), dtype).reshape(shape)


def _stored(blob: Any, weights: bytes, dtype: np.dtype[Any], shape: Shape) -> NDArray[Any]:
    """Return a view of an array in the weight file, after its header has been checked."""
    if blob.fileName != _WEIGHTS_NAME:
        raise ValueError(f"weights in another file: {blob.fileName!r}")
    if blob.offset + _BLOB_HEADER.size > len(weights):
        raise ValueError(f"the weight file ends at {len(weights)}, before its blob {blob.offset}")
    marker, kind, size, start = _BLOB_HEADER.unpack_from(weights, blob.offset)
    expected = math.prod(shape) * dtype.itemsize
    if (marker, kind, size) != (_BLOB_MARKER, _BLOB_TYPES.get(dtype), expected):
        raise ValueError(f"the weight file has no {dtype.name} {shape} at {blob.offset}")
    if start + size > len(weights):
        raise ValueError(f"the weight file ends at {len(weights)}; {start + size} is needed")
    return np.frombuffer(weights, dtype, math.prod(shape), start).reshape(shape)


def tensor_shape(kind: Any) -> Shape:
    return tuple(int(side.constant.size) for side in kind.dimensions)
