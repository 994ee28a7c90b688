"""An ONNX file as a PyTorch module, for teachers on a GPU.

onnxruntime's CUDA build is a gigabyte and rarely there where PyTorch has a GPU. The networks that
people take as teachers are made of few operators, and PyTorch runs them itself. A quantised file
computes in float here: `QuantizeLinear` and `DequantizeLinear` in a row only bound the values,
which is nearer to the network that was quantised.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobile_actnet.errors import ActnetError, MissingPackageError

Attributes = dict[str, Any]


class OnnxGraph(nn.Module):
    """Runs a graph with one input and one output.

    Args:
        path: an .onnx file.

    Raises:
        ActnetError: unreadable, with an operator that is not in `OPERATORS`, or with an attribute
            that its function does not follow.
        MissingPackageError: without the package onnx.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = _load(path)
        self.input_name = graph.input[0].name
        self.output_name = graph.output[0].name
        self._buffers_of: dict[str, str] = {}
        self._shapes: dict[str, Tensor] = {}
        self._nodes: list[tuple[str, list[str], list[str], Attributes]] = []
        self._fixed: dict[str, Tensor] = {}
        try:
            self._take(path, graph)
        except ActnetError:
            raise
        # A graph may be well-formed and make no sense: constants that do not fit raise anything.
        except Exception as error:
            cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ActnetError(f"{path} cannot be used as a teacher: {cause}") from error

    def _take(self, path: Path, graph: Any) -> None:
        from onnx import numpy_helper

        for initializer in graph.initializer:
            self._fixed[initializer.name] = torch.from_numpy(
                np.array(numpy_helper.to_array(initializer))
            )
        unknown = sorted(
            {node.op_type for node in graph.node} - set(OPERATORS)
            | {name for node in graph.node for name in _not_followed(node)}
        )
        if unknown:
            raise ActnetError(
                f"{path} has operators that a teacher on a GPU cannot have: {', '.join(unknown)}; "
                "use --device cpu, which runs it with onnxruntime"
            )
        for node in graph.node:
            self._add(node)
        for number, (name, value) in enumerate(self._fixed.items()):
            if value.dtype == torch.int64:
                # Shapes and axes are read by the processor: on a GPU each would be waited for.
                self._shapes[name] = value
                continue
            self._buffers_of[name] = f"constant{number}"
            self.register_buffer(f"constant{number}", value, persistent=False)
        self._fixed = {}

    def forward(self, x: Tensor) -> Tensor:
        """Run the graph."""
        values = {self.input_name: x}

        def value_of(name: str) -> Tensor | None:
            if not name:
                return None
            if name in self._buffers_of:
                return getattr(self, self._buffers_of[name])
            return self._shapes[name] if name in self._shapes else values[name]

        for kind, inputs, outputs, attributes in self._nodes:
            values[outputs[0]] = OPERATORS[kind]([value_of(name) for name in inputs], attributes)
        return values[self.output_name]

    def _add(self, node: Any) -> None:
        attributes = _attributes_of(node)
        inputs = list(node.input)
        if node.op_type == "Constant":
            from onnx import numpy_helper

            self._fixed[node.output[0]] = torch.from_numpy(
                np.array(numpy_helper.to_array(attributes["value"]))
            )
        elif all(name in self._fixed or not name for name in inputs):
            # What depends on constants alone is one.
            known = [self._fixed.get(name) for name in inputs]
            self._fixed[node.output[0]] = OPERATORS[node.op_type](known, attributes)
        elif bounds := self._bounds(node.op_type, inputs):
            self._nodes.append(("Clip", inputs[:1], list(node.output), bounds))
        else:
            self._nodes.append((node.op_type, inputs, list(node.output), attributes))

    def _bounds(self, kind: str, inputs: list[str]) -> Attributes:
        """Return the numbers that a node bounds all values with; empty where it does not.

        A GPU bounds by numbers several times faster than by tensors.
        """
        known = [self._fixed[name] for name in inputs[1:] if name in self._fixed]
        if len(inputs) != 3 or len(known) != 2 or any(value.numel() != 1 for value in known):
            return {}
        if kind not in ("Clip", "QuantizeLinear"):
            return {}
        low, high = known if kind == "Clip" else _quantized_bounds(*known)
        return {"min": float(low), "max": float(high)}


def _load(path: Path) -> Any:
    try:
        from mobile_actnet.runtime.onnx.onnx_file import read_model
    except ImportError as error:
        raise MissingPackageError(
            "an ONNX teacher needs the package onnx; run: pip install 'mobile-actnet[onnx-runtime]'"
        ) from error
    return read_model(path).graph


def _attributes_of(node: Any) -> Attributes:
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _not_followed(node: Any) -> list[str]:
    """Name the attributes of a node that would change its result and are not followed here."""
    attributes, pads = _attributes_of(node), _attributes_of(node).get("pads") or []
    average = node.op_type == "AveragePool"
    half = len(pads) // 2
    reasons = {
        "auto_pad": attributes.get("auto_pad", b"NOTSET") != b"NOTSET",
        "ceil_mode": average and bool(attributes.get("ceil_mode", 0)),
        "pads": average and pads[:half] != pads[half:],
        "dilations": node.op_type in ("AveragePool", "MaxPool")
        and set(attributes.get("dilations") or [1]) != {1},
    }
    return [f"{node.op_type} with {name}" for name, differs in reasons.items() if differs]


def _conv(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, weight, bias = (*inputs, None)[:3]
    x = x.to(weight.dtype)
    spatial = weight.ndim - 2
    pads = attributes.get("pads") or [0] * 2 * spatial
    before, after = pads[:spatial], pads[spatial:]
    if before != after:
        x = F.pad(x, [p for pair in zip(before[::-1], after[::-1], strict=True) for p in pair])
        before = [0] * spatial
    return torch.convolution(
        x, weight, bias, attributes.get("strides") or [1] * spatial, before,
        attributes.get("dilations") or [1] * spatial, False, [0] * spatial,
        attributes.get("group", 1),
    )  # fmt: skip


def _batch_norm(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, scale, bias, mean, variance = inputs
    return F.batch_norm(x, mean, variance, scale, bias, eps=attributes.get("epsilon", 1e-5))


def _max_pool(inputs: list[Any], attributes: Attributes) -> Tensor:
    pads = attributes.get("pads") or [0, 0, 0, 0]
    kernel = attributes["kernel_shape"]
    strides = attributes.get("strides") or [1, 1]
    x = F.pad(inputs[0], (pads[1], pads[3], pads[0], pads[2]), value=-torch.inf)
    return F.max_pool2d(x, kernel, strides, ceil_mode=bool(attributes.get("ceil_mode", 0)))


def _gemm(inputs: list[Any], attributes: Attributes) -> Tensor:
    a, b, c = (*inputs, None)[:3]
    a = a.T if attributes.get("transA") else a
    b = b.T if attributes.get("transB") else b
    product = attributes.get("alpha", 1.0) * (a @ b.to(a.dtype))
    return product if c is None else product + attributes.get("beta", 1.0) * c.to(product.dtype)


def _clip(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, low, high = (*inputs, None, None)[:3]
    low = attributes.get("min") if low is None else low
    high = attributes.get("max") if high is None else high
    return _bounded(x, low, high)


def _bounded(x: Tensor, low: Any, high: Any) -> Tensor:
    if not (isinstance(low, Tensor) or isinstance(high, Tensor)):
        return x if low is None and high is None else x.clamp(low, high)
    # Tensors stay tensors: reading a number from a GPU waits for all that is under way.
    return x.clamp(*(None if b is None else torch.as_tensor(b).to(x) for b in (low, high)))


def _per_axis(values: Tensor, x: Tensor, attributes: Attributes) -> Tensor:
    if values.ndim == 0 or values.numel() == 1:
        return values.reshape(())
    shape = [1] * x.ndim
    shape[attributes.get("axis", 1)] = -1
    return values.reshape(shape)


def _quantized_bounds(scale: Tensor, zero_point: Tensor) -> tuple[Tensor, Tensor]:
    info, zero = torch.iinfo(zero_point.dtype), zero_point.float()
    return (info.min - zero) * scale, (info.max - zero) * scale


def _quantize(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, scale, zero_point = inputs
    # Only the bounds: a DequantizeLinear behind it passes floats on.
    low, high = _quantized_bounds(scale, zero_point)
    return _bounded(x, _per_axis(low, x, attributes), _per_axis(high, x, attributes))


def _dequantize(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, scale, zero_point = (*inputs, None)[:3]
    if x.is_floating_point():
        return x
    shift = 0.0 if zero_point is None else _per_axis(zero_point.float(), x, attributes)
    return (x.float() - shift) * _per_axis(scale, x, attributes)


def _axes(inputs: list[Any], attributes: Attributes) -> list[int]:
    if len(inputs) > 1 and inputs[1] is not None:
        return [int(axis) for axis in inputs[1]]
    return list(attributes.get("axes") or range(inputs[0].ndim))


def _kept(attributes: Attributes) -> bool:
    return bool(attributes.get("keepdims", 1))


def _reshape(inputs: list[Any], _: Attributes) -> Tensor:
    x, shape = inputs[0], [int(side) for side in inputs[1]]
    return x.reshape([x.shape[n] if side == 0 else side for n, side in enumerate(shape)])


def _unsqueeze(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, axes = inputs[0], _axes(inputs, attributes)
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


_CASTS = {1: torch.float32, 6: torch.int32, 7: torch.int64, 10: torch.float32, 11: torch.float32}

OPERATORS: dict[str, Callable[[list[Any], Attributes], Tensor]] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": lambda x, a: F.avg_pool2d(
        x[0],
        a["kernel_shape"],
        a.get("strides") or 1,
        (a.get("pads") or [0, 0])[:2],
        count_include_pad=bool(a.get("count_include_pad", 0)),
    ),
    "BatchNormalization": _batch_norm,
    "Cast": lambda x, a: x[0].to(_CASTS[a["to"]]),
    "Clip": _clip,
    "Concat": lambda x, a: torch.cat(x, a["axis"]),
    "Constant": lambda x, _: x[0],
    "Conv": _conv,
    "DequantizeLinear": _dequantize,
    "Div": lambda x, _: x[0] / x[1],
    "Erf": lambda x, _: x[0].erf(),
    "Exp": lambda x, _: x[0].exp(),
    "Expand": lambda x, _: x[0].broadcast_to(
        torch.broadcast_shapes(x[0].shape, [int(side) for side in x[1]])
    ),
    "Flatten": lambda x, a: x[0].reshape(math.prod(x[0].shape[: a.get("axis", 1)]), -1),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x, _: x[0].mean((2, 3), keepdim=True),
    "HardSigmoid": lambda x, a: (x[0] * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda x, _: F.hardswish(x[0]),
    "Identity": lambda x, _: x[0],
    "MatMul": lambda x, _: x[0] @ x[1],
    "MaxPool": _max_pool,
    "Mul": lambda x, _: x[0] * x[1],
    "Pow": lambda x, _: x[0].float().pow(x[1]),
    "QuantizeLinear": _quantize,
    "ReduceL2": lambda x, a: x[0].float().norm(dim=_axes(x, a), keepdim=_kept(a)),
    "ReduceMean": lambda x, a: x[0].float().mean(_axes(x, a), keepdim=_kept(a)),
    "ReduceSum": lambda x, a: x[0].float().sum(_axes(x, a), keepdim=_kept(a)),
    "Relu": lambda x, _: x[0].relu(),
    "Reshape": _reshape,
    "Shape": lambda x, a: torch.tensor(x[0].shape[a.get("start", 0) : a.get("end")]),
    "Sigmoid": lambda x, _: x[0].sigmoid(),
    "Softmax": lambda x, a: x[0].softmax(a.get("axis", -1)),
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Squeeze": lambda x, a: x[0].squeeze(_axes(x, a)),
    "Sub": lambda x, _: x[0] - x[1],
    "Tanh": lambda x, _: x[0].tanh(),
    "Transpose": lambda x, a: x[0].permute(a["perm"]),
    "Unsqueeze": _unsqueeze,
}
"""What a teacher may be made of: operator to function of its inputs and attributes."""
