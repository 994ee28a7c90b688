"""Tiny ONNX teachers, made by the tests themselves."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DIM = 8


def write_teacher(
    path: Path, channels_last: bool = False, as_bytes: bool = False,
    sides: tuple[int | str, int | str] = ("height", "width"), batch: int | str = "batch",
    quantised: bool = False, outputs: int = 1, vectors: bool = True,
) -> Path:  # fmt: skip
    """Write a network of one convolution, ReLU, mean over positions, and a projection."""
    rng = np.random.default_rng(0)
    constants: dict[str, Any] = {
        "kernel": rng.normal(0, 0.3, (6, 3, 5, 5)).astype(np.float32),
        "bias": rng.normal(0, 0.1, 6).astype(np.float32),
        "projection": rng.normal(0, 1, (DIM, 6)).astype(np.float32),
    }
    nodes, x = [], "image"

    def add(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    if as_bytes:
        constants["scale"] = np.float32(1 / 255)
        x = add("Mul", [add("Cast", [x], "floats", to=TensorProto.FLOAT), "scale"], "scaled")
    if channels_last:
        x = add("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    if quantised:
        constants["step"], constants["zero"] = np.float32(0.02), np.uint8(128)
        x = add("QuantizeLinear", [x, "step", "zero"], "rounded")
        x = add("DequantizeLinear", [x, "step", "zero"], "floats again")
        kernel_step = np.abs(constants["kernel"]).max() / 127
        constants["rounded kernel"] = np.round(constants["kernel"] / kernel_step).astype(np.int8)
        constants["kernel step"], constants["no shift"] = np.float32(kernel_step), np.int8(0)
        del constants["kernel"]
        add("DequantizeLinear", ["rounded kernel", "kernel step", "no shift"], "kernel")
    x = add("Conv", [x, "kernel", "bias"], "maps", strides=[4, 4], pads=[2, 2, 2, 2])
    x = add("Relu", [x], "positive")
    if vectors:
        x = add("Flatten", [add("GlobalAveragePool", [x], "mean")], "flat")
        x = add("Gemm", [x, "projection"], "vector", transB=1)
    height, width = sides
    shape = [batch, height, width, 3] if channels_last else [batch, 3, height, width]
    kind = TensorProto.UINT8 if as_bytes else TensorProto.FLOAT
    names = [x] if outputs == 1 else [x, "positive"]
    graph = helper.make_graph(
        nodes, "teacher",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path
