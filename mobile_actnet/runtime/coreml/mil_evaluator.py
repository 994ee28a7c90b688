"""ML Programs run by torch: Core ML artefacts can be checked where Core ML does not exist.

The evaluator reads an .mlpackage itself, its protobuf and its weight file, and runs the program
operator by operator in float32, rounding each result to the type that the program declares: in a
half-precision program every value is a half.

It is not the Neural Engine. It accumulates sums in float32 where the hardware may use half
precision, and it keeps subnormal halves, which the hardware flushes to zero. What it shows is that
the program is the network; how a device rounds, only the device shows.
"""

import math
import operator
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mobile_actnet.errors import ConfigError
from mobile_actnet.runtime.coreml.mil_package import (
    Package,
    feature_shape,
    is_constant,
    read_package,
    tensor_shape,
)
from mobile_actnet.runtime.errors import ArtefactError
from mobile_actnet.runtime.silence import silence

with silence():
    from coremltools.proto import MIL_pb2

Tensors = dict[str, Tensor]
Observer = Callable[[str, Tensor], None]


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
        steps = [_Step(message) for message in package.operations if not is_constant(message)]
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
                raise ArtefactError(
                    f"the program is damaged: no operator computes {min(unknown)!r}"
                )
            known.add(step.name)
            last |= dict.fromkeys(used | {step.name}, index)
        if missing := set(self.outputs) - known:
            raise ArtefactError(f"the program is damaged: no operator computes {min(missing)!r}")
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
            names = {number: name.lower() for name, number in MIL_pb2.DataType.items()}
            raise ArtefactError(
                f"the operator {message.type} gives {names.get(dtype, f'values of type {dtype}')}; "
                "the evaluator knows float16, float32, int8 and uint8"
            )
        self.name: str = output.name
        self.arguments = {
            key: tuple(binding.name for binding in argument.arguments)
            for key, argument in message.inputs.items()
        }
        self._kind: str = message.type
        self._function = _OPERATORS[message.type]
        self._round = _ROUNDINGS[dtype]
        self._shape = tensor_shape(output.type.tensorType)

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
    # Whole numbers, held as float: quantize has rounded them.
    MIL_pb2.INT8: lambda x: x,
    MIL_pb2.UINT8: lambda x: x,
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


def _quantize(given: _Given) -> Tensor:
    low, high = {"int8": (-128, 127), "uint8": (0, 255)}[given["output_dtype"]]
    levels = (given["input"] / given["scale"]).round() + given.get("zero_point", 0)
    return levels.clamp(low, high)


def _dequantize(given: _Given) -> Tensor:
    return (given["input"] - given.get("zero_point", 0)) * given["scale"]  # type: ignore[no-any-return]


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
    "dequantize": _dequantize,
    "exp": lambda given: given["x"].exp(),
    "linear": lambda given: F.linear(given["x"], given["weight"], given.get("bias")),
    "log": lambda given: (given["x"] + given["epsilon"]).log(),
    "max_pool": _max_pool,
    "maximum": _maximum,
    "mul": _binary(operator.mul),
    "quantize": _quantize,
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
