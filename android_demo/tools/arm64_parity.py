"""The engine as ARM64 code, under emulation, beside Python with the same artefact."""

import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from arm64 import ONE_RUN, Arm64Tools, descriptor
from debian import ToolchainError
from kotlin import BuildError, run
from numpy.typing import NDArray
from toolchain import ANDROID_DEMO

from mobile_actnet.pictures.preprocessing import Pixels
from mobile_actnet.runtime.generated_pictures import generated_pictures, golden_picture
from mobile_actnet.runtime.manifest import load
from mobile_actnet.runtime.tflite.litert_runtime import TfliteRuntime
from mobile_actnet.runtime.tflite.tflite_flatbuffer import operator_name, pack, unpack
from mobile_actnet.runtime.vocabulary import ImageSize

REPOSITORY = ANDROID_DEMO.parent
GENERATED = 8


def fetch_arm64() -> Arm64Tools:
    """Return what `make arm64` makes.

    Raises:
        ToolchainError: it cannot be made here.
    """
    made = subprocess.run(["make", "--no-print-directory", "arm64"], cwd=REPOSITORY,
                          capture_output=True, text=True)  # fmt: skip
    if made.returncode:
        said = made.stderr.strip().splitlines() or ["no message"]
        raise ToolchainError(f"make arm64: {said[-1]}")
    return Arm64Tools(REPOSITORY / ".arm64")


def compare_arm64(tools: Arm64Tools, artefact: Path, limit: float) -> str:
    """Describe the golden picture and some generated ones on both; say how far they are apart.

    Raises:
        BuildError: a value of a descriptor is further than `limit`, or the program failed.
    """
    worst, _ = _compared(tools, artefact, _pictures(artefact))
    if not worst <= limit:
        raise BuildError(f"ARM64 gives another descriptor: difference {worst:.2e}")
    return f"largest difference from Python: {worst:.1e} in {1 + GENERATED} pictures"


def compare_eight_bits(tools: Arm64Tools, artefact: Path) -> str:
    """Hold all that an int8 artefact computes in 8 bits before its head to Python, to the bit.

    Raises:
        BuildError: a value of the last feature map is another one, or the program failed.
    """
    with tempfile.TemporaryDirectory(prefix="actnet-arm64-") as name:
        backbone = Path(name) / artefact.name
        backbone.write_bytes(ended_at_last_feature_map(artefact.read_bytes()))
        worst, values = _compared(tools, backbone, _pictures(artefact))
    if worst != 0.0:
        raise BuildError(f"ARM64 gives another feature map: difference {worst:.2e}")
    return f"the last feature maps ({values} values of 8 bits each) are equal"


def ended_at_last_feature_map(content: bytes) -> bytes:
    """Cut the head off an int8 artefact: what comes out is its last convolution's map as one row."""
    model = unpack(content)
    graph = model.subgraphs[0]
    names = [operator_name(model, operator) for operator in graph.operators]
    last = len(names) - 1 - names[::-1].index("CONV_2D")
    written = graph.operators[last].outputs[0]
    (dequantise,) = (
        operator
        for operator, name in zip(graph.operators, names, strict=True)
        if name == "DEQUANTIZE" and operator.inputs[0] == written
    )
    feature_map, row = graph.tensors[dequantise.outputs[0]], schema.TensorT()
    row.name, row.type, row.buffer = "feature_map", schema.TensorType.FLOAT32, 0
    row.shape = np.array([1, math.prod(int(side) for side in feature_map.shape)], np.int32)
    code, reshape, options = schema.OperatorCodeT(), schema.OperatorT(), schema.ReshapeOptionsT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    code.version = 1
    options.newShape = row.shape
    reshape.opcodeIndex, reshape.inputs = len(model.operatorCodes), dequantise.outputs
    reshape.outputs = np.array([len(graph.tensors)], np.int32)
    reshape.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    reshape.builtinOptions = options
    model.operatorCodes.append(code)
    graph.tensors.append(row)
    graph.operators = [*graph.operators[: last + 1], dequantise, reshape]
    graph.outputs = reshape.outputs
    model.signatureDefs[0].outputs[0].tensorIndex = int(reshape.outputs[0])
    return pack(model)


def _pictures(artefact: Path) -> Pixels:
    size = load(artefact)["preprocessing"]
    shape = ImageSize(size["height"], size["width"])
    return np.stack([golden_picture(shape), *generated_pictures(GENERATED, shape)])


def _compared(tools: Arm64Tools, artefact: Path, pictures: Pixels) -> tuple[float, int]:
    """Return the largest difference of any value, and how many values a picture has."""
    expected = TfliteRuntime(artefact, 1).describe(pictures)
    found = np.stack([_emulated(tools, artefact, picture) for picture in pictures])
    return float(np.abs(found - expected).max()), expected.shape[1]


def _emulated(tools: Arm64Tools, artefact: Path, picture: Pixels) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory(prefix="actnet-arm64-") as name:
        folder = Path(name)
        (folder / "picture.rgb").write_bytes(picture.tobytes())
        files = (f"--graph={artefact.resolve()}", "--input=picture.rgb", "--output=result.json")
        run(tools.command("actnet_bench", *files, *ONE_RUN), folder)
        return descriptor(folder / "result.json")
