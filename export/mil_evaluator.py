"""ML Programs run by torch: Core ML artefacts can be checked where Core ML does not exist.

The evaluator reads an .mlpackage itself, its protobuf and its weight file, and runs the program
operator by operator in float32, rounding each result to the type that the program declares: in a
half-precision program every value is a half.

It is not the Neural Engine. It accumulates sums in float32 where the hardware may use half
precision, and it keeps subnormal halves, which the hardware flushes to zero. What it shows is that
the program is the network; how a device rounds, only the device shows.
"""

import json
import math
import operator
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.errors import ConfigError
from mobile_actnet.export.errors import ArtefactError
from mobile_actnet.export.silence import silence

with silence():
    from coremltools.proto import MIL_pb2, Model_pb2

Shape = tuple[int, ...]
Tensors = dict[str, Tensor]
Observer = Callable[[str, Tensor], None]

_MANIFEST = "Manifest.json"
_SPECIFICATION = "com.apple.CoreML/model.mlmodel"
_WEIGHTS = "com.apple.CoreML/weights/weight.bin"
_WEIGHTS_NAME = "@model_path/weights/weight.bin"
_FUNCTION = "main"

# A blob's header in the weight file (MILBlob's StorageFormat): marker, type, bytes, where they are.
_BLOB_HEADER = struct.Struct("<IIQQ")
_BLOB_MARKER = 0xDEADBEEF
_BLOB_TYPES = {np.dtype(np.float16): 1, np.dtype(np.float32): 2}

_DTYPES: dict[int, np.dtype[Any]] = {
    MIL_pb2.BOOL: np.dtype(np.bool_),
    MIL_pb2.STRING: np.dtype(np.object_),
    MIL_pb2.FLOAT16: np.dtype(np.float16),
    MIL_pb2.FLOAT32: np.dtype(np.float32),
    MIL_pb2.INT32: np.dtype(np.int32),
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
        raise ArtefactError(f"{path} is no .mlpackage: that is a folder; unpack or export it again")
    try:
        return _checked(path)
    except OSError as error:
        missing = Path(error.filename or path).name
        raise ArtefactError(
            f"{path} is incomplete: {missing} cannot be read ({error.strerror}); "
            "copy the whole folder or export it again"
        ) from error
    except (ValueError, DecodeError, struct.error, KeyError, TypeError) as error:
        raise ArtefactError(f"{path} is damaged ({error}); copy or export it again") from error


class MilProgram:
    """A program with its constants, ready to run.

    Args:
        package: what `read_package` returned.

    Raises:
        ArtefactError: an operator or a type that the evaluator does not know.
    """

    def __init__(self, package: Package) -> None:
        self.inputs = {
            feature.name: feature_shape(feature) for feature in package.description.input
        }
        self.outputs = tuple(feature.name for feature in package.description.output)
        self._constants = {name: _native(value) for name, value in package.constants.items()}
        steps = [_Step(message) for message in package.operations if message.type != "const"]
        self._steps = list(zip(steps, self._last_uses(steps), strict=True))

    @torch.inference_mode()
    def run(self, inputs: Tensors, observe: Observer | None = None) -> Tensors:
        """Run the program.

        Args:
            inputs: one float32 tensor per input.
            observe: called with the name and the value of every operator's result.

        Returns:
            one tensor per output.

        Raises:
            ConfigError: other inputs than the program's.
            ArtefactError: an operator cannot be run: the program is damaged.
        """
        self._check(inputs)
        values: dict[str, Any] = {**self._constants, **inputs}
        for step, last_uses in self._steps:
            values[step.name] = result = step.run(values)
            if observe is not None:
                observe(step.name, result)
            for name in last_uses:
                del values[name]
        return {name: values[name] for name in self.outputs}

    def _check(self, inputs: Tensors) -> None:
        given = {name: tuple(value.shape) for name, value in inputs.items()}
        if given != self.inputs:
            raise ConfigError(f"the artefact takes {self.inputs}; got {given}")

    def _last_uses(self, steps: list["_Step"]) -> list[list[str]]:
        """Tell after which step which values are needed no more; maps of large pictures are big."""
        kept = {*self._constants, *self.inputs, *self.outputs}
        known = {*self._constants, *self.inputs}
        last: dict[str, int] = {}
        for index, step in enumerate(steps):
            used = {name for names in step.arguments.values() for name in names}
            if unknown := used - known:
                raise ArtefactError(f"the program is damaged: nothing gives {min(unknown)!r}")
            known.add(step.name)
            last |= dict.fromkeys(used | {step.name}, index)
        if missing := set(self.outputs) - known:
            raise ArtefactError(f"the program is damaged: nothing gives {min(missing)!r}")
        dropped: list[list[str]] = [[] for _ in steps]
        for name, index in last.items():
            if name not in kept:
                dropped[index].append(name)
        return dropped


def load_program(path: Path) -> MilProgram:
    """Read an .mlpackage for running.

    Raises:
        ArtefactError: it is missing, damaged, of another kind, or holds an unknown operator.
    """
    return MilProgram(read_package(path))


def value_ranges(program: MilProgram, inputs: Iterable[Tensors]) -> dict[str, tuple[float, float]]:
    """Return the smallest and the largest of every value in the program, inputs among them.

    Args:
        inputs: one dict of input tensors per run; at least one.

    Returns:
        by name of the value; NaN where one occurred.
    """
    ranges: dict[str, tuple[float, float]] = {}

    def widen(name: str, value: Tensor) -> None:
        low, high = (float(x) for x in value.aminmax())
        if name in ranges:
            # numpy's minimum keeps a NaN; Python's min may lose it.
            low = float(np.minimum(low, ranges[name][0]))
            high = float(np.maximum(high, ranges[name][1]))
        ranges[name] = low, high

    for given in inputs:
        for name, value in given.items():
            widen(name, value)
        program.run(given, widen)
    return ranges


def feature_shape(feature: Any) -> Shape:
    """Return the shape of an input or output; a picture's as (1, 3, H, W)."""
    if feature.type.WhichOneof("Type") == "imageType":
        return (1, 3, int(feature.type.imageType.height), int(feature.type.imageType.width))
    return tuple(int(side) for side in feature.type.multiArrayType.shape)


class _Step:
    """An operator's call."""

    def __init__(self, message: Any) -> None:
        if message.type not in _OPERATORS:
            raise ArtefactError(
                f"the program holds the operator {message.type}, which the evaluator does not know"
            )
        (output,) = message.outputs
        dtype = output.type.tensorType.dataType
        if dtype not in _ROUNDINGS:
            raise ArtefactError(
                f"the operator {message.type} gives {MIL_pb2.DataType.Name(dtype).lower()}; "
                "the evaluator knows float16 and float32"
            )
        self.name: str = output.name
        self.arguments = {
            key: tuple(binding.name for binding in argument.arguments)
            for key, argument in message.inputs.items()
        }
        self._kind: str = message.type
        self._function = _OPERATORS[message.type]
        self._round = _ROUNDINGS[dtype]
        self._shape = _shape(output.type.tensorType)

    def run(self, values: dict[str, Any]) -> Tensor:
        given: dict[str, Any] = {
            # Only concat and stack take several, and only under this name.
            key: [values[name] for name in names] if key == "values" else values[names[0]]
            for key, names in self.arguments.items()
        }
        try:
            result = self._round(self._function(given))
        # A damaged program leads an operator anywhere.
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"the operator {self._kind} of {self.name!r} cannot be run: {error}"
            ) from error
        if tuple(result.shape) != self._shape:
            raise ArtefactError(
                f"the operator {self._kind} of {self.name!r} gives the shape "
                f"{tuple(result.shape)}; the program says {self._shape}"
            )
        return result


def _checked(path: Path) -> Package:
    entries = json.loads((path / _MANIFEST).read_bytes())["itemInfoEntries"].values()
    if _SPECIFICATION not in {entry["path"] for entry in entries}:
        raise ValueError(f"{_MANIFEST} does not name {_SPECIFICATION}")
    model = Model_pb2.Model.FromString((path / "Data" / _SPECIFICATION).read_bytes())
    if model.WhichOneof("Type") != "mlProgram":
        raise ValueError("it holds no ML Program")
    if _FUNCTION not in model.mlProgram.functions:
        raise ValueError(f"the program has no function {_FUNCTION!r}")
    function = model.mlProgram.functions[_FUNCTION]
    if function.opset not in function.block_specializations:
        raise ValueError(f"the program has no block for {function.opset!r}")
    operations = list(function.block_specializations[function.opset].operations)
    weights = (path / "Data" / _WEIGHTS).read_bytes()
    constants = {
        message.outputs[0].name: _value(message.attributes["val"], weights)
        for message in operations
        if message.type == "const"
    }
    return Package(
        model.description, model.specificationVersion, function.opset, operations, constants
    )


def _value(value: Any, weights: bytes) -> NDArray[Any]:
    kind = value.type.tensorType
    if kind.dataType not in _DTYPES:
        raise ValueError(f"a constant has the unknown type {kind.dataType}")
    dtype, shape = _DTYPES[kind.dataType], _shape(kind)
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


def _shape(kind: Any) -> Shape:
    return tuple(int(side.constant.size) for side in kind.dimensions)


def _native(value: NDArray[Any]) -> Any:
    """Bring a constant, once, to what torch's functions take."""
    if value.ndim == 0:
        return value.item()
    if value.dtype.kind != "f":
        return tuple(value.tolist())
    return torch.from_numpy(value.astype(np.float32))


_ROUNDINGS: dict[int, Callable[[Tensor], Tensor]] = {
    MIL_pb2.FLOAT16: lambda x: x.half().float(),
    MIL_pb2.FLOAT32: lambda x: x,
}

_Given = dict[str, Any]


def _padding(given: _Given) -> list[int]:
    """Return the padding of two spatial axes in the order of `F.pad`."""
    if given["pad_type"] == "valid":
        return [0, 0, 0, 0]
    if given["pad_type"] != "custom":
        raise ValueError(f"pad_type {given['pad_type']!r} is unknown")
    top, bottom, left, right = given["pad"]
    return [left, right, top, bottom]


def _conv(given: _Given) -> Tensor:
    left, right, top, bottom = _padding(given)
    x, padding = given["x"], (top, left)
    if (left, top) != (right, bottom):
        x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
    return F.conv2d(
        x, given["weight"], given.get("bias"), given["strides"], padding, given["dilations"],
        given["groups"],
    )  # fmt: skip


def _max_pool(given: _Given) -> Tensor:
    # Padded by hand: torch's own padding must be symmetric.
    padded = F.pad(given["x"], _padding(given), value=-math.inf)
    return F.max_pool2d(
        padded, given["kernel_sizes"], given["strides"], ceil_mode=given["ceil_mode"]
    )


def _maximum(given: _Given) -> Tensor:
    return torch.maximum(torch.as_tensor(given["x"]), torch.as_tensor(given["y"]))


def _cast(given: _Given) -> Tensor:
    # The rounding to the declared type does the rest.
    if given["dtype"] not in ("fp16", "fp32"):
        raise ValueError(f"dtype {given['dtype']!r} is unknown")
    return given["x"]  # type: ignore[no-any-return]


def _concat(given: _Given) -> Tensor:
    if given["interleave"]:
        raise ValueError("interleave is unknown")
    return torch.cat(given["values"], given["axis"])


def _slice_by_index(given: _Given) -> Tensor:
    x = given["x"]
    plain = (False,) * x.ndim
    if any(given.get("squeeze_mask", plain)):
        raise ValueError("squeeze_mask is unknown")
    slices = zip(
        given["begin"], given.get("begin_mask", plain), given["end"],
        given.get("end_mask", plain), given.get("stride", (1,) * x.ndim), strict=True,
    )  # fmt: skip
    return x[  # type: ignore[no-any-return]
        tuple(
            slice(None if from_start else begin, None if to_end else end, step)
            for begin, from_start, end, to_end, step in slices
        )
    ]


def _reduction(function: Callable[..., Tensor]) -> Callable[[_Given], Tensor]:
    return lambda given: function(given["x"], given["axes"], keepdim=given["keep_dims"])


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[_Given], Tensor]:
    return lambda given: function(given["x"], given["y"])


_OPERATORS: dict[str, Callable[[_Given], Tensor]] = {
    "add": _binary(operator.add),
    "cast": _cast,
    "clip": lambda given: given["x"].clamp(given["alpha"], given["beta"]),
    "concat": _concat,
    "conv": _conv,
    "exp": lambda given: given["x"].exp(),
    "linear": lambda given: F.linear(given["x"], given["weight"], given.get("bias")),
    "log": lambda given: (given["x"] + given["epsilon"]).log(),
    "max_pool": _max_pool,
    "maximum": _maximum,
    "mul": _binary(operator.mul),
    "reduce_mean": _reduction(torch.mean),
    "reduce_sum": _reduction(torch.sum),
    "relu": lambda given: given["x"].relu(),
    "relu6": lambda given: F.relu6(given["x"]),
    "reshape": lambda given: given["x"].reshape(given["shape"]),
    "rsqrt": lambda given: (given["x"] + given["epsilon"]).rsqrt(),
    "slice_by_index": _slice_by_index,
    "stack": lambda given: torch.stack(given["values"], given["axis"]),
    "sub": _binary(operator.sub),
}
"""Every operator that this project's programs contain, with its arguments by MIL's names."""
